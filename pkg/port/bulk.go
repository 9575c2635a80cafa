package port

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/codecov-port/codecov-port/internal/httpclient"
)

// What one bulk request may hold, by Port's contract.
const (
	MaxBulkEntities = 20
	MaxBulkBytes    = 1 << 20 // the whole body
)

// FreeEntities is how many entities a free Port account holds (Port's documentation).
const FreeEntities = 10_000

// BulkRequests is how many bulk requests so many entities take, where their size sets no other limit.
func BulkRequests(entities int) int { return (entities + MaxBulkEntities - 1) / MaxBulkEntities }

// ErrBatchFull is given by Batch.Add when the entity belongs into the next batch.
var ErrBatchFull = errors.New("batch is full")

const (
	batchHead = `{"entities":[`
	batchTail = `]}`
)

// Batch is the body of one bulk upsert, encoded as it fills. The zero value is empty and ready.
// It is not safe for concurrent use.
type Batch struct {
	entities    []json.RawMessage
	identifiers []string
	size        int // of the entities, with a comma each
}

// Add encodes the entity behind those that the batch holds. The error is ErrBatchFull where the entity would
// fit into an empty batch but not into this one, and wraps ErrTooLarge where it fits into none.
func (b *Batch) Add(entity Entity) error {
	if len(b.identifiers) == MaxBulkEntities {
		return ErrBatchFull
	}
	text, err := encode(entity)
	if err != nil {
		return fmt.Errorf("encode entity %s: %w", entity.Identifier, err)
	}
	if alone := len(batchHead) + len(text) + len(batchTail); alone >= MaxBulkBytes {
		return fmt.Errorf("entity %s: %w: %d bytes, Port takes less than %d", entity.Identifier, ErrTooLarge, alone, MaxBulkBytes)
	}
	if len(batchHead)+b.size+len(text)+len(batchTail) >= MaxBulkBytes {
		return ErrBatchFull
	}
	b.append(entity.Identifier, text)
	return nil
}

func (b *Batch) append(identifier string, text json.RawMessage) {
	b.identifiers = append(b.identifiers, identifier)
	b.entities = append(b.entities, text)
	b.size += len(text) + len(",")
}

// Split gives the two halves of a batch of at least two entities, for when Port refuses the whole.
func (b *Batch) Split() (first, second Batch) {
	middle := b.Len() / 2
	for i, identifier := range b.identifiers {
		half := &first
		if i >= middle {
			half = &second
		}
		half.append(identifier, b.entities[i])
	}
	return first, second
}

func (b *Batch) body() []byte {
	body := make([]byte, 0, len(batchHead)+b.size+len(batchTail))
	body = append(body, batchHead...)
	for i, entity := range b.entities {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, entity...)
	}
	return append(body, batchTail...)
}

// Len is the number of entities in the batch.
func (b *Batch) Len() int { return len(b.identifiers) }

// Identifiers gives the entities' identifiers in the order in which they were added.
func (b *Batch) Identifiers() []string { return b.identifiers }

// UpsertOptions says how entities are written.
type UpsertOptions struct {
	// CreateMissingRelated makes Port invent a relation's target that does not exist.
	CreateMissingRelated bool
	// ValidationOnly makes Port check the entities and write none.
	ValidationOnly bool
}

// BulkResult tells what became of each entity of a bulk upsert.
type BulkResult struct {
	Outcomes []Outcome // one an entity, in the order of the request
	TraceID  string
}

// Outcome is what became of one entity. Err is nil where it was written.
type Outcome struct {
	Identifier string
	Created    bool // as Port tells it; stubs that a relation made may count
	Err        *EntityError
}

// EntityError is Port's refusal of one entity.
type EntityError struct {
	Status  int    `json:"status"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Error gives Port's words.
func (e *EntityError) Error() string { return fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Message) }

// errUnmentioned stands for an entity that the answer names neither as written nor as refused.
var errUnmentioned = EntityError{Code: "not_mentioned", Message: "Port's answer does not mention the entity"}

// BulkUpsert writes 1 to MaxBulkEntities entities in one request, as patches: what an entity leaves out stays as
// Port holds it. A refused entity is data in the result; an error, an *APIError, means that the whole request
// failed. Repeating it is harmless.
func (c *Client) BulkUpsert(ctx context.Context, blueprint string, entities []Entity, o UpsertOptions) (BulkResult, error) {
	var batch Batch
	for _, entity := range entities {
		if err := batch.Add(entity); err != nil {
			return BulkResult{}, fmt.Errorf("bulk upsert of %d entities: %w", len(entities), err)
		}
	}
	return c.UpsertBatch(ctx, blueprint, &batch, o)
}

// UpsertBatch is BulkUpsert for a batch that is encoded already. The batch must not be empty.
func (c *Client) UpsertBatch(ctx context.Context, blueprint string, batch *Batch, o UpsertOptions) (BulkResult, error) {
	if batch.Len() == 0 {
		return BulkResult{}, errors.New("bulk upsert of no entities")
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
	response, err := c.call(ctx, httpclient.Request{
		Method: http.MethodPost,
		URL:    c.address(query, "v1", "blueprints", blueprint, "entities", "bulk"),
		Body:   batch.body(),
		Class:  entitiesClass,
	}, &answer)
	if err != nil {
		return BulkResult{}, err
	}
	return BulkResult{Outcomes: answer.outcomes(batch.identifiers), TraceID: traceID(response)}, nil
}

// bulkAnswer has one shape for 200 and for 207; errors may stand on either.
type bulkAnswer struct {
	Entities []struct {
		bulkPlace
		Created bool `json:"created"`
	} `json:"entities"`
	Errors []struct {
		bulkPlace
		StatusCode int    `json:"statusCode"`
		Error      string `json:"error"`
		Message    string `json:"message"`
	} `json:"errors"`
}

// bulkPlace tells which entity of the request a part of the answer is about.
type bulkPlace struct {
	Identifier string `json:"identifier"`
	Index      *int   `json:"index"`
}

// among gives the index. It gives false where there is none such, or where the identifier is another entity's:
// by a wrong number one entity would get the outcome of another.
func (p bulkPlace) among(identifiers []string) (int, bool) {
	if p.Index == nil || *p.Index < 0 || *p.Index >= len(identifiers) {
		return 0, false
	}
	return *p.Index, p.Identifier == "" || p.Identifier == identifiers[*p.Index]
}

// outcomes matches by index. What is refused counts before what is written, and what is not mentioned is refused.
func (a bulkAnswer) outcomes(identifiers []string) []Outcome {
	outcomes := make([]Outcome, len(identifiers))
	for i, identifier := range identifiers {
		outcomes[i] = Outcome{Identifier: identifier, Err: &errUnmentioned}
	}
	for _, written := range a.Entities {
		if i, ok := written.among(identifiers); ok {
			outcomes[i].Created, outcomes[i].Err = written.Created, nil
		}
	}
	for _, refused := range a.Errors {
		if i, ok := refused.among(identifiers); ok {
			outcomes[i].Err = &EntityError{
				Status: refused.StatusCode, Code: httpclient.Message(refused.Error), Message: httpclient.Message(refused.Message),
			}
		}
	}
	return outcomes
}
