package summary

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/backfill"
)

func TestUnlistedIsTold(t *testing.T) {
	var many []backfill.StaleRepository
	for i := range 12 {
		many = append(many, backfill.StaleRepository{Owner: "acme", Repository: fmt.Sprint("r", i)})
	}
	for name, test := range map[string]struct {
		result backfill.Result
		want   string
	}{
		"none": {},
		"told": {backfill.Result{StaleRepositories: many}, "not listed    12 of Port's repositories by Codecov: " +
			"acme/r0, acme/r1, acme/r2, acme/r3, acme/r4, acme/r5, acme/r6, acme/r7, acme/r8, acme/r9, and 2 more\n"},
		"pruned": {backfill.Result{StaleRepositories: []backfill.StaleRepository{
			{Owner: "acme", Repository: "a\u202e", Removed: true, Entities: 7}, {Owner: "acme", Repository: "b", Kept: "no\x1b"}, {Owner: "acme", Repository: "c", Entities: 3, Kept: "interrupted"},
		}}, "not listed    3 of Port's repositories by Codecov: acme/a\ufffd, acme/b, acme/c\n" +
			"pruned        acme/a\ufffd: 7 entities\nkept          acme/b: no\ufffd\npruned partly acme/c: 3 entities: interrupted\n"},
		"dry run": {backfill.Result{DryRun: true, StaleRepositories: []backfill.StaleRepository{{Owner: "acme", Repository: "a", Removed: true, Entities: 1}}},
			"not listed    1 of Port's repositories by Codecov: acme/a\nwould prune   acme/a: 1 entity\n"},
	} {
		s := &sheet{width: 200}
		s.unlisted(&test.result)
		if diff := cmp.Diff(test.want, s.text.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
