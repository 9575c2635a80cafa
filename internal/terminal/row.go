package terminal

import (
	"io"
	"strings"
	"unicode/utf8"

	"github.com/schollz/progressbar/v3"
)

// row is a line of a live view: the progress of one activity.
type row struct {
	label string
	share float64  // done, from 0 to 1; below 0: unknown, without a bar
	parts []string // of the text, the most important last: those that do not fit are left out from the left
}

// margin is left free on both sides: the cursor is on the left, and a full line would wrap.
const margin = 1

// alignRows returns lines shorter than width, with labels and bars aligned.
func alignRows(rows []row, width int, style Style) []string {
	labels := 0
	for _, r := range rows {
		labels = max(labels, utf8.RuneCountInString(r.label))
	}
	lines := make([]string, len(rows))
	for i, r := range rows {
		label := r.label + strings.Repeat(" ", labels-utf8.RuneCountInString(r.label)) + " "
		lines[i] = strings.Repeat(" ", margin) + r.line(label, width-2*margin, bar(r.share, barWidth(width)), style)
	}
	return lines
}

// barWidth returns the length of bars. It does not depend on the text, which changes all the time.
func barWidth(width int) int { return min(max(width/6, 6), 30) }

// line returns the row as a line. The color comes last: it has no width.
func (r row) line(label string, room int, bar string, style Style) string {
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

// text returns as many of the last parts as fit, but at least the last one.
func (r row) text(room int) string {
	for i := range r.parts {
		text := strings.Join(r.parts[i:], ", ")
		if i == len(r.parts)-1 || utf8.RuneCountInString(text) <= room {
			return text
		}
	}
	return ""
}

var barTheme = progressbar.Theme{Saucer: "█", SaucerPadding: "░"}

// bar draws a progress bar of so many columns, with the percentage. It returns "" for a share below 0.
func bar(share float64, columns int) string {
	const steps = 1000
	done := min(int(share*steps), steps)
	if share < 0 {
		return ""
	}
	bar := progressbar.NewOptions(steps, progressbar.OptionSetWriter(io.Discard), progressbar.OptionSetWidth(columns),
		progressbar.OptionSetTheme(barTheme), progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false))
	if done > 0 {
		_ = bar.Set(done) // fails only beyond the last step
	}
	if bar.String() == "" { // below one percent
		_ = bar.RenderBlank() // the writer never fails
	}
	return strings.TrimPrefix(strings.TrimRight(bar.String(), " "), "\r")
}
