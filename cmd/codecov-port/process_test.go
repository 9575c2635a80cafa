//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
)

// process is the program as a process of its own, between emulators in this one.
type process struct {
	*exec.Cmd
	codecov     *fakecodecov.Server
	port        *fakeport.Server
	out, errors *watchedOutput
	started     chan struct{}

	mu       sync.Mutex
	requests int // to both sides so far
}

// interruptedText is what the program says once it has heard of a signal.
const interruptedText = "interrupted: finishing"

// newProcess makes a run of sync ready. at is called with the number of each request, to either side, before its answer.
func newProcess(t *testing.T, catalog *fakeport.Server, at func(p *process, r *http.Request, request int), args ...string) *process {
	t.Helper()
	p := &process{
		Cmd: exec.CommandContext(t.Context(), "codecov-port", append([]string{"sync"}, args...)...), port: catalog,
		codecov: fakecodecov.New(fakecodecov.Options{Accounts: []fakecodecov.Account{synthetic()}, Tokens: map[string]fakecodecov.Access{scriptToken: {}}}),
		out:     watchFor("requests "), errors: watchFor(interruptedText), started: make(chan struct{}),
	}
	p.Stdout, p.Stderr = p.out, p.errors
	handle := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			p.mu.Lock()
			p.requests++
			request := p.requests
			p.mu.Unlock()
			if at != nil {
				body, _ := io.ReadAll(r.Body) // what is unread hides that the client is gone
				r.Body = io.NopCloser(bytes.NewReader(body))
				<-p.started
				at(p, r, request)
			}
			next.ServeHTTP(w, r)
		})
	}
	for name, value := range userEnvironment(listen(t, handle(p.codecov)), listen(t, handle(catalog))) {
		p.Env = append(p.Env, name+"="+value)
	}
	p.Env = append(p.Env, "PATH="+os.Getenv("PATH"), "GORACE=atexit_sleep_ms=0") // else each run under -race takes a second more
	return p
}

// end runs it to its end and returns its exit code, -1 if a signal ended it.
func (p *process) end(t *testing.T) int {
	t.Helper()
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	close(p.started)
	err := p.Wait()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	for _, said := range []string{p.out.String(), p.errors.String()} {
		if strings.Contains(said, "panic") || strings.Contains(said, "DATA RACE") {
			t.Errorf("it said: %s", said)
		}
	}
	return p.ProcessState.ExitCode()
}

// endedBy reports whether a signal ended it: a shell would show the exit code 128 plus the signal's number.
func (p *process) endedBy(signal os.Signal) bool {
	status, ok := p.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == signal
}

// TestKilledAtAnyMoment kills the program at ten random moments of a run, each time in a fresh Port, and runs it again:
// the same entities are there as after an undisturbed run.
func TestKilledAtAnyMoment(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the program 21 times")
	}
	undisturbed := newProcess(t, fakeport.New(fakeport.Options{}), nil, "--yes")
	if code := undisturbed.end(t); code != exitDone {
		t.Fatalf("exit code %d: %s", code, undisturbed.errors)
	}
	want, draw := entitiesOf(undisturbed.port), rand.New(rand.NewPCG(6, 6))
	for range 10 {
		moment := 1 + draw.IntN(undisturbed.requests-1)
		catalog := fakeport.New(fakeport.Options{})
		killed := newProcess(t, catalog, func(p *process, r *http.Request, request int) {
			if request == moment {
				_ = p.Process.Kill()
				<-r.Context().Done() // nothing is answered any more
			}
		}, "--yes")
		if code := killed.end(t); code != -1 {
			t.Errorf("killed at request %d of %d: exit code %d", moment, undisturbed.requests, code)
		}
		left := len(entitiesOf(catalog))
		if code := newProcess(t, catalog, nil, "--yes").end(t); code != exitDone {
			t.Errorf("run again after request %d: exit code %d", moment, code)
		}
		if diff := cmp.Diff(want, entitiesOf(catalog)); diff != "" {
			t.Errorf("killed at request %d, with %d entities in Port: %s", moment, left, diff)
		}
	}
}

