package port

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/codecov-port/codecov-port/internal/httpclient"
)

// MaxDeleteEntities is how many entities one request may delete, by Port's contract.
const MaxDeleteEntities = 100

// DeleteResult tells what became of a bulk deletion.
type DeleteResult struct {
	Deleted []string // the identifiers that Port's answer names; those that it did not hold are not among them
	TraceID string
}

// DeleteEntities deletes 1 to MaxDeleteEntities entities of a blueprint in one request. dependents deletes the
// entities that are related to them as well. The error is an *APIError where Port refuses the request. Repeating it is
// harmless; an answer to a repeated request may name none, because the first one had its effect.
func (c *Client) DeleteEntities(ctx context.Context, blueprint string, identifiers []string, dependents bool) (DeleteResult, error) {
	if len(identifiers) == 0 || len(identifiers) > MaxDeleteEntities {
		return DeleteResult{}, fmt.Errorf("delete %d entities of %s: expected 1 to %d", len(identifiers), blueprint, MaxDeleteEntities)
	}
	body, err := encode(map[string][]string{"entities": identifiers})
	if err != nil {
		return DeleteResult{}, fmt.Errorf("encode the deletion from %s: %w", blueprint, err)
	}
	var answer struct {
		Deleted []string `json:"deletedEntities"`
	}
	response, err := c.call(ctx, httpclient.Request{
		Method: http.MethodPost,
		URL:    c.address(url.Values{"delete_dependents": {strconv.FormatBool(dependents)}}, "v1", "blueprints", blueprint, "bulk", "entities", "delete"),
		Body:   body,
		Class:  entitiesClass,
	}, &answer)
	if err != nil {
		return DeleteResult{}, err
	}
	return DeleteResult{Deleted: answer.Deleted, TraceID: traceID(response)}, nil
}
