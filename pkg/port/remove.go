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
	err := c.read(ctx, path("blueprints"), &answer)
	return answer.Blueprints, err
}

// PutBlueprintRequest returns the request that replaces a blueprint by a document. Unlike a patch, it can remove
// properties.
func PutBlueprintRequest(identifier string, document json.RawMessage) Request {
	return Request{Method: http.MethodPut, Path: path("blueprints", identifier), Body: document}
}

// DeleteBlueprintRequest returns the request that deletes a blueprint with all its entities.
func DeleteBlueprintRequest(identifier string) Request {
	request := Request{Method: http.MethodDelete, Path: path("blueprints", identifier, "all-entities")}
	request.Path += "?delete_blueprint=true"
	return request
}

// DeleteWebhookRequest returns the request that deletes a webhook.
func DeleteWebhookRequest(identifier string) Request {
	return Request{Method: http.MethodDelete, Path: path("webhooks", identifier)}
}
