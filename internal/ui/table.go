package ui

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Align says on which side of its column a cell stands.
type Align int

// The sides.
const (
	Left Align = iota
	Right
)

// Column is a column's head and side.
type Column struct {
	Title string
	Align Align
}

// Table writes rows below their columns' heads, two blanks between columns. Cells are made safe to print, and
// one that is longer than 60 characters is cut.
func Table(w io.Writer, columns []Column, rows [][]string) error {
	lines := make([][]string, 0, len(rows)+1)
	lines = append(lines, make([]string, len(columns)))
	for i, column := range columns {
		lines[0][i] = column.Title
	}
	for _, row := range rows {
		line := make([]string, len(columns))
		for i := range columns {
			line[i] = Short(Safe(row[i]))
		}
		lines = append(lines, line)
	}
	widths := make([]int, len(columns))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, line := range lines {
		if _, err := fmt.Fprintln(w, layOut(line, columns, widths)); err != nil {
			return err
		}
	}
	return nil
}

func layOut(line []string, columns []Column, widths []int) string {
	cells := make([]string, len(line))
	for i, cell := range line {
		blanks := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
		if columns[i].Align == Right {
			cells[i] = blanks + cell
		} else {
			cells[i] = cell + blanks
		}
	}
	return strings.TrimRight(strings.Join(cells, "  "), " ")
}

const longestCell = 60

// Short cuts text to 60 characters.
func Short(text string) string {
	if utf8.RuneCountInString(text) <= longestCell {
		return text
	}
	return string([]rune(text)[:longestCell-1]) + "…"
}
