package terminal

import (
	"fmt"
	"io"
	"strings"
)

// Align is the alignment of a column.
type Align int

// The alignments.
const (
	Left Align = iota
	Right
)

// Column is the title and alignment of a column.
type Column struct {
	Title string
	Align Align
}

// Table writes rows below the titles of their columns. Cells are made safe to print and shortened to 60 characters.
func Table(w io.Writer, columns []Column, rows [][]string) error {
	cells := make([][]Cell, 1, len(rows)+1)
	for _, column := range columns {
		cells[0] = append(cells[0], Cell{Text: column.Title, Right: column.Align == Right})
	}
	for _, row := range rows {
		line := make([]Cell, len(columns))
		for i, column := range columns {
			line[i] = Cell{Text: Short(Safe(row[i])), Right: column.Align == Right}
		}
		cells = append(cells, line)
	}
	for _, line := range Columns(cells) {
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " ")); err != nil {
			return err
		}
	}
	return nil
}