// TestSignals sends signals in mid-run: the first ends the run in good order, the second at once. What is in Port then
// is what the result says.
func TestSignals(t *testing.T) {
	for name, test := range map[string]struct {
		first, second os.Signal
	}{
		"Ctrl-C":       {first: os.Interrupt},
		"SIGTERM":      {first: syscall.SIGTERM},
		"Ctrl-C twice": {first: os.Interrupt, second: os.Interrupt},
	} {
		for _, moment := range []string{"/access_token", "/repos", "/commits", "/search", "/bulk"} {
			t.Run(name+" "+moment, func(t *testing.T) {
				catalog := fakeport.New(fakeport.Options{})
				if code := newProcess(t, catalog, nil, "--max-commits", "3").end(t); code != exitDone {
					t.Fatalf("exit code %d", code)
				}
				var once sync.Once
				p := newProcess(t, catalog, func(p *process, r *http.Request, _ int) {
					if strings.HasSuffix(r.URL.Path, moment) {
						once.Do(func() { p.interrupt(r, test.first, test.second) })
					}
				}, "--yes")
				code, arrived := p.end(t), len(entitiesOf(catalog)) == 63
				finished := code == exitDone && arrived && test.second == nil
				late := test.second != nil && p.endedBy(test.second) // it had heard of the first and was on its way out
				if code != exitInterrupted && !finished && !late {
					t.Errorf("exit code %d: %s", code, p.errors)
				}
				if code == exitInterrupted && strings.Contains(p.errors.String(), "context canceled") {
					t.Errorf("it said %q", p.errors)
				}
				if test.second == nil && !strings.Contains(p.errors.String(), interruptedText) {
					t.Errorf("it said %q", p.errors)
				}
				if code := newProcess(t, catalog, nil).end(t); code != exitDone || len(entitiesOf(catalog)) != 63 {
					t.Errorf("run again: exit code %d, %d entities", code, len(entitiesOf(catalog)))
				}
			})
		}
	}
}

// TestInterruptedDocument: --output json prints its document also when the run is stopped.
func TestInterruptedDocument(t *testing.T) {
	var once sync.Once
	p := newProcess(t, fakeport.New(fakeport.Options{}), func(p *process, r *http.Request, _ int) {
		if strings.HasSuffix(r.URL.Path, "/commits") {
			once.Do(func() { p.interrupt(r, os.Interrupt, nil) })
		}
	}, "--output", "json")
	code := p.end(t)
	if d := holdToSchema(t, p.out.String()); code != exitInterrupted || d.ExitCode != exitInterrupted || !d.Interrupted || d.Complete || d.Error == nil {
		t.Errorf("exit code %d: %s", code, p.out)
	}
}

// TestInterruptedAtTheGate: what was read and waits for the end of the reading is counted as not written.
func TestInterruptedAtTheGate(t *testing.T) {
	read := 0
	p := newProcess(t, fakeport.New(fakeport.Options{}), func(p *process, r *http.Request, _ int) {
		if strings.HasSuffix(r.URL.Path, "/commits") {
			if read++; read == 3 { // one after the other
				p.interrupt(r, os.Interrupt, nil)
			}
		}
	}, "--output", "json", "--codecov-concurrency", "1")
	code := p.end(t)
	if d := holdToSchema(t, p.out.String()); code != exitInterrupted || !d.Interrupted || d.NotWritten != 42 || len(d.Failures) > 0 {
		t.Errorf("exit code %d: %s", code, p.out)
	}
	if got := len(entitiesOf(p.port)) + len(p.port.Blueprints()); got != 0 {
		t.Errorf("Port holds %d entities and blueprints", got)
	}
}

// interrupt sends the first signal and holds the answer until the program has heard of it; with a second one, the
// answer never comes.
func (p *process) interrupt(r *http.Request, first, second os.Signal) {
	_ = p.Process.Signal(first)
	select {
	case <-p.errors.found:
	case <-r.Context().Done(): // it has ended
	}
	if second != nil {
		_ = p.Process.Signal(second)
		<-r.Context().Done()
	}
}

// brokenPipe is the writing end of a pipe that nobody reads.
func brokenPipe(t *testing.T) *os.File {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = writer.Close() })
	return writer
}

