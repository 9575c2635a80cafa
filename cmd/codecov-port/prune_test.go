package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/prune"
	"github.com/codecov-port/codecov-port/internal/terminal"
)

func TestAskAboutPrune(t *testing.T) {
	going := []prune.Repository{{Owner: "acme", Name: "gone", Entities: 1200}, {Owner: "acme", Name: "e\x1b[31m", Entities: 1},
		{Owner: "acme", Name: "Plain", RenamedTo: "plain", Entities: 2}, {Owner: "acme", Name: "app", HistoryOnly: true, Entities: 3}}
	for answer, want := range map[string]bool{"y\n": true, " YES \n": true, "n\n": false, "\n": false, "": false, "yep\n": false} {
		var asked strings.Builder
		if got := askAboutPrune(&terminal.Streams{In: strings.NewReader(answer), Err: &asked}, nil)(going); got != want {
			t.Errorf("answer %q: got %t, want %t", answer, got, want)
		}
		const question = "Codecov no longer has these repositories:\n  acme/gone: 1,200 entities\n  acme/e\ufffd[31m: 1 entity\n  acme/Plain (now plain): 2 entities\n" +
			"Codecov doesn't have these commits (erased data looks the same):\n  acme/app (old commits): 3 entities\n" +
			"remove them from Port? [y/N] "
		if diff := cmp.Diff(question, asked.String()); diff != "" {
			t.Errorf("question (-want +got):\n%s", diff)
		}
	}
}

func TestPrintPrune(t *testing.T) {
	result := prune.NewResult()
	result.Repositories = []prune.Repository{
		{Owner: "acme", Name: "gone", Removed: true, Entities: 1200},
		{Owner: "acme", Name: "half", Entities: 100, Kept: "403 Forbidden"},
		{Owner: "acme", Name: "e\x1b[31m", Kept: "Codecov still has it, but doesn't list it"},
		{Owner: "acme", Name: "unasked"}, // interrupted
		{Owner: "acme", Name: "app", HistoryOnly: true, Removed: true, Entities: 2},
	}
	result.Failures = []backfill.Failure{{Repository: "half", Message: "403 Forbidden"}, {Message: "list the repositories of globex: 500"}}
	for dryRun, want := range map[bool]string{
		false: `removed        acme/gone: 1,200 entities
removed partly acme/half: 100 entities: 403 Forbidden
kept           acme/e�[31m: Codecov still has it, but doesn't list it
removed        acme/app (old commits): 2 entities
failed         list the repositories of globex: 500
1 repository (1,302 entities) removed from Port
`,
		true: `would remove   acme/gone: 1,200 entities
removed partly acme/half: 100 entities: 403 Forbidden
kept           acme/e�[31m: Codecov still has it, but doesn't list it
would remove   acme/app (old commits): 2 entities
failed         list the repositories of globex: 500
1 repository (1,302 entities) would be removed from Port
`,
	} {
		result.DryRun = dryRun
		var got strings.Builder
		if err := printPrune(&got, result); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.String()); diff != "" {
			t.Errorf("dry run %t (-want +got):\n%s", dryRun, diff)
		}
	}
}
