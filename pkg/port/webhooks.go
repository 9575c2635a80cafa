package port

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
)

// Webhook is one of Port's ways in: what is posted to its URL becomes entities by its mappings. Who knows the URL or
// the key can write to Port: they are left out of the texts that a Webhook gives of itself.
type Webhook struct {
	Identifier  string          `json:"identifier,omitempty"` // 30 characters at the most, as is Title
	Title       string          `json:"title"`
	Description string          `json:"description,omitempty"`
	Icon        string          `json:"icon,omitempty"`
	Enabled     bool            `json:"enabled"`
	Mappings    json.RawMessage `json:"mappings,omitempty"` // an array, just as Port holds it
	Key         string          `json:"webhookKey,omitempty"`
	URL         string          `json:"url,omitempty"` // Key and URL are Port's to give; they are never sent
}

// String leaves the address and the key out.
func (w Webhook) String() string { return "webhook " + w.Identifier }

// GoString leaves the address and the key out.
func (w Webhook) GoString() string { return w.String() }

// LogValue leaves the address and the key out.
func (w Webhook) LogValue() slog.Value { return slog.StringValue(w.String()) }

// Webhook reads a webhook. The error is ErrNotFound where there is none of that identifier, and ErrForbidden or
// ErrUnauthorized where the credentials may not read webhooks.
func (c *Client) Webhook(ctx context.Context, identifier string) (Webhook, error) {
	var answer webhookAnswer
	err := c.read(ctx, &answer, "v1", "webhooks", identifier)
	if err == nil && answer.Integration.Identifier != identifier {
		err = errors.New("the answer holds another webhook, or none")
	}
	return answer.Integration, err
}

// CreateWebhook creates a webhook and gives it with its URL and key. The error is ErrExists where one of that
// identifier is there already; that one is left as it is.
func (c *Client) CreateWebhook(ctx context.Context, webhook Webhook) (Webhook, error) {
	request, err := CreateWebhookRequest(webhook)
	if err != nil {
		return Webhook{}, err
	}
	return c.sendWebhook(ctx, request)
}

// UpdateWebhook changes what the patch, a JSON object, names of a webhook, and gives the whole. Mappings are replaced
// as a whole. The error is ErrNotFound where there is no webhook of that identifier.
func (c *Client) UpdateWebhook(ctx context.Context, identifier string, patch json.RawMessage) (Webhook, error) {
	return c.sendWebhook(ctx, UpdateWebhookRequest(identifier, patch))
}

// webhookAnswer is how Port wraps a webhook.
type webhookAnswer struct {
	Integration Webhook `json:"integration"`
}

func (c *Client) sendWebhook(ctx context.Context, request Request) (Webhook, error) {
	var answer webhookAnswer
	err := c.send(ctx, request, &answer)
	return answer.Integration, err
}

// CreateWebhookRequest tells what CreateWebhook sends.
func CreateWebhookRequest(webhook Webhook) (Request, error) {
	webhook.Key, webhook.URL = "", ""
	body, err := encode(webhook)
	if err != nil {
		return Request{}, fmt.Errorf("encode webhook %s: %w", webhook.Identifier, err)
	}
	return newRequest(http.MethodPost, body, "v1", "webhooks"), nil
}

// UpdateWebhookRequest tells what UpdateWebhook sends.
func UpdateWebhookRequest(identifier string, patch json.RawMessage) Request {
	return newRequest(http.MethodPatch, patch, "v1", "webhooks", identifier)
}
