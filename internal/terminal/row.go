package terminal

import (
	"strings"
	"unicode/utf8"
)

// Row is a line of a live view: the progress of something.
type Row struct {
	Label       string
	Done, Total int      // Total 0: unknown, without a bar
	Texts       []string // the longest first; the first that fits is shown
}

// margin is left free on both sides: the cursor is on the left, and a full line would wrap.
const margin = 1

// Rows returns lines shorter than width, with labels and bars aligned.
func Rows(rows []Row, width int, style Style) []string {
	labels := 0
	for _, row := range rows {
		labels = max(labels, utf8.RuneCountInString(row.Label))
	}
	lines := make([]string, len(rows))
	for i, row := range rows {
		label := row.Label + strings.Repeat(" ", labels-utf8.RuneCountInString(row.Label)) + " "
		lines[i] = strings.Repeat(" ", margin) + row.line(label, width-2*margin, barColumns(width), style)
	}
	return lines
}

// barColumns returns the length of bars. It does not depend on the text, which changes all the time.
func barColumns(width int) int { return min(max(width/6, 6), 30) }

// line returns the row as a line. Colors come last: they have no width.
func (r Row) line(label string, room, columns int, style Style) string {
	bar := Bar(r.Done, r.Total, columns)
	head := label + bar
	if bar != "" {
		head += "  "
	}
	line := Shorten(head+r.text(room-utf8.RuneCountInString(head)), room)
	if rest, whole := strings.CutPrefix(line, label+bar); whole {
		return label + style.Green(bar) + rest
	}
	return line
}

// text returns the longest text that fits, or the last one.
func (r Row) text(room int) string {
	for _, text := range r.Texts {
		if utf8.RuneCountInString(text) <= room {
			return text
		}
	}
	if len(r.Texts) == 0 {
		return ""
	}
	return r.Texts[len(r.Texts)-1]
}
