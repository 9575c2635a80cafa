package port_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/fake/faults"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/pkg/port"
)

func exampleWebhook() port.Webhook {
	return port.Webhook{
		Identifier: "mapper", Title: "Mapper", Description: "maps", Icon: "Git", Enabled: true,
		Mappings: json.RawMessage(`[{"blueprint":"event","filter":".body.a > 1","entity":{"identifier":".body.id"}}]`),
	}
}

func creation(t *testing.T, webhook port.Webhook) port.Request {
	t.Helper()
	document, err := json.Marshal(webhook)
	if err != nil {
		t.Fatal(err)
	}
	return port.NewRequest(http.MethodPost, document, "webhooks")
}

// createWebhook creates a webhook and returns it as Port holds it.
func createWebhook(t *testing.T, client *port.Client, webhook port.Webhook) (port.Webhook, error) {
	t.Helper()
	if err := client.Send(t.Context(), creation(t, webhook)); err != nil {
		return port.Webhook{}, err
	}
	return client.Webhook(t.Context(), webhook.Identifier)
}

func TestWebhookRoundTrip(t *testing.T) {
	client := connect(t, emulate(t, fakeport.Options{}))
	sent := exampleWebhook()
	created, err := createWebhook(t, client, sent)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(created.URL, "https://ingest.") || created.Key == "" {
		t.Errorf("url %q, key %q", created.URL, created.Key)
	}
	created.URL, created.Key = sent.URL, sent.Key
	compareWebhooks(t, sent, created)
}

func TestUpdateWebhookChangesWhatThePatchNames(t *testing.T) {
	client := connect(t, emulate(t, fakeport.Options{}))
	created, err := createWebhook(t, client, exampleWebhook())
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Send(t.Context(), port.NewRequest(http.MethodPatch, json.RawMessage(`{"enabled":false}`), "webhooks", "mapper")); err != nil {
		t.Fatal(err)
	}
	updated, err := client.Webhook(t.Context(), "mapper")
	if err != nil {
		t.Fatal(err)
	}
	created.Enabled = false
	compareWebhooks(t, created, updated)
}

// compareWebhooks compares the parts: a webhook's own text leaves some out.
func compareWebhooks(t *testing.T, want, got port.Webhook) {
	t.Helper()
	parts := func(w port.Webhook) map[string]any {
		text, err := json.Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		return object(t, text)
	}
	if diff := cmp.Diff(parts(want), parts(got)); diff != "" {
		t.Errorf("webhook (-want +got):\n%s", diff)
	}
}

func TestWebhookErrors(t *testing.T) {
	server := emulate(t, fakeport.Options{})
	client := connect(t, server)
	_, err := client.Webhook(t.Context(), "mapper")
	checkAPIError(t, err, port.ErrNotFound)
	err = client.Send(t.Context(), port.NewRequest(http.MethodPatch, json.RawMessage(`{}`), "webhooks", "mapper"))
	checkAPIError(t, err, port.ErrNotFound)
	if _, err := createWebhook(t, client, exampleWebhook()); err != nil {
		t.Fatal(err)
	}
	_, err = createWebhook(t, client, exampleWebhook())
	checkAPIError(t, err, port.ErrExists)
	server.Faults.Add(faults.Fault{Match: isNoToken, Status: http.StatusForbidden, Body: `{"ok":false,"error":"forbidden","message":"m"}`})
	if _, err = client.Webhook(t.Context(), "mapper"); err == nil {
		t.Fatal("no error")
	}
}

func TestWebhookKeepsItsAddressToItself(t *testing.T) {
	webhook := exampleWebhook()
	webhook.URL, webhook.Key = "https://ingest.port.io/abc", "abc"
	var logged strings.Builder
	slog.New(slog.NewTextHandler(&logged, nil)).Info("seen", "webhook", webhook)
	for _, text := range []string{fmt.Sprint(webhook), fmt.Sprintf("%+v", webhook), fmt.Sprintf("%#v", &webhook), logged.String()} {
		if strings.Contains(text, "abc") || !strings.Contains(text, "mapper") {
			t.Errorf("%s", text)
		}
	}
}

// TestRequestsAreSentAsTheyAre compares the requests as data with those that arrive.
func TestRequestsAreSentAsTheyAre(t *testing.T) {
	server := emulate(t, fakeport.Options{})
	want := []port.Request{creation(t, exampleWebhook()), port.NewRequest(http.MethodPatch, json.RawMessage(`{"title":"Other <&>"}`), "webhooks", "mapper")}
	client := connect(t, server)
	for _, request := range want {
		if err := client.Send(t.Context(), request); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want, arrived(server)); diff != "" {
		t.Errorf("requests (-want +sent):\n%s", diff)
	}
}

// arrived returns the requests that change blueprints or webhooks, as the emulator saw them.
func arrived(server *fakeport.Server) []port.Request {
	var requests []port.Request
	for _, seen := range server.Seen() {
		switch seen.Kind {
		case fakeport.BlueprintCreate, fakeport.BlueprintChange, fakeport.WebhookWrite:
			requests = append(requests, port.Request{Method: seen.Method, Path: seen.Path, Body: seen.Body})
		}
	}
	return requests
}
