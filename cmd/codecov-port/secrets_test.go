package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	escapes "html"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// oddSecret has characters that addresses and JSON write in another way.
const oddSecret = `S3cr/et+"<odd>&=% value`

// spellings are how a secret may be written.
func spellings(secret string) []string {
	quoted, _ := json.Marshal(secret)
	return []string{secret, url.QueryEscape(secret), url.PathEscape(secret), string(quoted[1 : len(quoted)-1])}
}

// gossip stands before an emulator and knows the secrets: those that it was started with and each token that passes. It sends
// them back where its misdeed says so.
type gossip struct {
	next    http.Handler
	where   func(*http.Request) bool
	misdeed func(w http.ResponseWriter, r *http.Request, next http.Handler, secrets string) // receives all secrets, in all forms

	mu    sync.Mutex
	known []string
	shown int
	other string // sent in place of the secrets; empty: the secrets
}

func (g *gossip) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		g.learn(token)
	}
	if !g.misbehaves(r) {
		g.next.ServeHTTP(w, r)
		return
	}
	g.misdeed(w, r, g.next, g.reveal())
}

func (g *gossip) learn(secret string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, known := range g.known {
		if known == secret {
			return
		}
	}
	g.known = append(g.known, secret)
}

func (g *gossip) reveal() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shown++
	if g.other != "" {
		return g.other
	}
	var all []string
	for _, secret := range g.known {
		all = append(all, spellings(secret)...)
	}
	return "Bearer " + strings.Join(all, " ; Bearer ")
}

type misdeed = func(http.ResponseWriter, *http.Request, http.Handler, string)

// headerText leaves out what makes a header unreadable, and with it the whole answer.
func headerText(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, text)
}

// refuse answers with a status, and with the secrets in every place that a client might show.
func refuse(status int) misdeed {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler, secrets string) {
		w.Header().Set("X-Trace-Id", headerText(secrets))
		w.Header().Set("WWW-Authenticate", "Bearer")
		w.Header().Set("Location", "https://elsewhere.example.com/?"+headerText(secrets))
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"ok": false, "error": secrets, "message": secrets, "detail": secrets})
	}
}

// shout answers with a status and a text that is no JSON.
func shout(status int) misdeed {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler, secrets string) {
		w.Header().Set("Location", "https://elsewhere.example.com/?"+headerText(secrets))
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, secrets)
	}
}

// misshape answers with success and JSON that cannot be decoded, so that the decoder's error may quote it.
func misshape(w http.ResponseWriter, _ *http.Request, _ http.Handler, secrets string) {
	_ = json.NewEncoder(w).Encode(map[string]any{
		"count": 1, "results": []any{map[string]any{"name": secrets, "timestamp": secrets}},
		"blueprint": secrets, "integration": secrets, "entities": secrets, "errors": secrets, "accessToken": map[string]any{"x": secrets},
	})
}

// refuseEntities answers a bulk upsert with 207 and refuses each entity with the secrets as the reason.
func refuseEntities(w http.ResponseWriter, r *http.Request, next http.Handler, secrets string) {
	if !strings.HasSuffix(r.URL.Path, "/bulk") {
		next.ServeHTTP(w, r)
		return
	}
	var sent struct {
		Entities []struct {
			Identifier string `json:"identifier"`
		} `json:"entities"`
	}
	_ = json.NewDecoder(r.Body).Decode(&sent)
	refused := []map[string]any{}
	for i, entity := range sent.Entities {
		refused = append(refused, map[string]any{
			"identifier": entity.Identifier, "index": i, "statusCode": 422, "error": secrets, "message": secrets,
		})
	}
	w.Header().Set("X-Trace-Id", headerText(secrets))
	w.WriteHeader(http.StatusMultiStatus)
	_ = json.NewEncoder(w).Encode(map[string]any{"ok": false, "entities": []any{}, "errors": refused})
}

// decorate returns the real answer with the secrets in every text that is shown to people.
func decorate(w http.ResponseWriter, r *http.Request, next http.Handler, secrets string) {
	recorder := httptest.NewRecorder()
	next.ServeHTTP(recorder, r)
	var document any
	_ = json.Unmarshal(recorder.Body.Bytes(), &document)
	w.WriteHeader(recorder.Code)
	_ = json.NewEncoder(w).Encode(decorated(document, secrets))
}