func TestClosedPipe(t *testing.T) {
	t.Run("standard output", func(t *testing.T) {
		p := newProcess(t, fakeport.New(fakeport.Options{}), nil)
		p.Stdout = brokenPipe(t)
		if code := p.end(t); code != exitFailed || !strings.Contains(p.errors.String(), "broken pipe") {
			t.Errorf("exit code %d: %s", code, p.errors)
		}
		if got := len(entitiesOf(p.port)); got != 63 {
			t.Errorf("%d entities", got)
		}
	})
	t.Run("of the entities of a dry run", func(t *testing.T) {
		p := newProcess(t, fakeport.New(fakeport.Options{}), nil, "--dry-run", "--output", "jsonl")
		p.Stdout = brokenPipe(t)
		if code := p.end(t); code != exitFailed || !strings.Contains(p.errors.String(), "error: print the entities: ") || strings.Contains(p.errors.String(), "commits ") {
			t.Errorf("exit code %d: %s", code, p.errors)
		}
	})
	t.Run("Ctrl-C ended the reader of both, too", func(t *testing.T) {
		var once sync.Once
		p := newProcess(t, fakeport.New(fakeport.Options{}), func(p *process, r *http.Request, _ int) {
			if strings.HasSuffix(r.URL.Path, "/bulk") {
				once.Do(func() { _ = p.Process.Signal(os.Interrupt) })
			}
		}, "--yes")
		p.Stdout, p.Stderr = brokenPipe(t), brokenPipe(t)
		if code := p.end(t); code != exitInterrupted && code != exitFailed { // the run may end before the signal comes
			t.Errorf("exit code %d", code)
		}
	})
}

// TestFullDisk: a result that cannot be printed is an error, and the work is done.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no /dev/full on this system")
	}
	defer func() { _ = full.Close() }()
	for _, command := range [][]string{
		{"sync"}, {"sync", "--output", "json"}, {"sync", "--dry-run", "--output", "jsonl"}, {"setup"}, {"setup", "--dry-run"}, {"check"}, {"check", "--output", "json"},
		{"map", "--mapping", "builtin", "../../testdata/port/webhook-sample.json"}, {"version"}, {"completion", "zsh"}, {"demo"},
	} {
		p := newProcess(t, fakeport.New(fakeport.Options{}), nil)
		p.Args, p.Stdout = append([]string{"codecov-port"}, command...), full
		if code := p.end(t); code != exitFailed || !strings.Contains(p.errors.String(), "no space left on device") {
			t.Errorf("%s: exit code %d: %s", command, code, p.errors)
		}
		if got := len(entitiesOf(p.port)); command[0] == "sync" && len(command) != 4 && got != 63 {
			t.Errorf("%s: %d entities", command, got)
		}
	}
}

// TestInterruptibleLeavesNothingBehind signals this process itself.
func TestInterruptibleLeavesNothingBehind(t *testing.T) {
	_, _, end := interruptible(t.Context(), new(bytes.Buffer)) // starts the watch that the signal package keeps
	end()
	before := goleak.IgnoreCurrent()
	for _, signals := range []int{0, 1, 2} {
		said := watchFor(interruptedText)
		ctx, first, end := interruptible(t.Context(), said)
		for i := range signals {
			if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				<-first.Done()
			} else {
				<-ctx.Done()
			}
		}
		if signals < 2 && ctx.Err() != nil {
			t.Errorf("%d signals: %v", signals, ctx.Err())
		}
		end()
	}
	goleak.VerifyNone(t, before)
}

// stuckOutput is a terminal that was stopped, or a full pipe: nothing can be written until it is closed.
type stuckOutput chan struct{}

func (s stuckOutput) Write(data []byte) (int, error) {
	<-s
	return len(data), nil
}

// TestInterruptibleOfWhoDoesNotRead: both signals act though nobody takes what is said about the first.
func TestInterruptibleOfWhoDoesNotRead(t *testing.T) {
	stuck := make(stuckOutput)
	ctx, first, end := interruptible(t.Context(), stuck)
	for _, ended := range []context.Context{first, ctx} {
		if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		<-ended.Done()
	}
	close(stuck)
	end()
}
