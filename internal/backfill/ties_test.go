package backfill_test

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codecov-port/codecov-port/internal/backfill"
	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/internal/fake/recordings"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

// tiedCommit is a commit of a list with 40 commits of each time.
type tiedCommit struct {
	sha string
	at  time.Time
}

// tiedCommits returns 1,100 commits, ten days between one time and the next, in the order in which they count: newest first, of equal
// times the greatest sha.
func tiedCommits() []tiedCommit {
	var commits []tiedCommit
	for i := range 1100 {
		sha := fmt.Sprintf("%08x", uint32(i+1)*2654435761)
		commits = append(commits, tiedCommit{sha, recordings.Now().AddDate(0, 0, -10*(i/40)).Add(-time.Hour)})
	}
	slices.SortFunc(commits, func(a, b tiedCommit) int { return cmp.Or(b.at.Compare(a.at), cmp.Compare(b.sha, a.sha)) })
	return commits
}

// selectTied returns the shas of the commits that a selection keeps.
func selectTied(commits []tiedCommit, s backfill.Selection) []string {
	var shas []string
	months := make(map[string]bool)
	for _, c := range commits {
		month := c.at.Format("2006-01")
		switch {
		case c.at.Before(s.Since), s.MaxCommits > 0 && len(shas) == s.MaxCommits, s.Every != "" && months[month]:
			continue
		case s.Every != "" && month == recordings.Now().Format("2006-01"):
			months[month] = true // it has not ended
			continue
		}
		months[month] = true
		shas = append(shas, c.sha)
	}
	slices.Sort(shas)
	return shas
}

// TestSyncOverTies loses no commit of equal time, wherever the reading stops and whatever the size of the pages.
func TestSyncOverTies(t *testing.T) {
	commits := tiedCommits()
	var rows []string
	for _, c := range commits {
		rows = append(rows, commit(c.sha, c.at.Format(time.RFC3339), ann, ninety))
	}
	selections := map[string]backfill.Selection{"all": {}, "every month": {Every: backfill.EveryMonth}}
	for i := range 20 {
		since := recordings.Now().AddDate(0, 0, -14*i)
		selections["since "+since.Format(time.DateOnly)] = backfill.Selection{Since: since}
	}
	for _, most := range []int{1, 2, 39, 40, 41, 100, 250, 499, 512, 513, 550, 551, 1000, 1023, 1024, 1025, 1099, 1100} {
		selections[fmt.Sprint("max commits ", most)] = backfill.Selection{MaxCommits: most}
	}
	for _, size := range []int{100, 512} {
		server := fakecodecov.Options{Ties: true, Tokens: map[string]fakecodecov.Access{token: {}},
			Accounts: []fakecodecov.Account{account(t, map[string][]string{"app": rows}, "app")}}
		b := newBench(t, server.Accounts...)
		b.codecov = fakecodecov.New(server)
		b.connect(t, server.Accounts[0], func(next http.RoundTripper) http.RoundTripper { return next })
		b.mapping(t, mapper.BuiltinMapping())
		b.pageSize(t, size)
		for name, selection := range selections {
			var shas []string
			b.options.DryRun, b.options.Selection = true, selection
			b.options.Preview = func(p backfill.Outgoing) error {
				if p.Blueprint == history {
					shas = append(shas, strings.TrimPrefix(p.Entity.Identifier, "app@"))
				}
				return nil
			}
			result := b.run(t)
			slices.Sort(shas)
			if want := selectTied(commits, selection); !slices.Equal(shas, want) || !result.Complete {
				t.Errorf("%s, pages of %d: %d commits, want %d; failures %+v", name, size, len(shas), len(want), result.Failures)
			}
		}
	}
}
