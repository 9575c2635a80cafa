package main

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codecov-port/codecov-port/internal/backfill"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// panicVariable names the panic that this test binary, started once more, ends a run of sync with.
const panicVariable = "CODECOV_PORT_TEST_PANIC"

// panicking is a run of sync that panics in a writer, with a request to Port on the stack.
type panicking struct {
	settings settings
}

// panics are values that panic may receive: those of the runtime, and each type of ours that knows a secret.
var panics = map[string]func(p *panicking, r *http.Request){
	"a text":                  func(*panicking, *http.Request) { panic("boom") },
	"the runtime":             func(p *panicking, _ *http.Request) { p.settings.owners[7] = "" },
	"the settings":            func(p *panicking, _ *http.Request) { panic(p.settings) },
	"a pointer to them":       func(p *panicking, _ *http.Request) { panic(&p.settings) },
	"an error that has them":  func(p *panicking, _ *http.Request) { panic(fmt.Errorf("with %v and %#v", p.settings, &p.settings)) },
	"the options for Codecov": func(p *panicking, _ *http.Request) { panic(p.settings.codecov) },
	"the options for Port":    func(p *panicking, _ *http.Request) { panic(fmt.Errorf("with %+v", p.settings.port)) },
	"a request":               func(_ *panicking, r *http.Request) { panic(r) },
	"a refusal that quotes the token": func(p *panicking, r *http.Request) {
		client, err := port.NewClient(p.settings.port)
		if err == nil {
			_, err = client.Blueprint(r.Context(), "refused")
		}
		panic(fmt.Errorf("wrapped: %w", err))
	},
	"a network's error": func(_ *panicking, r *http.Request) {
		r = r.Clone(r.Context())
		r.URL.Host, r.RequestURI = "127.0.0.1:1", ""
		response, err := http.DefaultClient.Do(r)
		if err == nil {
			_ = response.Body.Close()
		}
		panic(err)
	},
}

// TestPanicsShowNoSecret starts this test binary once more for each panic, and looks for the secrets in the traces of
// all goroutines that the runtime prints then.
func TestPanicsShowNoSecret(t *testing.T) {
	if kind := os.Getenv(panicVariable); kind != "" {
		panicInMidRun(t, panics[kind])
	}
	for _, kind := range slices.Sorted(maps.Keys(panics)) {
		t.Run(kind, func(t *testing.T) {
			commits := map[string][]row{"app": {commitRow("a7794fc92007d3a1b99066c8f6ec66a393bf3520", "fix")}}
			refused := func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/blueprints/refused") }
			portSide := &gossip{next: fakeport.New(fakeport.Options{ClientSecret: oddSecret}), where: refused, misdeed: refuse(http.StatusUnprocessableEntity)}
			portSide.learn(oddSecret)
			command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPanicsShowNoSecret$")
			command.Env = append(os.Environ(), panicVariable+"="+kind, "GOTRACEBACK=all")
			environment := userEnvironment(listen(t, codecovWith(t, []row{repositoryRow("app")}, commits)), listen(t, portSide))
			environment["PORT_CLIENT_SECRET"] = oddSecret
			for name, value := range environment {
				command.Env = append(command.Env, name+"="+value)
			}
			output, err := command.CombinedOutput()
			if err == nil || !strings.Contains(string(output), "panic: ") || !strings.Contains(string(output), "backfill.(*writer).upsert") {
				t.Fatalf("no trace of a writer's panic: %v: %s", err, output)
			}
			tokens := portSide.tokens()
			if len(tokens) < 2 { // the secret and an access token
				t.Error("no access token went by")
			}
			for _, secret := range append(tokens, scriptToken) {
				assertAbsent(t, kind, string(output), secret)
			}
		})
	}
}

// panicInMidRun runs sync with the environment's settings, on a network that panics at the first bulk upsert.
func panicInMidRun(t *testing.T, raise func(*panicking, *http.Request)) {
	t.Helper()
	s := settings{owners: []string{"acme"}, log: slog.New(slog.DiscardHandler)}
	p := &panicking{}
	network := roundTripper(func(r *http.Request) (*http.Response, error) {
		if isBulk(r) {
			raise(p, r)
		}
		return http.DefaultTransport.RoundTrip(r)
	})
	s.codecov = codecov.Options{BaseURL: os.Getenv("CODECOV_URL") + apiPath, Token: os.Getenv("CODECOV_TOKEN"), Service: "github", Transport: network}
	s.port = port.Options{
		BaseURL: os.Getenv("PORT_BASE_URL"), ClientID: os.Getenv("PORT_CLIENT_ID"), ClientSecret: os.Getenv("PORT_CLIENT_SECRET"), Transport: network,
	}
	p.settings = s
	source, err := codecov.NewClient(s.codecov)
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := port.NewClient(s.port)
	if err != nil {
		t.Fatal(err)
	}
	run := syncRun{
		settings: s, streams: &terminal.Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard}, webhook: newWebhookReader(t.Context(), catalog),
		syncFlags: syncFlags{options: backfill.Options{Codecov: source, Port: catalog, Owners: s.owners, AppURL: cloudApp, Blueprints: mapper.BuiltinBlueprints(), Now: time.Now()}},
	}
	_, err = new(faultBench).run(t.Context(), &run)
	t.Fatalf("it did not panic: %v", err)
}

// roundTripper is a network that does as a function says.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
