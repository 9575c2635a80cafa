package terminal

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

const longestCell = 60

// Short cuts text to 60 characters.
func Short(text string) string { return Shorten(text, longestCell) }

// Shorten cuts text to so many characters, the last of which then is "…".
func Shorten(text string, length int) string {
	if utf8.RuneCountInString(text) <= length {
		return text
	}
	return string([]rune(text)[:max(length-1, 0)]) + strings.Repeat("…", min(max(length, 0), 1))
}
