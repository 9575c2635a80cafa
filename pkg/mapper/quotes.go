package mapper

import "errors"

// rewritten is an expression in JQ's own syntax, with the way back to what was written.
type rewritten struct {
	text   string
	origin []int // for each byte of text, the offset of the byte that it came from; nil where nothing was changed
}

// offset gives where in the expression as written the byte at an offset of text came from.
func (r rewritten) offset(at int) int {
	switch {
	case r.origin == nil:
		return at
	case at < len(r.origin):
		return r.origin[at]
	default:
		return r.origin[len(r.origin)-1] + 1
	}
}

var errUnterminated = errors.New("a single-quoted string has no end")

// doubleQuoted rewrites single-quoted strings to double-quoted ones, as Port does before it hands an expression to
// JQ: 'abc' becomes "abc". Quotes within double-quoted strings and comments stay what they are; within a single-quoted
// string \' is a quote, and interpolation works as in any string. On an error, offset says where the string begins.
func doubleQuoted(expression string) (r rewritten, offset int, err error) {
	q := quoter{in: expression}
	if offset, err := q.code(false); err != nil {
		return rewritten{}, offset, err
	}
	if !q.changed {
		return rewritten{text: expression}, 0, nil
	}
	return rewritten{text: string(q.out), origin: q.origin}, 0, nil
}

// quoter copies an expression from in to out and rewrites on the way.
type quoter struct {
	in      string
	at      int // the next byte of in
	out     []byte
	origin  []int
	changed bool
}

// put writes text in place of the next n bytes of the input.
func (q *quoter) put(text string, n int) {
	for i := range len(text) {
		q.out = append(q.out, text[i])
		q.origin = append(q.origin, q.at)
	}
	q.at += n
	q.changed = true
}

// keep takes the next n bytes over as they are, or as many as there are.
func (q *quoter) keep(n int) {
	for range min(n, len(q.in)-q.at) {
		q.out = append(q.out, q.in[q.at])
		q.origin = append(q.origin, q.at)
		q.at++
	}
}

// code takes over code up to the end, or, within an interpolation, up to the parenthesis that closes it.
func (q *quoter) code(interpolated bool) (offset int, err error) {
	for depth := 0; q.at < len(q.in); {
		switch c := q.in[q.at]; {
		case c == '"' || c == '\'':
			if offset, err := q.text(c); err != nil {
				return offset, err
			}
			continue
		case c == '#':
			q.comment()
			continue
		case c == '(':
			depth++
		case c == ')' && depth == 0 && interpolated:
			return 0, nil
		case c == ')':
			depth--
		}
		q.keep(1)
	}
	return 0, nil
}

// comment takes over a comment: up to the end of the line, unless a backslash continues it.
func (q *quoter) comment() {
	for q.at < len(q.in) && q.in[q.at] != '\n' {
		if q.in[q.at] == '\\' {
			q.keep(1)
		}
		q.keep(1)
	}
}

// text rewrites a string that the given quote opens. That a double-quoted one has no end is left for JQ to say.
func (q *quoter) text(quote byte) (offset int, err error) {
	opened, single := q.at, quote == '\''
	q.delimiter(single)
	for q.at < len(q.in) {
		switch c := q.in[q.at]; {
		case c == quote:
			q.delimiter(single)
			return 0, nil
		case c == '"':
			q.put(`\"`, 1)
		case c == '\\' && single && q.follows('\''):
			q.put(`'`, 2)
		case c == '\\' && q.follows('('):
			q.keep(2)
			if offset, err := q.code(true); err != nil {
				return offset, err
			}
		case c == '\\':
			q.keep(2)
		default:
			q.keep(1)
		}
	}
	if single {
		return opened, errUnterminated
	}
	return 0, nil
}

// delimiter writes the double quote for the quote that opens or closes a string.
func (q *quoter) delimiter(single bool) {
	if single {
		q.put(`"`, 1)
		return
	}
	q.keep(1)
}

// follows tells whether the byte after the next one is c.
func (q *quoter) follows(c byte) bool { return q.at+1 < len(q.in) && q.in[q.at+1] == c }
