package summary

import (
	"strings"
	"unicode/utf8"
)

// cell is safe text in a column. Its color, where it has one, takes no room.
type cell struct {
	text  string
	right bool
	color func(string) string
}

func (c cell) width() int { return utf8.RuneCountInString(c.text) }

// columns lays rows of equally many cells out, two blanks between columns. The lines are equally wide.
func columns(rows [][]cell) []string {
	var widths []int
	for _, row := range rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], c.width())
		}
	}
	lines := make([]string, len(rows))
	for i, row := range rows {
		cells := make([]string, len(row))
		for j, c := range row {
			cells[j] = c.padded(widths[j])
		}
		lines[i] = strings.Join(cells, "  ")
	}
	return lines
}

// wide is how wide the lines are that columns makes of the rows.
func wide(rows [][]cell) int {
	plain := make([][]cell, len(rows))
	for i, row := range rows {
		for _, c := range row {
			plain[i] = append(plain[i], cell{text: c.text})
		}
	}
	widest := 0
	for _, line := range columns(plain) {
		widest = max(widest, utf8.RuneCountInString(line))
	}
	return widest
}

func (c cell) padded(width int) string {
	text, blanks := c.text, strings.Repeat(" ", max(0, width-c.width()))
	if c.color != nil {
		text = c.color(text)
	}
	if c.right {
		return blanks + text
	}
	return text + blanks
}
