package terminal

import (
	"strings"
	"unicode/utf8"
)

// Cell is text in a column. It must be safe to print. Color is optional.
type Cell struct {
	Text  string
	Right bool // right-aligned
	Color func(string) string
}

func (c Cell) width() int { return utf8.RuneCountInString(c.Text) }

// Columns returns a line for each row, with two blanks between columns. The lines are equally long.
func Columns(rows [][]Cell) []string {
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
			cells[j] = c.Padded(widths[j])
		}
		lines[i] = strings.Join(cells, "  ")
	}
	return lines
}

// Wide returns the length of the lines that Columns returns, without colors.
func Wide(rows [][]Cell) int {
	plain := make([][]Cell, len(rows))
	for i, row := range rows {
		for _, c := range row {
			plain[i] = append(plain[i], Cell{Text: c.Text})
		}
	}
	widest := 0
	for _, line := range Columns(plain) {
		widest = max(widest, utf8.RuneCountInString(line))
	}
	return widest
}

// Padded returns the text of the cell, padded to a width.
func (c Cell) Padded(width int) string {
	text, blanks := c.Text, strings.Repeat(" ", max(0, width-c.width()))
	if c.Color != nil {
		text = c.Color(text)
	}
	if c.Right {
		return blanks + text
	}
	return text + blanks
}
