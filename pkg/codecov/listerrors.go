package codecov

import (
	"errors"
	"fmt"
	"strconv"
)

// SkippedRowError is a row that a list skips: Codecov answers 500 to every page that contains it, or the row cannot be
// decoded.
type SkippedRowError struct {
	List     string // "the repositories of acme", "the commits of acme/monolith"
	Position int    // in the list when it was read, from 1; 0 if the row was requested by name
	Name     string // the repository's name or the commit's sha, if known
	Err      error
}

// Error returns the row and the cause.
func (e *SkippedRowError) Error() string {
	if e.Position == 0 {
		return fmt.Sprintf("read %q of %s: %v", e.Name, e.List, e.Err)
	}
	name := ""
	if e.Name != "" {
		name = fmt.Sprintf(" (%q)", e.Name)
	}
	return fmt.Sprintf("read row %d%s of %s: %v", e.Position, name, e.List, e.Err)
}

// Unwrap returns the cause.
func (e *SkippedRowError) Unwrap() error { return e.Err }

// TruncatedListError ends a list whose rows cannot be read from one position on. One kind of malformed repository does
// that to the list of repositories; those behind it can still be read by name.
type TruncatedListError struct {
	List     string
	Position int // of the first row that cannot be read, from 1
	Count    int // rows of the whole list, 0 if unknown
	Err      error
}

// Error returns where the list ends, and the cause.
func (e *TruncatedListError) Error() string {
	of := ""
	if e.Count > 0 {
		of = fmt.Sprintf(" of %d", e.Count)
	}
	return fmt.Sprintf("read %s from row %d%s: %v", e.List, e.Position, of, e.Err)
}

// Unwrap returns the cause.
func (e *TruncatedListError) Unwrap() error { return e.Err }

// IncompleteError ends a list of which fewer rows were found than Codecov counts.
type IncompleteError struct {
	List    string
	Missing int  // 0 if unknown
	Count   int  // rows of the whole list
	Moved   bool // the list changed while it was read; reading it later may find all rows
}

// Error returns how many rows are missing.
func (e *IncompleteError) Error() string {
	missing := "some"
	if e.Missing > 0 {
		missing = strconv.Itoa(e.Missing)
	}
	text := fmt.Sprintf("read %s: %s of %d missing", e.List, missing, e.Count)
	if e.Moved {
		text += ", because the list changed while it was read"
	}
	return text
}

// IsPartial reports whether err ended a list early although the rows before it can be used: it is a *TruncatedListError
// or an *IncompleteError.
func IsPartial(err error) bool {
	truncated, incomplete := (*TruncatedListError)(nil), (*IncompleteError)(nil)
	return errors.As(err, &truncated) || errors.As(err, &incomplete)
}
