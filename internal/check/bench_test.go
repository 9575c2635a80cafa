package check_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/codecov-port/codecov-port/internal/check"
	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/internal/fake/contract"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/internal/fake/recordings"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "0b7c2f5a-8a4e-4c6f-9b83-6a1f0f1f2f3f"

var theContract = sync.OnceValues(func() (*contract.Contract, error) {
	return contract.Load("../../testdata/port/openapi.json")
})

// bench is a Codecov with an account, and a Port in each region, of which eu is set up as it should be. They are
// asked without a network, so that a test can be run in a bubble of its own time.
type bench struct {
	codecov *fakecodecov.Server
	eu, us  *fakeport.Server
	hosts   map[string]http.Handler // one that is nil refuses the connection
	source  codecov.Options
	catalog port.Options
	options check.Options
}

func newBench(t *testing.T, account fakecodecov.Account, access fakecodecov.Access) *bench {
	t.Helper()
	contract, err := theContract()
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{
		codecov: fakecodecov.New(fakecodecov.Options{
			Accounts: []fakecodecov.Account{account}, Tokens: map[string]fakecodecov.Access{token: access}, KeepRequests: true,
		}),
		eu: fakeport.New(fakeport.Options{Validate: contract.Request, RateLimit: fakeport.RateLimit{Requests: 1000}}),
		us: fakeport.New(fakeport.Options{ClientSecret: "secret-of-us"}),
	}
	b.hosts = map[string]http.Handler{"codecov.test": b.codecov, "eu.test": b.eu, "us.test": b.us}
	b.source = codecov.Options{BaseURL: "https://codecov.test/api/v2", Token: token, Service: codecov.Service(account.Service()), Transport: b}
	b.catalog = port.Options{BaseURL: "https://eu.test", ClientID: fakeport.DefaultClientID, ClientSecret: fakeport.DefaultClientSecret, Transport: b}
	b.options = check.Options{
		CodecovURL: b.source.BaseURL, PortURL: b.catalog.BaseURL, Owners: []string{account.Owner().Username},
		AppURL: "https://app.codecov.io", Choice: mapper.Choice{Name: mapper.ChoiceAuto}, Now: recordings.Now(), Network: b,
	}
	for _, blueprint := range builtinBlueprints(t) {
		b.put(t, blueprint)
	}
	b.putWebhook(t, true, string(mapper.BuiltinMappingJSON()))
	return b
}

// RoundTrip hands a request to the handler of its host.
func (b *bench) RoundTrip(r *http.Request) (*http.Response, error) {
	handler := b.hosts[r.URL.Host]
	if handler == nil {
		return nil, fmt.Errorf("dial tcp %s: connection refused", r.URL.Host)
	}
	served := r.Clone(r.Context())
	if served.Body == nil {
		served.Body = http.NoBody
	}
	recorded := httptest.NewRecorder()
	handler.ServeHTTP(recorded, served)
	return recorded.Result(), nil
}

// run gives the steps, and fails the test where one of the sides was asked to change anything.
func (b *bench) run(t *testing.T) []check.Step {
	t.Helper()
	b.eu.ResetCounts()
	if b.options.Problems == nil {
		b.options.Codecov, b.options.Port = b.clients(t, b.source, b.catalog)
	}
	var steps []check.Step
	check.Run(t.Context(), b.options, func(s check.Step) { steps = append(steps, s) })
	for _, server := range []*fakeport.Server{b.eu, b.us} {
		for kind, count := range server.Requests().ByKind {
			if !slices.Contains([]fakeport.Kind{fakeport.Token, fakeport.BlueprintRead, fakeport.WebhookRead, fakeport.Search, fakeport.Other}, kind) {
				t.Errorf("Port got %d requests of kind %s", count, kind)
			}
		}
	}
	for _, violation := range b.eu.Violations() {
		t.Errorf("against Port's contract: %v", violation)
	}
	for _, request := range b.codecov.Seen() {
		if request.Method != http.MethodGet {
			t.Errorf("Codecov got %s %s", request.Method, request.Target)
		}
	}
	return steps
}

func (b *bench) clients(t *testing.T, source codecov.Options, catalog port.Options) (*codecov.Client, *port.Client) {
	t.Helper()
	codecovClient, err := codecov.NewClient(source)
	if err != nil {
		t.Fatal(err)
	}
	portClient, err := port.NewClient(catalog)
	if err != nil {
		t.Fatal(err)
	}
	return codecovClient, portClient
}

// builtinBlueprints are the built-in ones without what they compute: the aggregations of each need the other one.
func builtinBlueprints(t *testing.T) []port.Blueprint {
	t.Helper()
	blueprints := mapper.BuiltinBlueprints()
	for i := range blueprints {
		blueprints[i].AggregationProperties, blueprints[i].CalculationProperties = nil, nil
	}
	return blueprints
}

func (b *bench) put(t *testing.T, blueprint port.Blueprint) {
	t.Helper()
	document, err := json.Marshal(blueprint)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.eu.PutBlueprint(document); err != nil {
		t.Fatal(err)
	}
}

// change puts a blueprint after it was changed.
func (b *bench) change(t *testing.T, index int, change func(*port.Blueprint)) {
	t.Helper()
	blueprint := builtinBlueprints(t)[index]
	change(&blueprint)
	b.put(t, blueprint)
}

func (b *bench) putWebhook(t *testing.T, enabled bool, mappings string) {
	t.Helper()
	_, client := b.clients(t, b.source, b.catalog)
	if err := b.send(t, http.MethodDelete, "/v1/webhooks/"+mapper.WebhookIdentifier); err != nil {
		t.Fatal(err)
	}
	_, err := client.CreateWebhook(t.Context(), port.Webhook{
		Identifier: mapper.WebhookIdentifier, Title: "Codecov Mapper", Enabled: enabled, Mappings: json.RawMessage(mappings),
	})
	if err != nil {
		t.Fatal(err)
	}
}

// send asks Port for something that the client cannot ask for.
func (b *bench) send(t *testing.T, method, path string) error {
	t.Helper()
	answer, err := b.ask(http.MethodPost, "/v1/auth/access_token", "",
		`{"clientId":"`+fakeport.DefaultClientID+`","clientSecret":"`+fakeport.DefaultClientSecret+`"}`)
	if err != nil {
		return err
	}
	var given struct {
		AccessToken string `json:"accessToken"`
	}
	if err := json.Unmarshal(answer, &given); err != nil {
		return err
	}
	_, err = b.ask(method, path, given.AccessToken, "")
	return err
}

func (b *bench) ask(method, path, bearer, body string) ([]byte, error) {
	request, err := http.NewRequest(method, "https://eu.test"+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	response, err := b.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(response.Body)
}

func acme(t *testing.T) fakecodecov.Account {
	t.Helper()
	file, err := recordings.Accounts.Open("accounts/github.acme.json")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	account, err := fakecodecov.LoadAccount(file)
	if err != nil {
		t.Fatal(err)
	}
	return account
}
