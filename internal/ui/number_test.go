package ui_test

import (
	"testing"

	"github.com/codecov-port/codecov-port/internal/ui"
)

func TestSeveral(t *testing.T) {
	for want, got := range map[string]string{
		"1 line": ui.Several(1, "line"), "0 lines": ui.Several(0, "line"), "1,200 entities": ui.Several(1200, "entity"), "1 repository": ui.Several(1, "repository"),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
