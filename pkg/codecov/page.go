package codecov

import (
	"encoding/json"
	"errors"
)

// page is the body of a page of any list. It has no "next", because that is an http:// address in the cloud: following
// it would send the token in clear text.
type page[T any] struct {
	Count   int `json:"count"` // rows of the whole list
	Results []T `json:"results"`

	bad map[int]*SkippedRowError // rows that cannot be decoded, by their index in Results
}

// errNoList: an empty list is an empty array, so an answer without an array is none.
var errNoList = errors.New("answer has no list")

// decode reads the page. A row that cannot be decoded, a number beyond 64 bits for example, does not affect the others.
func (p *page[T]) decode(body []byte) error {
	err := json.Unmarshal(body, p)
	if err == nil && p.Results == nil {
		return errNoList
	}
	if syntax := (*json.SyntaxError)(nil); err == nil || errors.As(err, &syntax) {
		return err
	}
	var raw struct {
		Count   int               `json:"count"`
		Results []json.RawMessage `json:"results"`
	}
	if json.Unmarshal(body, &raw) != nil || raw.Results == nil {
		return err
	}
	p.Count, p.Results = raw.Count, make([]T, len(raw.Results))
	p.bad = make(map[int]*SkippedRowError)
	for i, row := range raw.Results {
		if err := json.Unmarshal(row, &p.Results[i]); err != nil {
			p.bad[i] = &SkippedRowError{Name: nameOf(row), Err: decodeError(err)}
		}
	}
	return nil
}

// nameOf returns the name of a repository or the id of a commit, or "".
func nameOf(row []byte) string {
	var fields struct {
		Name     any `json:"name"`
		CommitID any `json:"commitid"`
	}
	_ = json.Unmarshal(row, &fields)
	if id, ok := fields.CommitID.(string); ok {
		return id
	}
	name, _ := fields.Name.(string)
	return name
}

// split returns the page's rows from position first of the list on, and apart from them those that cannot be read.
func (p *page[T]) split(first int, at place, title string) (rows []T, bad []*SkippedRowError) {
	start := max(0, min(first-at.offset, len(p.Results)))
	if len(p.bad) == 0 {
		return p.Results[start:], nil
	}
	for i := start; i < len(p.Results); i++ {
		if row := p.bad[i]; row != nil {
			row.List, row.Position = title, at.offset+i+1
			bad = append(bad, row)
			continue
		}
		rows = append(rows, p.Results[i])
	}
	return rows, bad
}
