package port_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/codecov-port/codecov-port/internal/fake/contract"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
)

// underContract checks the answers that pass through a handler against Port's contract.
func underContract(t testing.TB, handler http.Handler) http.Handler {
	t.Helper()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, r)
		body := recorder.Body.Bytes()
		if err := contract.CheckAnswer(r.Pattern, recorder.Code, recorder.Header(), body); err != nil {
			t.Errorf("%s %s: %v: %s", r.Method, r.URL.Path, err, body)
		}
		maps.Copy(w.Header(), recorder.Header())
		w.WriteHeader(recorder.Code)
		_, _ = w.Write(body)
	})
}

// client sends requests to an emulator, with a token once it has logged in.
type client struct {
	t       testing.TB
	server  *fakeport.Server
	handler http.Handler
	token   string
}

// start returns a client that has signed in to a new emulator with the documented blueprint and three that try out
// every kind of property and relation. Its counts begin at zero.
func start(t testing.TB, options fakeport.Options) *client {
	t.Helper()
	server := fakeport.New(options)
	for _, blueprint := range []string{serviceBlueprint, valuesBlueprint, eventBlueprint} {
		if err := server.PutBlueprint([]byte(blueprint)); err != nil {
			t.Fatal(err)
		}
	}
	c := &client{t: t, server: server, handler: underContract(t, server)}
	c.login()
	server.ResetCounts()
	return c
}

const serviceBlueprint = `{"identifier":"service","title":"Service","schema":{"properties":{
	"tier":{"type":"number"},"language":{"type":"string"},"tags":{"type":"array"},"since":{"type":"string","format":"date-time"}}},
	"relations":{"parent":{"target":"service","required":false,"many":false}}}`

const valuesBlueprint = `{"identifier":"values","title":"Values","schema":{"required":[],"properties":{
	"text":{"type":"string"},"number":{"type":"number","minimum":0,"maximum":100},"flag":{"type":"boolean"},
	"object":{"type":"object"},"array":{"type":"array","minItems":1,"maxItems":2},
	"dates":{"type":"array","items":{"type":"string","format":"date-time"}},
	"at":{"type":"string","format":"date-time"},"url":{"type":"string","format":"url"},"email":{"type":"string","format":"email"},
	"ipv4":{"type":"string","format":"ipv4"},"ipv6":{"type":"string","format":"ipv6"},"markdown":{"type":"string","format":"markdown"},
	"choice":{"type":"string","enum":["a","b"]},"level":{"type":"number","enum":[1,2]},
	"short":{"type":"string","minLength":2,"maxLength":3},"code":{"type":"string","pattern":"^[a-z]+$"}}}}`

const eventBlueprint = `{"identifier":"event","title":"Event","schema":{"properties":{"value":{"type":"number"},"note":{"type":"string"}},"required":["value"]},
	"relations":{"service":{"target":"service","required":false,"many":false},"others":{"target":"service","required":false,"many":true}}}`

func (c *client) login() {
	c.t.Helper()
	answer := c.do("POST /v1/auth/access_token", credentials(fakeport.DefaultClientID, fakeport.DefaultClientSecret))
	c.token, _ = answer.body["accessToken"].(string)
	if answer.status != http.StatusOK || c.token == "" {
		c.t.Fatalf("no token: %d %v", answer.status, answer.body)
	}
}

func credentials(id, secret string) string {
	return fmt.Sprintf(`{"clientId":%q,"clientSecret":%q}`, id, secret)
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   map[string]any
}

// do sends "METHOD target" with a body, if it is not empty.
func (c *client) do(request, body string) answer {
	c.t.Helper()
	method, target, _ := strings.Cut(request, " ")
	r := httptest.NewRequestWithContext(c.t.Context(), method, target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	got := answer{status: w.Code, header: w.Header()}
	if err := json.Unmarshal(w.Body.Bytes(), &got.body); err != nil {
		c.t.Fatalf("%s: answer %q: %v", request, w.Body, err)
	}
	return got
}

// must is do for requests that have to succeed.
func (c *client) must(request, body string) answer {
	c.t.Helper()
	got := c.do(request, body)
	if got.status >= http.StatusMultiStatus {
		c.t.Fatalf("%s: %d %v", request, got.status, got.body)
	}
	return got
}

// refused is do for requests that have to fail with that status, and a message that holds that text.
func (c *client) refused(request, body string, status int, text string) {
	c.t.Helper()
	got := c.do(request, body)
	if message := fmt.Sprint(got.body["error"], ": ", got.body["message"]); got.status != status || !strings.Contains(message, text) {
		c.t.Errorf("%s: %d %s, want %d with %q", request, got.status, message, status, text)
	}
}

// write upserts one entity in bulk and returns its error, or "".
func (c *client) write(blueprint, query, entity string) string {
	c.t.Helper()
	got := c.do("POST /v1/blueprints/"+blueprint+"/entities/bulk?"+query, `{"entities":[`+entity+`]}`)
	errors, ok := got.body["errors"].([]any)
	if !ok {
		return fmt.Sprint(got.status, " ", got.body["message"])
	}
	if len(errors) == 0 {
		return ""
	}
	refusal, _ := errors[0].(map[string]any)
	return fmt.Sprint(refusal["statusCode"], " ", refusal["message"])
}

// held returns an entity that has to exist.
func (c *client) held(blueprint, identifier string) fakeport.Entity {
	c.t.Helper()
	entity, ok := c.server.Entity(blueprint, identifier)
	if !ok {
		c.t.Fatalf("no entity %q in %s", identifier, blueprint)
	}
	return entity
}

func identifiers(entities []fakeport.Entity) []string {
	var identifiers []string
	for _, entity := range entities {
		identifiers = append(identifiers, entity.Identifier)
	}
	return identifiers
}

// at follows names into nested objects; nil when one is missing.
func at(value any, names ...string) any {
	for _, name := range names {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}