func decorated(value any, secrets string) any {
	switch value := value.(type) {
	case map[string]any:
		for name, inner := range value {
			_, isText := inner.(string)
			switch name {
			case "title", "message", "description", "code", "language":
				if isText {
					inner = secrets
				}
			}
			value[name] = decorated(inner, secrets)
		}
	case []any:
		for i, inner := range value {
			value[i] = decorated(inner, secrets)
		}
	}
	return value
}

func anywhere(*http.Request) bool { return true }

func isToken(r *http.Request) bool   { return strings.HasSuffix(r.URL.Path, "/auth/access_token") }
func isNoToken(r *http.Request) bool { return !isToken(r) }
func isBulk(r *http.Request) bool    { return strings.HasSuffix(r.URL.Path, "/entities/bulk") }
func isCommits(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/commits") }

var gossips = map[string]struct {
	codecov, port func(*http.Request) bool // nil: this side behaves
	misdeed       misdeed
}{
	"codecov 400":            {codecov: anywhere, misdeed: refuse(400)},
	"codecov 401":            {codecov: anywhere, misdeed: refuse(401)},
	"codecov 401 on commits": {codecov: isCommits, misdeed: refuse(401)},
	"codecov 403 on commits": {codecov: isCommits, misdeed: refuse(403)},
	"codecov 404 text":       {codecov: anywhere, misdeed: shout(404)},
	"codecov 429":            {codecov: isCommits, misdeed: refuse(429)},
	"codecov 503":            {codecov: isCommits, misdeed: refuse(503)},
	"codecov redirect":       {codecov: anywhere, misdeed: shout(302)},
	"codecov misshapen":      {codecov: anywhere, misdeed: misshape},
	"codecov data":           {codecov: anywhere, misdeed: decorate},
	"port token 401":         {port: isToken, misdeed: refuse(401)},
	"port token 422":         {port: isToken, misdeed: refuse(422)},
	"port token 503":         {port: isToken, misdeed: refuse(503)},
	"port token misshapen":   {port: isToken, misdeed: misshape},
	"port 400":               {port: isNoToken, misdeed: refuse(400)},
	"port 401":               {port: isNoToken, misdeed: refuse(401)},
	"port 403":               {port: isNoToken, misdeed: refuse(403)},
	"port 404":               {port: isNoToken, misdeed: refuse(404)},
	"port 422 text":          {port: isNoToken, misdeed: shout(422)},
	"port redirect":          {port: isNoToken, misdeed: refuse(307)},
	"port misshapen":         {port: isNoToken, misdeed: misshape},
	"port bulk 422":          {port: isBulk, misdeed: refuse(422)},
	"port bulk 503":          {port: isBulk, misdeed: refuse(503)},
	"port bulk 207":          {port: isBulk, misdeed: refuseEntities},
	"port data":              {port: isNoToken, misdeed: decorate},
}

// TestNoSecretIsEverShown runs every command against servers that send back what they know, and looks for it in all that
// comes out.
func TestNoSecretIsEverShown(t *testing.T) {
	redacted := 0
	for name, test := range gossips {
		t.Run(name, func(t *testing.T) {
			commits := map[string][]row{"app": {commitRow("a7794fc92007d3a1b99066c8f6ec66a393bf3520", "fix")}}
			codecovSide := &gossip{next: codecovWith(t, []row{repositoryRow("app")}, commits), where: never, misdeed: test.misdeed}
			catalog := fakeport.New(fakeport.Options{ClientSecret: oddSecret})
			portSide := &gossip{next: catalog, where: never, misdeed: test.misdeed}
			export(t, listen(t, codecovSide), listen(t, portSide), map[string]string{"PORT_CLIENT_SECRET": oddSecret})
			if say(t, "setup").code != exitDone { // so that there is a webhook, and much to show
				t.Fatal("setup failed")
			}
			setMisdeeds(codecovSide, test.codecov)
			setMisdeeds(portSide, test.port)
			for _, command := range shownCommands(t) {
				emptyForSync(catalog, command)
				portSide.forget(oddSecret) // each run gets a token of its own
				codecovSide.forget(scriptToken)
				output := say(t, command...).text() + filesText(command)
				redacted += strings.Count(output, "[redacted]")
				for _, secret := range append([]string{oddSecret, scriptToken}, portSide.tokens()...) {
					assertAbsent(t, strings.Join(command, " "), output, secret)
				}
			}
			if codecovSide.times()+portSide.times() == 0 {
				t.Error("no answer held a secret")
			}
		})
	}
	if redacted == 0 {
		t.Error("nothing was redacted: the messages did not come through")
	}
}

// emptyForSync removes all entities before a sync, so that it has something to write.
func emptyForSync(catalog *fakeport.Server, command []string) {
	if command[0] == "sync" {
		catalog.DeleteBlueprint(historyBlueprint)
		catalog.DeleteBlueprint(stateBlueprint)
	}
}

func never(*http.Request) bool { return false }

func setMisdeeds(g *gossip, where func(*http.Request) bool) {
	if where != nil {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.where = where
	}
}

// forget leaves one secret known. A request that a run gave up may still be under way.
func (g *gossip) forget(but string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.known = []string{but}
}

func (g *gossip) times() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.shown
}

