package port

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/codecov-port/codecov-port/internal/httpclient"
)

// Limits of one bulk request, by Port's contract.
const (
	MaxBulkEntities = 20
	MaxBulkBytes    = 1 << 20 // of the whole body
)

// BulkRequests returns the number of bulk requests for so many entities of usual size.
func BulkRequests(entities int) int { return (entities + MaxBulkEntities - 1) / MaxBulkEntities }

// ErrBatchFull is returned by Batch.Add if the entity must go into the next batch.
var ErrBatchFull = errors.New("batch is full")

// Batch is the body of one bulk upsert. Add encodes entities as they come, so that the size is known. The zero value is
// an empty batch. It is not safe for concurrent use.
type Batch struct {
	entities    [][]byte // encoded
	identifiers []string
	size        int // of the entities, with a comma each
}

const (
	batchHead = `{"entities":[`
	batchTail = `]}`
)

// Add encodes an entity and appends it. It returns ErrBatchFull if the entity does not fit into this batch, and an
// error that wraps ErrTooLarge if it does not fit into an empty one.
func (b *Batch) Add(entity Entity) error {
	if b.Len() == MaxBulkEntities {
		return ErrBatchFull
	}
	text, err := encode(entity)
	if err != nil {
		return fmt.Errorf("encode entity %s: %w", entity.Identifier, err)
	}
	size := len(batchHead) + len(text) + len(batchTail)
	switch {
	case size >= MaxBulkBytes:
		return fmt.Errorf("entity %s: %w: %d bytes, Port accepts less than %d",
			entity.Identifier, ErrTooLarge, size, MaxBulkBytes)
	case b.size+size >= MaxBulkBytes:
		return ErrBatchFull
	}
	b.identifiers, b.entities = append(b.identifiers, entity.Identifier), append(b.entities, text)
	b.size += len(text) + len(",")
	return nil
}

// Len returns the number of entities.
func (b *Batch) Len() int { return len(b.identifiers) }

// Identifiers returns the identifiers of the entities, in the order of Add.
func (b *Batch) Identifiers() []string { return b.identifiers }

// Split returns the two halves of a batch of at least two entities.
func (b *Batch) Split() (first, second Batch) {
	middle := b.Len() / 2
	return b.part(0, middle), b.part(middle, b.Len())
}

func (b *Batch) part(start, end int) Batch {
	part := Batch{entities: slices.Clone(b.entities[start:end]), identifiers: slices.Clone(b.identifiers[start:end])}
	for _, entity := range part.entities {
		part.size += len(entity) + len(",")
	}
	return part
}

func (b *Batch) body() []byte {
	return slices.Concat([]byte(batchHead), bytes.Join(b.entities, []byte(",")), []byte(batchTail))
}

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
		Method: http.MethodPost, Path: path("blueprints", blueprint, "entities", "bulk") + "?" + query.Encode(), Body: batch.body(),
	}
	traceID, err := c.call(ctx, request, entitiesClass, &answer)
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
	at := func(index *int) *Outcome {
		if index == nil || *index < 0 || *index >= len(outcomes) {
			return new(Outcome) // it is about none of the entities
		}
		return &outcomes[*index]
	}
	for _, written := range a.Entities {
		outcome := at(written.Index)
		if written.Identifier == "" || written.Identifier == outcome.Identifier { // it may be a stub of a relation
			outcome.Created, outcome.Err = written.Created, nil
		}
	}
	for _, refused := range a.Errors {
		at(refused.Index).Err = &EntityError{
			Status:  refused.StatusCode,
			Code:    httpclient.Message(refused.Error),
			Message: httpclient.Message(refused.Message),
		}
	}
	return outcomes
}
