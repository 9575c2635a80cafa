package backfill_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/fake/recordings"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

// identifiedBy maps each payload to one entity for each identifier, and those that name an item to three.
func identifiedBy(identifiers ...string) []mapper.Entry {
	var entries []mapper.Entry
	for _, identifier := range identifiers {
		entry := mapper.Entry{Blueprint: current, Entity: mapper.EntityTemplate{
			Identifier: identifier, Properties: map[string]string{"repository": ".body.repo.url"},
		}}
		if strings.Contains(identifier, ".item") {
			entry.ItemsToParse = "[1, 2, 3]"
		}
		entries = append(entries, entry)
	}
	return entries
}

// TestNoMoreThanTheLimitUnasked writes nothing if there is one new entity too many, however the commits come, and everything
// if there is none.
func TestNoMoreThanTheLimitUnasked(t *testing.T) {
	now := recordings.Now()
	commits := slices.Concat(
		rows("main", now.AddDate(1, 0, 0), 3), rows("main-2", now.AddDate(0, 1, 0), 2), // in the future: replayed last
		rows("dev", now, 6), onBranch(`"main"`, rows("old", now.AddDate(0, 0, -40), 8)))
	for i := range commits {
		commits[i] = strings.Replace(commits[i], `"branch":"main-2"`, `"branch":"main"`, 1)
	}
	pending := []string{strings.Replace(rows("main", now, 1)[0], `"complete"`, `"pending"`, 1)}
	for name, test := range map[string]struct {
		selection   backfill.Selection
		identifiers []string
		want        int // new entities
	}{
		"every commit": {backfill.Selection{}, []string{".body.head.commitid", `"-" + .body.head.commitid`}, 2 * 13},
		"one entry":    {backfill.Selection{}, []string{".body.head.commitid"}, 13},
		"since":        {backfill.Selection{Since: now.AddDate(0, 0, -43)}, []string{".body.head.commitid", `"-" + .body.head.commitid`}, 2 * 9},
		"max commits":  {backfill.Selection{MaxCommits: 10}, []string{".body.head.commitid", `"-" + .body.head.commitid`}, 2 * 10},
		"every branch": {backfill.Selection{Branches: []string{"*"}}, []string{".body.head.commitid", `"-" + .body.head.commitid`}, 2 * 19},
		"two branches": {backfill.Selection{Branches: []string{"main", "dev"}, MaxCommits: 16}, []string{".body.head.commitid", `"-" + .body.head.commitid`}, 2 * 16},
		"no history":   {backfill.Selection{NoHistory: true}, []string{".body.repo.name", `"-" + .body.repo.name`}, 2},
		"inactive":     {backfill.Selection{IncludeInactive: true}, []string{`.body.head.commitid // .body.repo.name`}, 14},
		"items":        {backfill.Selection{}, []string{`.body.head.commitid + "-" + (.item | tostring)`}, 3 * 13},
		"by day":       {backfill.Selection{}, []string{`.body.head.timestamp | .[0:10]`}, 13},
	} {
		for _, readers := range []int{1, 4} {
			for limit := max(1, test.want-2); limit <= test.want+1; limit++ {
				b := newBench(t, account(t, map[string][]string{"app": commits, "empty": pending}, "app", "empty"))
				b.pageSize(t, 4)
				b.mapping(t, identifiedBy(test.identifiers...))
				b.options.Selection, b.options.MaxEntities, b.options.Readers = test.selection, limit, readers
				_, err := backfill.Run(t.Context(), b.options)
				flood := (*backfill.FloodError)(nil)
				switch {
				case limit < test.want && (!errors.As(err, &flood) || len(b.port.Blueprints()) > 0):
					t.Errorf("%s, limit %d: error %v, %d entities, want %d refused", name, limit, err, b.port.Count(current), test.want)
				case limit >= test.want && (err != nil || b.port.Count(current) != test.want):
					t.Errorf("%s, limit %d: error %v, %d entities, want %d", name, limit, err, b.port.Count(current), test.want)
				}
			}
		}
	}
}

// TestWritingBeginsWhileReading as soon as there cannot be too many new entities: one page is held back until something was written.
func TestWritingBeginsWhileReading(t *testing.T) {
	now := recordings.Now()
	page := func(repository, page string) func(*http.Request) bool {
		return func(r *http.Request) bool {
			return strings.HasSuffix(r.URL.Path, "/"+repository+"/commits") && r.URL.Query().Get("page") == page
		}
	}
	for name, test := range map[string]struct {
		selection backfill.Selection
		limit     int // 0: --yes
		waits     func(*http.Request) bool
		want      int // entities of history
	}{
		"all lists are counted":       {backfill.Selection{}, 2 * 402, page("two", "10"), 400},
		"max commits":                 {backfill.Selection{MaxCommits: 50}, 2 * 100, page("two", "4"), 100},
		"a repository ends early":     {backfill.Selection{Since: now.AddDate(0, 0, -39)}, 600, page("two", "3"), 80},
		"yes, and a list to be asked": {backfill.Selection{}, 0, page("two", "1"), 400},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // only if nothing is written
			defer cancel()
			b := newBenchOver(t, func(next http.RoundTripper) http.RoundTripper {
				return &heldBack{next: next, until: make(chan struct{}), happens: isBulk, waits: test.waits}
			}, account(t, map[string][]string{"one": rows("main", now, 200), "two": rows("main", now, 200)}, "one", "two"))
			b.pageSize(t, 16)
			b.options.Selection, b.options.MaxEntities, b.options.Yes = test.selection, test.limit, test.limit == 0
			result, err := backfill.Run(ctx, b.options)
			if err != nil || !result.Complete || b.port.Count(history) != test.want {
				t.Errorf("error %v, %d entities of history, want %d", err, b.port.Count(history), test.want)
			}
		})
	}
}
