// Package terminal is what a command shows: streams, colors, a live view of a run, tables, and the summary of a result.
package terminal

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/codecov-port/codecov-port/internal/backfill"
)

// Printable reports whether a character may be printed to a terminal: control characters, line breaks, bidirectional marks
// and zero-width characters may not.
func Printable(r rune) bool {
	return unicode.IsPrint(r) && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

// Safe returns text from outside with every character that is not Printable replaced by �.
func Safe(text string) string { return strings.ReplaceAll(SafeLines(text), "\n", "�") }

// SafeLines is Safe for several lines.
func SafeLines(text string) string {
	return strings.Map(func(r rune) rune {
		if Printable(r) || r == '\n' {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

// Count formats a number with a comma between thousands: 1,505.
func Count[T int | int64](n T) string {
	digits := strconv.FormatInt(int64(n), 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Plural formats a number of things: 1 entity, 1,200 entities.
func Plural(count int, thing string) string {
	if count == 1 {
		return "1 " + thing
	}
	if stem, ok := strings.CutSuffix(thing, "y"); ok {
		thing = stem + "ie"
	}
	return Count(count) + " " + thing + "s"
}

// counted formats a number and what it counts. It returns "" for 0.
func counted(count int, what string) string { return ifAny(count, Count(count)+" "+what) }

// ifAny returns text, or "" for 0.
func ifAny(count int, text string) string {
	if count == 0 {
		return ""
	}
	return text
}

func list(texts ...string) string { return strings.Join(nonempty(texts...), ", ") }

func nonempty(texts ...string) []string {
	return slices.DeleteFunc(texts, func(text string) bool { return text == "" })
}

// Percent formats a percentage as Codecov shows it: 97.22%. It returns "–" for NaN.
func Percent(percent float64) string {
	if math.IsNaN(percent) || math.Abs(percent) > 1e6 {
		return "–"
	}
	return fmt.Sprintf("%.2f%%", float64(backfill.Hundredths(percent))/100)
}

// Points formats the change between two percentages as they are shown: +1.25, -0.50 or 0.00.
func Points(from, to float64) string {
	change := backfill.Hundredths(to) - backfill.Hundredths(from)
	if change == 0 {
		return "0.00"
	}
	return fmt.Sprintf("%+.2f", float64(change)/100)
}

var units = strings.NewReplacer("h0m0s", " h", "m0s", " min", "h", " h ", "m", " min ", "s", " s")

// Duration formats a duration with about two units: 143 ms, 1.8 s, 59 s, 3 min 7 s, 2 h 5 min.
func Duration(d time.Duration) string {
	switch {
	case d < 950*time.Millisecond:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 9950*time.Millisecond:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Hour:
		return units.Replace(d.Round(time.Second).String())
	}
	return units.Replace(d.Round(time.Minute).String())
}

// Rate formats a number per second: 1.5, 960.
func Rate(perSecond float64) string {
	if perSecond < 10 {
		return fmt.Sprintf("%.1f", perSecond)
	}
	return Count(int(math.Round(perSecond)))
}

// Short shortens text to 60 characters.
func Short(text string) string { return Shorten(text, 60) }

// Shorten shortens text to a number of characters, the last of which is then "…".
func Shorten(text string, length int) string {
	if utf8.RuneCountInString(text) <= length {
		return text
	}
	if length < 1 {
		return ""
	}
	return string([]rune(text)[:length-1]) + "…"
}

// ShortJSON formats a value as JSON on one line of at most 60 characters.
func ShortJSON(value any) string {
	if value == nil {
		return "nothing"
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return "?"
	}
	return Short(Safe(string(encoded)))
}

// Fit wraps lines that are longer than width characters between words, keeping their indentation. Longer words stay whole:
// an address can still be copied. No line is made shorter than 20 characters.
func Fit(text string, width int) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if utf8.RuneCountInString(line) > width {
			lines[i] = wrapLine(line, max(width, 20))
		}
	}
	return strings.Join(lines, "\n")
}

func wrapLine(text string, width int) string {
	indent := text[:len(text)-len(strings.TrimLeft(text, " "))]
	var lines []string
	line, blank := indent, ""
	for _, word := range strings.Fields(text) {
		if blank != "" && utf8.RuneCountInString(line+blank+word) > width {
			lines = append(lines, line)
			line, blank = indent, ""
		}
		line, blank = line+blank+word, " "
	}
	return strings.Join(append(lines, line), "\n")
}

var bars = []rune("▁▂▃▄▅▆▇█")

// Trend draws the coverage of points, oldest first, as at most width bars between the lowest and the highest value. If there are
// more points than bars, each bar is the mean of its share. It returns "" for fewer than two points.
func Trend(points []backfill.Point, width int) string {
	if len(points) < 2 || width < 1 {
		return ""
	}
	means := make([]float64, min(width, len(points)))
	for i := range means {
		share := points[i*len(points)/len(means) : (i+1)*len(points)/len(means)]
		for _, point := range share {
			means[i] += point.Coverage
		}
		means[i] /= float64(len(share))
	}
	lowest, highest := slices.Min(means), slices.Max(means)
	line := make([]rune, len(means))
	for i, mean := range means {
		line[i] = bars[(len(bars)-1)/2]
		if highest > lowest {
			line[i] = bars[int((mean-lowest)/(highest-lowest)*float64(len(bars)-1))]
		}
	}
	return string(line)
}

// cell is text in a table. It must be safe to print.
type cell struct {
	text  string
	right bool // right-aligned
	ink   Ink  // optional
}

// alignCells returns a line for each row, with two blanks between columns.
func alignCells(rows [][]cell, style Style) []string {
	var widths []int
	for _, row := range rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c.text))
		}
	}
	lines := make([]string, len(rows))
	for i, row := range rows {
		for j, c := range row {
			lines[i] += c.padded(widths[j], style) + "  "
		}
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}

func (c cell) padded(width int, style Style) string {
	blanks := strings.Repeat(" ", width-utf8.RuneCountInString(c.text))
	if c.right {
		return blanks + style.Paint(c.ink, c.text)
	}
	return style.Paint(c.ink, c.text) + blanks
}