func (g *gossip) misbehaves(r *http.Request) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.where(r)
}

// tokens are those that went by.
func (g *gossip) tokens() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.known
}

// shownCommands are all that print something of an answer. The webhook's address is printed by setup alone.
func shownCommands(t *testing.T) [][]string {
	return [][]string{
		{"sync", "--dry-run"},
		{"sync", "--output", "json", "--report", filepath.Join(t.TempDir(), "report.html")},
		{"sync", "--dry-run", "--output", "jsonl", "--report", filepath.Join(t.TempDir(), "report.html")},
		{"sync", "--mapping", "webhook"},
		{"setup", "--dry-run"},
		{"setup", "--update"},
		{"check"},
		{"check", "--output", "json"},
		{"map", "--repo", "app", "--commit", "a7794fc"},
		{"sync", "--dry-run", "-vv"},
		{"sync", "-vv"},
		{"setup", "--update", "-vv"},
		{"check", "-vv"},
		{"map", "--repo", "app", "--commit", "a7794fc", "-vv"},
	}
}

// filesText returns what a command wrote to the files that its arguments name, as it stands there and as a page shows it.
func filesText(command []string) string {
	var all strings.Builder
	for _, argument := range command {
		inFolder, _ := filepath.Glob(filepath.Join(argument, "*"))
		for _, name := range append(inFolder, argument) {
			text, _ := os.ReadFile(name) // most name none
			all.Write(text)
			all.WriteString(escapes.UnescapeString(string(text)))
		}
	}
	return all.String()
}

func assertAbsent(t *testing.T, command, output, secret string) {
	t.Helper()
	for _, form := range spellings(secret) {
		if at := strings.Index(output, form); at >= 0 {
			t.Errorf("%s shows %q: …%.300q", command, form, output[max(0, at-100):])
		}
	}
}

// TestCommandsWithoutServersShowNoSecret: the rest of the commands.
func TestCommandsWithoutServersShowNoSecret(t *testing.T) {
	t.Chdir(t.TempDir())
	export(t, "http://127.0.0.1:1", "http://127.0.0.1:1", map[string]string{"PORT_CLIENT_SECRET": oddSecret})
	for _, command := range [][]string{
		{}, {"--help"}, {"sync", "--help"}, {"setup", "--help"}, {"check", "--help"}, {"map", "--help"}, {"config", "--help"}, {"demo"}, {"demo", "-vv"},
		{"version"}, {"version", "--output", "json"}, {"sync", "--no-such-flag"}, {"config"}, {"config", "--output", "json"}, {"config", "-vv"},
		{"completion", "bash"}, {"completion", "zsh"}, {"completion", "fish"}, {"completion", "powershell"},
		{"__complete", "sync", "--service", ""}, {"__complete", "sync", "--owner", ""}, {"__complete", "config", "--"},
		{"man", "pages"},
	} {
		output := say(t, command...).text() + filesText(command)
		for _, secret := range []string{oddSecret, scriptToken} {
			assertAbsent(t, strings.Join(command, " "), output, secret)
		}
	}
}

// TestDemoThatIsKeptShowsNoSecret: it prints credentials, which are its own.
func TestDemoThatIsKeptShowsNoSecret(t *testing.T) {
	export(t, "http://127.0.0.1:1", "http://127.0.0.1:1", map[string]string{"PORT_CLIENT_SECRET": oddSecret})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	output := watchFor("export CODECOV_URL=")
	go func() {
		select {
		case <-output.found:
			stop()
		case <-ctx.Done():
		}
	}()
	code := run(ctx, []string{"demo", "--keep", "-vv"}, &terminal.Streams{In: strings.NewReader(""), Out: output, Err: output})
	if code != exitDone || !strings.Contains(output.String(), "export PORT_CLIENT_SECRET='") {
		t.Errorf("exit code %d: %s", code, output)
	}
	for _, secret := range []string{oddSecret, scriptToken} {
		assertAbsent(t, "demo --keep", output.String(), secret)
	}
}

