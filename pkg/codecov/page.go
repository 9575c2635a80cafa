package codecov

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/codecov-port/codecov-port/internal/httpclient"
)

// page is the shape of every list. Its "next" is left unread on purpose: the cloud gives an http:// address
// there, and following it would send the token in clear text.
type page[T any] struct {
	Count   int `json:"count"` // rows in the whole list
	Results []T `json:"results"`

	unreadable map[int]error // by the row's place in Results, which holds a zero value there
	names      map[int]string
}

// errNoList is given for an answer without rows: an empty list holds an empty array.
var errNoList = errors.New("it holds no list")

// decode reads the page. A row of another shape, a number beyond 64 bits for instance, does not spoil the others.
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
	p.unreadable, p.names = make(map[int]error), make(map[int]string)
	for i, row := range raw.Results {
		if err := json.Unmarshal(row, &p.Results[i]); err != nil {
			p.Results[i] = *new(T)
			// The error may quote the answer, so it is made printable.
			p.unreadable[i] = fmt.Errorf("cannot read the answer: %s", httpclient.Message(err.Error()))
			p.names[i] = nameOf(row)
		}
	}
	return nil
}

// nameOf gives a repository's name or a commit's id, where the row has one.
func nameOf(row []byte) string {
	var fields struct {
		Name     any `json:"name"`
		CommitID any `json:"commitid"`
	}
	_ = json.Unmarshal(row, &fields) // what cannot be read has no name
	if id, ok := fields.CommitID.(string); ok {
		return id
	}
	name, _ := fields.Name.(string)
	return name
}

// from gives the page's rows from a row of the list on, those that cannot be read by themselves.
func (p *page[T]) from(first int, at place, title string) (rows []T, bad []*SkippedRowError) {
	skip := max(0, min(first-at.offset, len(p.Results)))
	if len(p.unreadable) == 0 {
		return p.Results[skip:], nil
	}
	for i := skip; i < len(p.Results); i++ {
		if err := p.unreadable[i]; err != nil {
			bad = append(bad, &SkippedRowError{List: title, Position: at.offset + i + 1, Name: p.names[i], Err: err})
			continue
		}
		rows = append(rows, p.Results[i])
	}
	return rows, bad
}
