package check_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/codecov-port/codecov-port/internal/check"
	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/internal/fake/faults"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/internal/fake/recordings"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "0b7c2f5a-8a4e-4c6f-9b83-6a1f0f1f2f3f"

// bench is a Codecov with an account, and a Port in each region, of which eu is set up completely. Requests need no
// connection, so that a test can run in a bubble of its own time.
type bench struct {
	codecov *fakecodecov.Server
	eu, us  *fakeport.Server
	hosts   map[string]http.Handler
	source  codecov.Options
	catalog port.Options
	options check.Options
}

func newBench(t *testing.T, account fakecodecov.Account, access fakecodecov.Access) *bench {
	t.Helper()
	b := &bench{
		codecov: fakecodecov.New(fakecodecov.Options{
			Accounts: []fakecodecov.Account{account}, Tokens: map[string]fakecodecov.Access{token: access}, KeepRequests: true,
		}),
		eu: fakeport.New(fakeport.Options{RateLimit: fakeport.RateLimit{Requests: 1000}}),
		us: fakeport.New(fakeport.Options{ClientSecret: "secret-of-us"}),
	}
	b.hosts = map[string]http.Handler{"codecov.test": b.codecov, "eu.test": b.eu, "us.test": b.us}
	network := faults.Network{Hosts: b.hosts}
	b.source = codecov.Options{BaseURL: "https://codecov.test/api/v2", Token: token, Service: codecov.Service(account.Service), Transport: network}
	b.catalog = port.Options{BaseURL: "https://eu.test", ClientID: fakeport.DefaultClientID, ClientSecret: fakeport.DefaultClientSecret, Transport: network}
	b.options = check.Options{
		CodecovURL: b.source.BaseURL, PortURL: b.catalog.BaseURL, Owners: []string{account.Owner.Username},
		AppURL: "https://app.codecov.io", Choice: mapper.Choice{Name: mapper.ChoiceAuto}, Now: recordings.Now(),
	}
	for _, blueprint := range builtinBlueprints(t) {
		b.put(t, blueprint)
	}
	_, client := b.clients(t, b.source, b.catalog)
	document, err := json.Marshal(port.Webhook{
		Identifier: mapper.WebhookIdentifier, Title: "Codecov Mapper", Enabled: true, Mappings: mapper.BuiltinMappingJSON(),
	})
	if err == nil {
		err = client.Send(t.Context(), port.NewRequest(http.MethodPost, document, "webhooks"))
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// run returns the steps. It fails the test if a request would have changed anything.
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

// builtinBlueprints returns the built-in blueprints without aggregations, whose targets would have to exist.
func builtinBlueprints(t *testing.T) []port.Blueprint {
	t.Helper()
	blueprints := mapper.BuiltinBlueprints()
	for i := range blueprints {
		blueprints[i].AggregationProperties = nil
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

// change replaces a built-in blueprint by a changed one.
func (b *bench) change(t *testing.T, index int, change func(*port.Blueprint)) {
	t.Helper()
	blueprint := builtinBlueprints(t)[index]
	change(&blueprint)
	b.put(t, blueprint)
}

// hold puts an entity with the address of its page into Port.
func (b *bench) hold(t *testing.T, blueprint, property, identifier, page string) {
	t.Helper()
	if err := b.eu.PutEntity(blueprint, fakeport.Entity{Identifier: identifier, Properties: map[string]any{property: page}}); err != nil {
		t.Fatal(err)
	}
}

// changeWebhook changes fields of Port's webhook.
func (b *bench) changeWebhook(t *testing.T, patch string) {
	t.Helper()
	_, client := b.clients(t, b.source, b.catalog)
	if err := client.Send(t.Context(), port.NewRequest(http.MethodPatch, json.RawMessage(patch), "webhooks", mapper.WebhookIdentifier)); err != nil {
		t.Fatal(err)
	}
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