// TestWebhookKeyIsShownBySetupAlone: who knows it can write to Port.
func TestWebhookKeyIsShownBySetupAlone(t *testing.T) {
	catalog := fakeport.New(fakeport.Options{})
	source := codecovWith(t, []row{repositoryRow("app")}, map[string][]row{"app": {commitRow("a7794fc92007d3a1b99066c8f6ec66a393bf3520", "fix")}})
	export(t, listen(t, source), listen(t, catalog), nil)
	address := say(t, "setup").out
	_, address, _ = strings.Cut(address, "https://ingest.port.io/")
	key, _, _ := strings.Cut(address, "\n")
	if len(key) < 16 {
		t.Fatalf("key %q", key)
	}
	for _, command := range [][]string{{"sync", "--dry-run"}, {"sync"}, {"sync", "-vv"}, {"check", "-vv"}, {"check"}, {"check", "--output", "json"}, {"map", "--repo", "app", "--commit", "a7794fc"}} {
		assertAbsent(t, strings.Join(command, " "), say(t, command...).text(), key)
	}
}

// TestSettingsKeepTheirSecrets: whatever prints them, a panic included.
func TestSettingsKeepTheirSecrets(t *testing.T) {
	s := settings{port: port.Options{ClientSecret: oddSecret}, codecov: codecov.Options{Token: scriptToken}, owners: []string{"acme"}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		for _, value := range []any{s, &s, []settings{s}, map[string]settings{"s": s}} {
			for _, secret := range []string{oddSecret, scriptToken, fmt.Sprintf("%x", scriptToken)} {
				assertAbsent(t, verb, fmt.Sprintf(verb, value), secret)
			}
		}
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("read", "settings", s)
	if text := log.String(); !strings.Contains(text, "acme") || strings.Contains(text, scriptToken) {
		t.Errorf("logged as %q", text)
	}
}

// TestUnasked: a server that sends more than was asked for, the token in it, on a connection that stays open. net/http
// records that in a log of its own.
func TestUnasked(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go answerTooMuch(connection)
		}
	}()
	command := exec.CommandContext(t.Context(), "codecov-port", "map", "--repo", "app", "--commit", "a7794fc", "--mapping", "builtin")
	command.Env = os.Environ()
	for name, value := range userEnvironment("http://"+listener.Addr().String(), "http://127.0.0.1:1") {
		command.Env = append(command.Env, name+"="+value)
	}
	output, _ := command.CombinedOutput()
	assertAbsent(t, "map", string(output), scriptToken)
	if bytes.Contains(output, []byte("nsolicited")) {
		t.Errorf("the log of net/http came through: %s", output)
	}
}

func answerTooMuch(connection net.Conn) {
	defer func() { _ = connection.Close() }()
	reader := bufio.NewReader(connection)
	for {
		request, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		const body = `{"count":1,"results":[]}`
		_, _ = fmt.Fprintf(connection, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s%s\r\n", len(body), body, request.Header.Get("Authorization"))
	}
}

// TestRedirectsAreNotFollowed: 307 would send the body along, and with it the client secret.
func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := listen(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("followed: %s %s with %q", r.Method, r.URL, r.Header.Get("Authorization"))
	}))
	source := codecovWith(t, []row{repositoryRow("app")}, nil)
	for name, test := range map[string]struct{ codecov, port func(*http.Request) bool }{
		"codecov": {anywhere, never}, "token": {never, isToken}, "port": {never, isNoToken},
	} {
		t.Run(name, func(t *testing.T) {
			away := func(where func(*http.Request) bool, next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if where(r) {
						http.Redirect(w, r, elsewhere+r.URL.Path, http.StatusTemporaryRedirect)
						return
					}
					next.ServeHTTP(w, r)
				})
			}
			export(t, listen(t, away(test.codecov, source)), listen(t, away(test.port, fakeport.New(fakeport.Options{}))), nil)
			for _, command := range shownCommands(t) {
				if got := say(t, command...); got.code == exitDone && command[0] != "setup" && command[0] != "map" {
					t.Errorf("%v ends well: %s", command, got.text())
				}
			}
		})
	}
}
