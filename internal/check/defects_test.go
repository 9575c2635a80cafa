package check_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/codecov-port/codecov-port/internal/check"
	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
)

// TestRowsThatCodecovCannotAnswerWith do not keep the doctor from looking at the others.
func TestRowsThatCodecovCannotAnswerWith(t *testing.T) {
	for poison, want := range map[fakecodecov.Poison]string{
		fakecodecov.Malformed:  "59 repositories",
		fakecodecov.Unreadable: "from row",
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, acme(t), fakecodecov.Access{})
			if err := b.codecov.PoisonRepository("github", "acme", "ties", poison); err != nil {
				t.Fatal(err)
			}
			steps := b.run(t)
			step := find(t, steps, "account acme")
			if step.State != check.Warning || !strings.Contains(step.Text, want) || !strings.Contains(step.Text, "row ") {
				t.Errorf("%s: %s; want a warning with %q", step.State, step.Text, want)
			}
			if commits := find(t, steps, "commits"); !strings.Contains(commits.Text, "on the default branches of") {
				t.Errorf("commits: %s", commits.Text)
			}
		})
	}
}
