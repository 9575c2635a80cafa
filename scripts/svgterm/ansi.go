package main

import (
	"regexp"
	"strconv"
	"strings"
)

// style is how characters look.
type style struct {
	bold, dim, italic bool
	color             string // of the palette; "" is the terminal's own
}

// span is a piece of a line in one style.
type span struct {
	style
	column int // where it begins
	text   string
}

// frame is what the terminal shows at a time, line by line.
type frame [][]span

// parse reads a frame. Blank lines at its end are none.
func parse(screen string) frame {
	var f frame
	var s style
	for line := range strings.SplitSeq(strings.TrimRight(screen, "\n"), "\n") {
		var spans []span
		spans, s = parseLine(line, s)
		f = append(f, spans)
	}
	return f
}

// palette holds the colours 30–37, each readable on the window's background; 90–97 are drawn alike.
var palette = [...]string{"#8b949e", "#ff7b72", "#7ee787", "#e3b341", "#79c0ff", "#d2a8ff", "#76e3ea", "#f0f6fc"}

// escape matches what a terminal obeys; the first group is what stands in one that sets a style.
var escape = regexp.MustCompile(`\x1b\[(?:([0-9;]*)m|[0-9;?]*[A-Za-ln-z])|\r`)

// parseLine cuts a line into spans, beginning in a style, and gives the style that the next line begins in.
func parseLine(line string, s style) ([]span, style) {
	var spans []span
	column := 0
	add := func(text string) {
		if text != "" {
			spans = append(spans, span{s, column, text})
			column += len([]rune(text))
		}
	}
	for {
		at := escape.FindStringSubmatchIndex(line)
		if at == nil {
			add(line)
			return spans, s
		}
		add(line[:at[0]])
		if at[2] >= 0 {
			s = s.set(line[at[2]:at[3]])
		}
		line = line[at[1]:]
	}
}

// set gives the style after the numbers of an escape sequence. Those it does not know change nothing.
func (s style) set(codes string) style {
	for code := range strings.SplitSeq(codes, ";") {
		n, _ := strconv.Atoi(code) // none is 0
		switch {
		case n == 0:
			s = style{}
		case n == 1:
			s.bold = true
		case n == 2:
			s.dim = true
		case n == 3:
			s.italic = true
		case n == 22:
			s.bold, s.dim = false, false
		case n == 23:
			s.italic = false
		case n >= 30 && n <= 37:
			s.color = palette[n-30]
		case n >= 90 && n <= 97:
			s.color = palette[n-90]
		case n == 39:
			s.color = ""
		}
	}
	return s
}
