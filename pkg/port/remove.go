package port

import (
	"context"
	"encoding/json"
	"net/http"
)

// Blueprints reads all blueprints.
func (c *Client) Blueprints(ctx context.Context) ([]Blueprint, error) {
	var answer struct {
		Blueprints []Blueprint `json:"blueprints"`
	}
	err := c.read(ctx, &answer, "v1", "blueprints")
	return answer.Blueprints, err
}

// PutBlueprintRequest returns the request that replaces a blueprint by a document. Unlike a patch, it can remove
// properties.
func PutBlueprintRequest(identifier string, document json.RawMessage) Request {
	return newRequest(http.MethodPut, document, "v1", "blueprints", identifier)
}

// DeleteBlueprintRequest returns the request that deletes a blueprint with all its entities.
func DeleteBlueprintRequest(identifier string) Request {
	request := newRequest(http.MethodDelete, nil, "v1", "blueprints", identifier, "all-entities")
	request.Path += "?delete_blueprint=true"
	return request
}

// DeleteWebhookRequest returns the request that deletes a webhook.
func DeleteWebhookRequest(identifier string) Request {
	return newRequest(http.MethodDelete, nil, "v1", "webhooks", identifier)
}
