package codecov

import (
	"fmt"
	"strconv"
)

// mostLeftOut is how many rows of a list are left out at the most, so that a list of nothing but bad rows costs a bounded
// number of requests.
const mostLeftOut = 100

// SkippedRowError is a row that a list leaves out: Codecov answers 500 to every page that holds it, or what it answers cannot
// be read. Rows move, so its position tells where it was found.
type SkippedRowError struct {
	List     string // "the repositories of acme", "the commits of acme/monolith"
	Position int    // in the list, from 1; 0: the row was asked for by its name
	Name     string // the repository's name or the commit's id, where it is known
	Err      error
}

// Error names the row and the cause.
func (e *SkippedRowError) Error() string {
	if e.Position == 0 {
		return fmt.Sprintf("%q among %s cannot be read: %v", e.Name, e.List, e.Err)
	}
	name := ""
	if e.Name != "" {
		name = fmt.Sprintf(" (%q)", e.Name)
	}
	return fmt.Sprintf("row %d%s of %s cannot be read: %v", e.Position, name, e.List, e.Err)
}

// Unwrap gives the cause.
func (e *SkippedRowError) Unwrap() error { return e.Err }

// TruncatedListError ends a list whose rows cannot be read from one position on. In the list of repositories that is how
// Codecov answers to one kind of bad row; those behind it are then reached by name alone.
type TruncatedListError struct {
	List     string
	Position int // of the first row that cannot be read, from 1
	Count    int // rows in the whole list, 0 where Codecov never told
	Err      error
}

// Error tells where the list stops, and why.
func (e *TruncatedListError) Error() string {
	of := ""
	if e.Count > 0 {
		of = fmt.Sprintf(" of %d", e.Count)
	}
	return fmt.Sprintf("%s cannot be read from row %d%s on: %v", e.List, e.Position, of, e.Err)
}

// Unwrap gives the cause.
func (e *TruncatedListError) Unwrap() error { return e.Err }

// IncompleteError ends a list that has given fewer rows than Codecov counts, however often it was read: rows move
// between pages while they are read.
type IncompleteError struct {
	List    string
	Missing int // 0: unknown, since rows have gone while the list was read
	Count   int // rows in the whole list
}

// Error tells how many rows are missing.
func (e *IncompleteError) Error() string {
	missing := "some"
	if e.Missing > 0 {
		missing = strconv.Itoa(e.Missing)
	}
	return fmt.Sprintf("%s have moved while they were read: %s of %d may be missing", e.List, missing, e.Count)
}
