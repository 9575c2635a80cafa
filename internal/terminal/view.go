package terminal

import (
	"bytes"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/schollz/progressbar/v3"
)

// LiveView is a view of a few lines that change in place, below the messages that are written through it. Without a
// terminal, messages are passed on unchanged. It is safe for concurrent use.
//
// The cursor stays at the beginning of the view: erasing from there works however a resized terminal wraps the lines after it.
type LiveView struct {
	mu      sync.Mutex
	out     io.Writer
	lines   []string // of the view; none: no view
	shown   bool
	midline bool // the last message did not end with a line break
	hidden  int  // callers of Hide that have not resumed yet
}

// Possible reports whether out is a terminal that can show a view.
func (v *LiveView) Possible() bool { return takesEscapes(v.out) && os.Getenv("TERM") != "dumb" }

// Width returns the number of columns of the terminal, and 80 without one.
func (v *LiveView) Width() int { return widthOf(v.out) }

// Draw replaces the lines of the view; without lines, it erases the view. Lines must be safe to print and shorter than
// Width: the terminal would wrap a longer line.
func (v *LiveView) Draw(lines ...string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.lines = slices.Clone(lines)
	_ = v.write(nil)
}

// Hide hides the view until resume is called, so that a question can be asked.
func (v *LiveView) Hide() (resume func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.hidden++
	_ = v.write(nil)
	return sync.OnceFunc(func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.hidden--
		v.midline = false // the answer ended the line
		_ = v.write(nil)
	})
}

// Hidden reports whether the view is hidden.
func (v *LiveView) Hidden() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.hidden > 0
}

// Write writes a message above the view.
func (v *LiveView) Write(message []byte) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.hidden > 0 {
		v.endLine() // a question waits for its answer on this line
	}
	if len(message) > 0 {
		v.midline = !bytes.HasSuffix(message, []byte("\n"))
	}
	if err := v.write(message); err != nil {
		return 0, err
	}
	return len(message), nil
}

// EndLine ends the line of a question that is not answered.
func (v *LiveView) EndLine() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.endLine()
}

func (v *LiveView) endLine() {
	if v.midline {
		v.midline = false
		_ = v.write([]byte("\n"))
	}
}

const eraseToEnd = "\r\x1b[J"

// write erases the view, writes the message and draws the view again, in one write: the terminal would flicker otherwise.
func (v *LiveView) write(message []byte) error {
	var text bytes.Buffer
	if v.shown {
		text.WriteString(eraseToEnd)
	}
	text.Write(message)
	if v.shown = len(v.lines) > 0 && v.hidden == 0 && !v.midline; v.shown {
		text.WriteString(strings.Join(v.lines, "\r\n") + "\r" + strings.Repeat("\x1b[A", len(v.lines)-1))
	}
	if text.Len() == 0 {
		return nil
	}
	_, err := v.out.Write(text.Bytes())
	return err
}

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
