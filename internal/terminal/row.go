package terminal

import (
	"strings"
	"unicode/utf8"
)

// Row is a line of a live view: how much is done of something.
type Row struct {
	Label       string
	Done, Total int      // Total 0: not known, there is no bar
	Texts       []string // the longest first; the first that fits is shown
}

// margin is kept free on either side: the cursor rests on the left, and a full line would wrap.
const margin = 1

// Rows lays rows out on lines that are shorter than width, labels and bars below each other. What does not fit is cut.
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

// barColumns is how long bars are: the same for any text, as they would tremble with its length otherwise.
func barColumns(width int) int { return min(max(width/6, 6), 30) }

// line puts a row together. Marks come last, as they take no room.
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

// text gives the longest text that fits into the room, the last where none does.
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
