package port

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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
type Batch struct{ entities []encodedEntity }

type encodedEntity struct {
	identifier string
	text       []byte
}

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
	alone := Batch{[]encodedEntity{{entity.Identifier, text}}}
	more := Batch{append(b.entities, alone.entities...)}
	switch size := alone.size(); {
	case size >= MaxBulkBytes:
		return fmt.Errorf("entity %s: %w: %d bytes, Port accepts less than %d", entity.Identifier, ErrTooLarge, size, MaxBulkBytes)
	case more.size() >= MaxBulkBytes:
		return ErrBatchFull
	}
	*b = more
	return nil
}

// Len returns the number of entities.
func (b *Batch) Len() int { return len(b.entities) }

// Split returns the two halves of a batch of at least two entities.
func (b *Batch) Split() (first, second Batch) {
	middle := b.Len() / 2
	return Batch{slices.Clone(b.entities[:middle])}, Batch{slices.Clone(b.entities[middle:])}
}

const emptyBody = `{"entities":[]}`

// size returns the length of the body of a batch that is not empty.
func (b *Batch) size() int {
	size := len(emptyBody) + len(b.entities) - 1 // commas
	for _, entity := range b.entities {
		size += len(entity.text)
	}
	return size
}

func (b *Batch) body() []byte {
	body := append(make([]byte, 0, b.size()+1), emptyBody[:len(emptyBody)-2]...)
	for _, entity := range b.entities {
		body = append(append(body, entity.text...), ',')
	}
	return append(body[:len(body)-1], "]}"...)
}

// UpsertOptions configures a bulk upsert.
type UpsertOptions struct {
	CreateMissingRelated bool // create targets of relations that do not exist
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

// UpsertBatch writes the entities of a batch, which must not be empty, in one request. Properties that an entity leaves
// out keep the value that they have in Port. A refused entity is an Outcome; an error means that the whole request
// failed. Repeating an upsert is harmless.
func (c *Client) UpsertBatch(ctx context.Context, blueprint string, batch *Batch, o UpsertOptions) (BulkResult, error) {
	if batch.Len() == 0 {
		return BulkResult{}, errors.New("upsert entities: the batch is empty")
	}
	request := newRequest(http.MethodPost, batch.body(), "blueprints", blueprint, "entities", "bulk")
	request.Path += "?upsert=true&merge=true&create_missing_related_entities=" + strconv.FormatBool(o.CreateMissingRelated)
	var answer bulkAnswer
	traceID, err := c.call(ctx, request, entitiesClass, into(&answer))
	if err != nil {
		return BulkResult{}, err
	}
	return BulkResult{Outcomes: answer.outcomes(batch), TraceID: traceID}, nil
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
func (a bulkAnswer) outcomes(batch *Batch) []Outcome {
	outcomes := make([]Outcome, batch.Len())
	for i, entity := range batch.entities {
		outcomes[i] = Outcome{Identifier: entity.identifier, Err: &errUnmentioned}
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
