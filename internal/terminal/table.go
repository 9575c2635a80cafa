package terminal

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Column is the title and alignment of a column.
type Column struct {
	Title string
	Right bool // right-aligned
}

// Table writes rows below the titles of their columns. Cells are made safe to print and shortened to 60 characters.
func Table(w io.Writer, columns []Column, rows [][]string) error {
	cells := make([][]cell, len(rows)+1)
	for j, column := range columns {
		cells[0] = append(cells[0], cell{text: column.Title, right: column.Right})
		for i, row := range rows {
			cells[i+1] = append(cells[i+1], cell{text: Short(Safe(row[j])), right: column.Right})
		}
	}
	_, err := fmt.Fprintln(w, strings.Join(alignCells(cells, false), "\n"))
	return err
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
