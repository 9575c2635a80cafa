package port

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
)

// Webhook is a webhook of Port: its mappings turn what is posted to URL into entities. Whoever knows URL or Key can
// write to Port, so the text forms of a Webhook leave them out.
type Webhook struct {
	Identifier  string          `json:"identifier,omitempty"` // at most 30 characters, as Title
	Title       string          `json:"title"`
	Description string          `json:"description,omitempty"`
	Icon        string          `json:"icon,omitempty"`
	Enabled     bool            `json:"enabled"`
	Mappings    json.RawMessage `json:"mappings,omitempty"` // an array, as Port wrote it
	Key         string          `json:"webhookKey,omitempty"`
	URL         string          `json:"url,omitempty"` // Port sets Key and URL
}

// String returns the identifier, without URL and key.
func (w Webhook) String() string { return "webhook " + w.Identifier }

// GoString returns the same as String.
func (w Webhook) GoString() string { return w.String() }

// LogValue returns the same as String.
func (w Webhook) LogValue() slog.Value { return slog.StringValue(w.String()) }

// Webhook returns a webhook. It returns ErrNotFound if it does not exist, and ErrForbidden or ErrUnauthorized if the
// credentials do not permit reading webhooks.
func (c *Client) Webhook(ctx context.Context, identifier string) (Webhook, error) {
	webhook, err := read[Webhook](ctx, c, "integration", "webhooks", identifier)
	if err == nil && webhook.Identifier != identifier {
		err = fmt.Errorf("read webhook %s: the answer holds another webhook or none", identifier)
	}
	return webhook, err
}
