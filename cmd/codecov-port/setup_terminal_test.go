//go:build unix

package main

import (
	"io"
	"os"
	"strings"
	"testing"

	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
)

// TestSetupAsksOnATerminal: for yes before additions, and for the blueprint's name before a removal.
func TestSetupAsksOnATerminal(t *testing.T) {
	catalog := fakeport.New(fakeport.Options{})
	onTerminal := func(input string, args ...string) (int, string) {
		p := newProcess(t, catalog, nil)
		p.Args = append([]string{p.Args[0]}, args...)
		p.Env = append(p.Env, "TERM=xterm", "NO_COLOR=1")
		code := p.onTerminal(t, func(terminal *os.File) { _, _ = io.WriteString(terminal, input) })
		return code, p.out.String()
	}
	for _, step := range []struct {
		input      string
		args       []string
		code       int
		want       string
		blueprints int
	}{
		{"n\n", []string{"setup", "--dashboard"}, exitUsage, "declined: nothing was changed", 0},
		{"y\n", []string{"setup", "--dashboard"}, exitDone, "page codecov_coverage_overview (created)", 2},
		{"", []string{"sync"}, exitDone, "Port", 2},
		{"y\n", []string{"setup", "--remove", "--all"}, exitUsage, "type codecov_commit_coverage to remove it with", 2},
		{"codecov_commit_coverage\n", []string{"setup", "--remove", "--all"}, exitDone, "removed blueprint codecov_coverage", 0},
	} {
		code, said := onTerminal(step.input, step.args...)
		if got := len(catalog.Blueprints()); code != step.code || !strings.Contains(said, step.want) || got != step.blueprints {
			t.Errorf("%v: exit code %d, %d blueprints: %s", step.args, code, got, said)
		}
	}
}
