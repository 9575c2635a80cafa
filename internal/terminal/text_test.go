package terminal_test

import (
	"testing"

	"github.com/codecov-port/codecov-port/internal/terminal"
)

func TestSeveral(t *testing.T) {
	for want, got := range map[string]string{
		"1 line": terminal.Plural(1, "line"), "0 lines": terminal.Plural(0, "line"), "1,200 entities": terminal.Plural(1200, "entity"), "1 repository": terminal.Plural(1, "repository"),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
