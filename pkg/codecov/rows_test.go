package codecov_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// row is one row of a list, decoded without the client's types. Fields are removed as they are read, so that unknown
// ones remain.
type row struct {
	t      testing.TB
	fields map[string]any
}

// decode decodes JSON and keeps numbers as they are written.
func decode(t testing.TB, text []byte, into any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		t.Fatal(err)
	}
}

func (r row) take(name string) any {
	r.t.Helper()
	value, ok := r.fields[name]
	if !ok {
		r.t.Errorf("the row has no %s: %v", name, r.fields)
	}
	delete(r.fields, name)
	return value
}

// done fails if fields are left.
func (r row) done() {
	r.t.Helper()
	if len(r.fields) > 0 {
		r.t.Errorf("fields that the client does not know: %q", slices.Sorted(maps.Keys(r.fields)))
	}
}

// object returns the object of that name, nil if it is null.
func (r row) object(name string) *row {
	r.t.Helper()
	fields, _ := r.take(name).(map[string]any)
	if fields == nil {
		return nil
	}
	return &row{r.t, maps.Clone(fields)}
}

func (r row) text(name string) string {
	r.t.Helper()
	text, ok := r.take(name).(string)
	if !ok {
		r.t.Errorf("%s is no text", name)
	}
	return text
}

func (r row) whole(name string) *int64 {
	r.t.Helper()
	number, ok := r.take(name).(json.Number)
	if !ok {
		return nil
	}
	whole, err := number.Int64()
	if err != nil {
		r.t.Errorf("%s: %v", name, err)
	}
	return &whole
}

func (r row) decimal(name string) *float64 {
	r.t.Helper()
	number, ok := r.take(name).(json.Number)
	if !ok {
		return nil
	}
	decimal, err := number.Float64()
	if err != nil {
		r.t.Errorf("%s: %v", name, err)
	}
	return &decimal
}

func (r row) instant(name string) *time.Time {
	r.t.Helper()
	text, ok := r.take(name).(string)
	if !ok {
		return nil
	}
	instant, err := time.Parse(time.RFC3339, text)
	if err != nil {
		r.t.Errorf("%s: %v", name, err)
	}
	return &instant
}

// optional returns a value that may be null.
func optional[T string | bool](r row, name string) *T {
	r.t.Helper()
	value, ok := r.take(name).(T)
	if !ok {
		return nil
	}
	return &value
}

// wantRepository returns what the client must decode from a row.
func wantRepository(t testing.TB, fields map[string]any) codecov.Repository {
	t.Helper()
	r := row{t, maps.Clone(fields)}
	defer r.done()
	return codecov.Repository{
		Name:        r.text("name"),
		Private:     *optional[bool](r, "private"),
		UpdateStamp: r.instant("updatestamp"),
		Author:      *r.author(),
		Language:    optional[string](r, "language"),
		Branch:      r.text("branch"),
		Active:      optional[bool](r, "active"),
		Activated:   optional[bool](r, "activated"),
		Totals:      r.totals(),
	}
}

// wantCommit returns what the client must decode from a row.
func wantCommit(t testing.TB, fields map[string]any) codecov.Commit {
	t.Helper()
	r := row{t, maps.Clone(fields)}
	defer r.done()
	return codecov.Commit{
		CommitID:  r.text("commitid"),
		Message:   optional[string](r, "message"),
		Timestamp: *r.instant("timestamp"),
		CIPassed:  optional[bool](r, "ci_passed"),
		Author:    r.author(),
		Branch:    optional[string](r, "branch"),
		Totals:    r.totals(),
		State:     optional[string](r, "state"),
		Parent:    optional[string](r, "parent"),
	}
}

func (r row) author() *codecov.Author {
	r.t.Helper()
	author := r.object("author")
	if author == nil {
		return nil
	}
	defer author.done()
	return &codecov.Author{
		Service:  author.text("service"),
		Username: optional[string](*author, "username"),
		Name:     optional[string](*author, "name"),
	}
}

func (r row) totals() *codecov.Totals {
	r.t.Helper()
	totals := r.object("totals")
	if totals == nil {
		return nil
	}
	defer totals.done()
	totals.take("diff") // deprecated, always 0
	return &codecov.Totals{
		Files:           totals.whole("files"),
		Lines:           totals.whole("lines"),
		Hits:            totals.whole("hits"),
		Misses:          totals.whole("misses"),
		Partials:        totals.whole("partials"),
		Branches:        totals.whole("branches"),
		Methods:         totals.whole("methods"),
		Sessions:        totals.whole("sessions"),
		Coverage:        totals.decimal("coverage"),
		Complexity:      totals.decimal("complexity"),
		ComplexityTotal: totals.decimal("complexity_total"),
		ComplexityRatio: totals.decimal("complexity_ratio"),
	}
}

// wantAll returns what the client must return for the rows of a list.
func wantAll[T any](t testing.TB, rows []map[string]any, want func(testing.TB, map[string]any) T) []T {
	t.Helper()
	var all []T
	for _, fields := range rows {
		all = append(all, want(t, fields))
	}
	return all
}

func wantRepositories(t testing.TB, rows []map[string]any) []codecov.Repository {
	t.Helper()
	return wantAll(t, rows, wantRepository)
}

// wantCommits returns what the client must return for a list of commits: those of equal time in the order of their ids.
func wantCommits(t testing.TB, rows []map[string]any) []codecov.Commit {
	t.Helper()
	commits := wantAll(t, rows, wantCommit)
	slices.SortFunc(commits, newestFirst)
	return commits
}

func newestFirst(a, b codecov.Commit) int {
	return cmp.Or(b.Timestamp.Compare(a.Timestamp), strings.Compare(b.CommitID, a.CommitID))
}
