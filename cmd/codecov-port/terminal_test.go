//go:build unix

package main

import (
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unicode/utf8"

	"github.com/creack/pty"

	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
)

// onTerminal runs the program on a terminal of 80 columns to its end and returns its exit code. What the terminal is sent
// goes to each of the writers; use is handed the terminal before any request is answered.
func (p *process) onTerminal(t *testing.T, use func(terminal *os.File), seen ...io.Writer) int {
	t.Helper()
	p.Stdout, p.Stderr = nil, nil // the terminal
	terminal, err := pty.StartWithSize(p.Cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = terminal.Close() }()
	use(terminal)
	close(p.started)
	_, _ = io.Copy(io.MultiWriter(append(seen, p.out)...), terminal) // ends with an error on Linux, when the program ends
	_ = p.Wait()                                                     // the exit code shows it
	return p.ProcessState.ExitCode()
}

func nothing(*os.File) {}

var (
	colours = regexp.MustCompile(`\x1b\[[0-9;]*m`)
	viewRow = regexp.MustCompile(` (?:reading|writing) [^\r]*`)
)

const erased = "\r\x1b[J"

// TestOnATerminal: where there is a terminal, there are colours and a live view, unless somebody wants none.
func TestOnATerminal(t *testing.T) {
	for name, test := range map[string]struct {
		environment   []string
		arguments     []string
		colours, view bool
	}{
		"as it is":            {nil, nil, true, true},
		"NO_COLOR":            {[]string{"NO_COLOR=1"}, nil, false, true},
		"--color never":       {nil, []string{"--color", "never"}, false, true},
		"TERM=dumb":           {[]string{"TERM=dumb"}, nil, false, false},
		"dumb, but colours":   {[]string{"TERM=dumb", "CLICOLOR_FORCE=1"}, nil, true, false},
		"--quiet":             {nil, []string{"--quiet"}, true, false},
		"JSON beside the bar": {nil, []string{"--output", "json"}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProcess(t, fakeport.New(fakeport.Options{}), func(p *process, r *http.Request, _ int) {
				if test.view && strings.HasSuffix(r.URL.Path, "/bulk") {
					<-p.out.found
				}
			}, test.arguments...)
			p.Env = append(append(p.Env, "TERM=xterm"), test.environment...)
			p.out = watchFor("\x1b[A") // the cursor goes back up to the first of two lines
			code, said := p.onTerminal(t, nothing), p.out.String()
			if code != exitDone || len(entitiesOf(p.port)) != 63 {
				t.Fatalf("exit code %d: %s", code, said)
			}
			if got := colours.MatchString(said); got != test.colours {
				t.Errorf("colours %v: %q", got, said)
			}
			if got := strings.Contains(said, erased); got != test.view {
				t.Errorf("a live view %v: %q", got, said)
			}
			result := said[strings.LastIndex(said, erased)+1:]
			if viewRow.MatchString(result) || strings.Contains(result, "\x1b[A") || !strings.Contains(result, historyBlueprint) {
				t.Errorf("after the view: %q", result)
			}
		})
	}
}

// TestResizedTerminal: the view follows a terminal that gets narrower in mid-run.
func TestResizedTerminal(t *testing.T) {
	const wide, narrow = "wait until everything is read", "…\r" // the narrow row is shortened
	var terminal *os.File
	var held atomic.Bool // the first repository's answer, while the others are read
	atLast := watchFor(narrow)
	p := newProcess(t, fakeport.New(fakeport.Options{}), func(p *process, r *http.Request, _ int) {
		if strings.HasSuffix(r.URL.Path, "/commits") && held.CompareAndSwap(false, true) {
			<-p.out.found
			if err := pty.Setsize(terminal, &pty.Winsize{Rows: 24, Cols: 40}); err != nil {
				t.Error(err)
			}
			<-atLast.found
		}
	})
	p.Env, p.out = append(p.Env, "TERM=xterm"), watchFor(wide)
	if code := p.onTerminal(t, func(opened *os.File) { terminal = opened }, atLast); code != exitDone {
		t.Fatalf("exit code %d: %s", code, p.out)
	}
	said := colours.ReplaceAllString(p.out.String(), "")
	for _, line := range viewRow.FindAllString(said[strings.Index(said, narrow):], -1) {
		if utf8.RuneCountInString(line) >= 40 {
			t.Errorf("wider than the terminal: %q", line)
		}
	}
}

// TestAskedOnATerminal: an answer to the question is taken, as is Ctrl-C, and behind a yes the view goes on.
func TestAskedOnATerminal(t *testing.T) {
	for name, test := range map[string]struct {
		typed    string
		exit     int
		entities int
	}{
		"yes":    {"y\n", exitDone, 63},
		"no":     {"\n", exitUsage, 0},
		"Ctrl-C": {"\x03", exitInterrupted, 0},
	} {
		t.Run(name, func(t *testing.T) {
			goesOn := watchFor("\n writing    0% ") // no bar before it may write
			p := newProcess(t, fakeport.New(fakeport.Options{}), func(_ *process, r *http.Request, _ int) {
				if strings.HasSuffix(r.URL.Path, "/bulk") {
					<-goesOn.found
				}
			}, "--max-entities", "1")
			p.Env, p.out = append(p.Env, "TERM=xterm", "NO_COLOR=1"), watchFor("[y/N] ")
			var typing sync.WaitGroup
			code := p.onTerminal(t, func(terminal *os.File) {
				typing.Go(func() {
					<-p.out.found
					_, _ = io.WriteString(terminal, test.typed)
				})
			}, goesOn)
			typing.Wait()
			if got := len(entitiesOf(p.port)); code != test.exit || got != test.entities {
				t.Errorf("exit code %d, %d entities: %s", code, got, p.out)
			}
		})
	}
}
