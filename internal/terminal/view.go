package terminal

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"
)

// LiveView is a view of a few lines that change in place, below the messages that are written through it. Messages end
// with a line break. Without a terminal, they are passed on unchanged. It is safe for concurrent use.
//
// The cursor stays at the beginning of the view: erasing from there works however a resized terminal wraps the lines after it.
type LiveView struct {
	mu      sync.Mutex
	out     io.Writer
	lines   []string // of the view; none: no view
	shown   bool
	asking  bool // a question is in place of the view
	midline bool // the cursor is at the end of the question
}

// Possible reports whether out is a terminal that can show a view.
func (v *LiveView) Possible() bool { return takesEscapes(v.out) }

// Draw replaces the lines of the view; without lines, it erases the view. Lines must be safe to print and shorter than
// Width: the terminal would wrap a longer line.
func (v *LiveView) Draw(lines ...string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.lines = lines
	_ = v.write(nil)
}

// Ask writes a question in place of the view, until resume is called. An answer ends the line of the question.
func (v *LiveView) Ask(question string) (resume func(answered bool)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.asking, v.midline = true, true
	_ = v.write([]byte(question))
	return func(answered bool) {
		v.mu.Lock()
		defer v.mu.Unlock()
		end := ""
		if v.midline && !answered {
			end = "\n"
		}
		v.asking, v.midline = false, false
		_ = v.write([]byte(end))
	}
}

// Asking reports whether a question is in place of the view.
func (v *LiveView) Asking() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.asking
}

// Write writes a message above the view, or below a question.
func (v *LiveView) Write(message []byte) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.midline {
		v.midline = false
		_ = v.write([]byte("\n"))
	}
	if err := v.write(message); err != nil {
		return 0, err
	}
	return len(message), nil
}

const eraseToEnd = "\r\x1b[J"

// write erases the view, writes the message and draws the view again, in one write: the terminal would flicker otherwise.
func (v *LiveView) write(message []byte) error {
	var text bytes.Buffer
	if v.shown {
		text.WriteString(eraseToEnd)
	}
	text.Write(message)
	if v.shown = len(v.lines) > 0 && !v.asking; v.shown {
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

// alignRows returns lines with labels and bars aligned, which do not depend on the text: it changes all the time. One
// column is left free on both sides: the cursor is on the left, and a full line would wrap.
func alignRows(rows []row, width int, style Style) []string {
	labels, room := 0, width-2
	for _, r := range rows {
		labels = max(labels, utf8.RuneCountInString(r.label))
	}
	lines := make([]string, len(rows))
	for i, r := range rows {
		bar := bar(r.share, min(max(width/6, 6), 30))
		head := fmt.Sprintf("%-*s ", labels, r.label) + bar
		if bar != "" {
			head += "  "
		}
		line := head + strings.Join(r.parts, ", ")
		for j := 1; j < len(r.parts) && utf8.RuneCountInString(line) > room; j++ {
			line = head + strings.Join(r.parts[j:], ", ")
		}
		lines[i] = " " + strings.Replace(Shorten(line, room), bar, style.Paint(Green, bar), 1)
	}
	return lines
}

// bar draws a progress bar of so many columns, with the percentage. It returns "" for a share below 0.
func bar(share float64, columns int) string {
	if share < 0 {
		return ""
	}
	const steps = 1000
	done := min(int(share*steps), steps)
	full := done * columns / steps
	return fmt.Sprintf("%4d%% %s%s", done*100/steps, strings.Repeat("█", full), strings.Repeat("░", columns-full))
}
