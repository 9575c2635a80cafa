package port

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/codecov-port/codecov-port/internal/httpclient"
)

// FreeEntities is the number of entities that a free Port account holds, by Port's documentation.
const FreeEntities = 10_000

// BulkRequests returns the number of bulk requests for so many entities of usual size.
func BulkRequests(entities int) int { return (entities + MaxBulkEntities - 1) / MaxBulkEntities }

// UpsertOptions configures a bulk upsert.
type UpsertOptions struct {
	CreateMissingRelated bool // create targets of relations that do not exist
	ValidationOnly       bool // validate the entities without writing them
}

// BulkResult is the result of a bulk upsert.
type BulkResult struct {
	Outcomes []Outcome // one per entity, in the order of the request
	TraceID  string
}

// Outcome is the result of one entity. Err is nil if it was written.
type Outcome struct {
	Identifier string
	Created    bool // according to Port, which may count stubs that a relation created
	Err        *EntityError
}

// EntityError is Port's refusal of one entity.
type EntityError struct {
	Status  int    `json:"status"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Error returns status, code and message.
func (e *EntityError) Error() string { return fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Message) }

// errUnmentioned is the error of an entity that the answer reports neither as written nor as refused.
var errUnmentioned = EntityError{Code: "not_mentioned", Message: "Port's answer does not mention the entity"}

// BulkUpsert writes 1 to MaxBulkEntities entities in one request. Properties that an entity leaves out keep the value
// that they have in Port. A refused entity is an Outcome; an error means that the whole request failed. Repeating an
// upsert is harmless.
func (c *Client) BulkUpsert(
	ctx context.Context, blueprint string, entities []Entity, o UpsertOptions,
) (BulkResult, error) {
	var batch Batch
	for _, entity := range entities {
		if err := batch.Add(entity); err != nil {
			return BulkResult{}, fmt.Errorf("upsert %d entities: %w", len(entities), err)
		}
	}
	return c.UpsertBatch(ctx, blueprint, &batch, o)
}

// UpsertBatch is BulkUpsert for a batch, which must not be empty.
func (c *Client) UpsertBatch(
	ctx context.Context, blueprint string, batch *Batch, o UpsertOptions,
) (BulkResult, error) {
	if batch.Len() == 0 {
		return BulkResult{}, errors.New("upsert entities: the batch is empty")
	}
	query := url.Values{
		"upsert":                          {"true"},
		"merge":                           {"true"},
		"create_missing_related_entities": {strconv.FormatBool(o.CreateMissingRelated)},
	}
	if o.ValidationOnly {
		query.Set("validation_only", "true")
	}
	var answer bulkAnswer
	request := Request{
		Method: http.MethodPost, Path: path("blueprints", blueprint, "entities", "bulk"), Body: batch.body(),
	}
	traceID, err := c.call(ctx, request, query, entitiesClass, &answer)
	if err != nil {
		return BulkResult{}, err
	}
	return BulkResult{Outcomes: answer.outcomes(batch.identifiers), TraceID: traceID}, nil
}

// bulkAnswer is the answer to a bulk upsert. It has the same form for 200 and 207, and errors may be in either.
type bulkAnswer struct {
	Entities []struct {
		Identifier string `json:"identifier"`
		Index      *int   `json:"index"`
		Created    bool   `json:"created"`
	} `json:"entities"`
	Errors []struct {
		Index      *int   `json:"index"`
		StatusCode int    `json:"statusCode"`
		Error      string `json:"error"`
		Message    string `json:"message"`
	} `json:"errors"`
}

// outcomes matches the answer with the entities of the request, by index. A refusal overrides a success, and an entity
// that is not mentioned is reported as refused.
func (a bulkAnswer) outcomes(identifiers []string) []Outcome {
	outcomes := make([]Outcome, len(identifiers))
	for i, identifier := range identifiers {
		outcomes[i] = Outcome{Identifier: identifier, Err: &errUnmentioned}
	}
	for _, written := range a.Entities {
		i, ok := position(written.Index, identifiers)
		if ok && (written.Identifier == "" || written.Identifier == identifiers[i]) { // it may be a stub of a relation
			outcomes[i].Created, outcomes[i].Err = written.Created, nil
		}
	}
	for _, refused := range a.Errors {
		if i, ok := position(refused.Index, identifiers); ok {
			outcomes[i].Err = &EntityError{
				Status:  refused.StatusCode,
				Code:    httpclient.Message(refused.Error),
				Message: httpclient.Message(refused.Message),
			}
		}
	}
	return outcomes
}

// position returns the index of an entity of the request, and false if it is missing or out of range.
func position(index *int, identifiers []string) (int, bool) {
	if index == nil || *index < 0 || *index >= len(identifiers) {
		return 0, false
	}
	return *index, true
}
