package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/fake/faults"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

func TestHintAtLiveEvents(t *testing.T) {
	builtin := string(mapper.BuiltinMappingJSON())
	for name, test := range map[string]struct {
		webhook    string // none where empty
		status     int    // of the answer, where it is a refusal
		blueprints []string
		dryRun     bool
		want       string // in the hint; none where empty
	}{
		"all is well":    {webhook: `{"enabled":true,"mappings":` + builtin + `}`},
		"missing":        {want: "does not exist: 'codecov-port setup'"},
		"disabled":       {webhook: `{"enabled":false,"mappings":` + builtin + `}`, want: "is disabled: enable it"},
		"no entry":       {webhook: `{"enabled":true,"mappings":[]}`, want: "has no entry for codecov_commit_coverage: 'codecov-port setup --update'"},
		"forbidden":      {status: http.StatusForbidden},
		"unauthorized":   {status: http.StatusUnauthorized},
		"other failure":  {status: http.StatusUnprocessableEntity},
		"no history":     {blueprints: []string{"codecov_coverage"}},
		"nothing was it": {dryRun: true},
	} {
		t.Run(name, func(t *testing.T) {
			options := backfill.Options{Port: portWith(t, test.webhook, test.status), Mapping: builtinMapping(t, test.blueprints...), DryRun: test.dryRun}
			var warnings strings.Builder
			hintAtLiveEvents(&terminal.Streams{Err: &warnings}, options, newWebhookReader(t.Context(), options.Port))
			got := warnings.String()
			if test.want == "" && got != "" {
				t.Errorf("said %q", got)
			}
			if !strings.Contains(got, test.want) || strings.Count(got, "\n") != min(len(test.want), 1) {
				t.Errorf("said %q, want one line with %q", got, test.want)
			}
		})
	}
}

// portWith gives a client of a Port that has a webhook, or that refuses to show it.
func portWith(t *testing.T, webhook string, status int) *port.Client {
	t.Helper()
	server := fakeport.New(fakeport.Options{})
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	client, err := port.NewClient(port.Options{BaseURL: listener.URL, ClientID: fakeport.DefaultClientID, ClientSecret: fakeport.DefaultClientSecret})
	if err != nil {
		t.Fatal(err)
	}
	if webhook != "" {
		document := port.Webhook{Identifier: mapper.WebhookIdentifier, Title: "t"}
		if err := json.Unmarshal([]byte(webhook), &document); err != nil {
			t.Fatal(err)
		}
		if _, err := client.CreateWebhook(t.Context(), document); err != nil {
			t.Fatal(err)
		}
	}
	if status != 0 {
		server.Faults.Add(faults.Fault{Times: -1, Status: status, Match: func(r *http.Request) bool { return r.Method == http.MethodGet }})
	}
	return client
}

func builtinMapping(t *testing.T, blueprints ...string) *mapper.Mapping {
	t.Helper()
	mapping, err := mapper.Compile(mapper.BuiltinMapping(), mapper.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(blueprints) > 0 {
		if mapping, err = mapping.Only(blueprints...); err != nil {
			t.Fatal(err)
		}
	}
	return mapping
}
