package port

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// MaxDeleteEntities is the maximum number of entities that one request deletes.
const MaxDeleteEntities = 100

// DeleteResult is the result of a bulk deletion.
type DeleteResult struct {
	Deleted []string // identifiers; those that Port did not have are missing
	TraceID string
}

// DeleteEntities deletes 1 to MaxDeleteEntities entities of a blueprint in one request, and with dependents the
// entities that relate to them. Repeating a deletion is harmless; the result of a retried request may be empty, since
// the first attempt deleted the entities.
func (c *Client) DeleteEntities(
	ctx context.Context, blueprint string, identifiers []string, dependents bool,
) (DeleteResult, error) {
	if len(identifiers) == 0 || len(identifiers) > MaxDeleteEntities {
		return DeleteResult{}, fmt.Errorf(
			"delete %d entities of %s: expected 1 to %d", len(identifiers), blueprint, MaxDeleteEntities)
	}
	body, err := encode(map[string][]string{"entities": identifiers})
	if err != nil {
		return DeleteResult{}, fmt.Errorf("encode deletion from %s: %w", blueprint, err)
	}
	var answer struct {
		Deleted []string `json:"deletedEntities"`
	}
	request := Request{
		Method: http.MethodPost, Path: path("blueprints", blueprint, "bulk", "entities", "delete"), Body: body,
	}
	query := url.Values{"delete_dependents": {strconv.FormatBool(dependents)}}
	traceID, err := c.call(ctx, request, query, entitiesClass, &answer)
	if err != nil {
		return DeleteResult{}, err
	}
	return DeleteResult{Deleted: answer.Deleted, TraceID: traceID}, nil
}
