package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

func TestPruneFlags(t *testing.T) {
	streams := &terminal.Streams{In: strings.NewReader("y\n"), Err: &strings.Builder{}}
	for name, test := range map[string]struct {
		flags  pruneFlags
		agreed bool
		want   string // the error; empty: none
	}{
		"off":            {pruneFlags{limit: "nonsense"}, false, ""},
		"nobody to ask":  {pruneFlags{true, "20%"}, false, "--prune removes entities from Port, and there is no terminal to ask on"},
		"agreed":         {pruneFlags{true, "20%"}, true, ""},
		"no share":       {pruneFlags{true, "some"}, true, `--prune-limit "some": expected a share from 1% to 100%`},
		"more than all":  {pruneFlags{true, "101%"}, true, `--prune-limit "101%": expected a share from 1% to 100%`},
		"all of them":    {pruneFlags{true, "100%"}, true, ""},
		"less than none": {pruneFlags{true, "-1"}, true, `--prune-limit "-1": expected a share from 1% to 100%`},
	} {
		prune, err := test.flags.pruning(streams, mapper.ChoiceAuto, test.agreed)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != test.want || (err != nil) != (exitCode(err) == exitUsage) || (prune != nil) != (test.flags.prune && err == nil) {
			t.Errorf("%s: %+v, error %q, want %q", name, prune, got, test.want)
		}
	}
}

func TestAskAboutPrune(t *testing.T) {
	gone := []backfill.StaleRepository{{Owner: "acme", Repository: "gone", Entities: 1200}, {Owner: "acme", Repository: "e\x1b[31m", Entities: 1}}
	for answer, want := range map[string]bool{"y\n": true, " YES \n": true, "n\n": false, "\n": false, "": false, "yep\n": false} {
		var asked strings.Builder
		if got := askAboutPrune(&terminal.Streams{In: strings.NewReader(answer), Err: &asked}, nil)(gone); got != want {
			t.Errorf("%q is taken for %v", answer, got)
		}
		const question = "Codecov no longer has these repositories:\n  acme/gone: 1,200 entities\n  acme/e\ufffd[31m: 1 entity\nremove them and their history from Port? [y/N] "
		if diff := cmp.Diff(question, asked.String()); diff != "" {
			t.Errorf("asked (-want +got):\n%s", diff)
		}
	}
}
