package port

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strconv"

	"github.com/codecov-port/codecov-port/internal/httpclient"
)

const (
	// FreeEntities is the number of entities that a free Port account holds, by Port's documentation.
	FreeEntities = 10_000
	// MaxSearchPage is the maximum number of entities in a page of a search.
	MaxSearchPage = 1000
	// MaxDeleteEntities is the maximum number of entities that one request deletes.
	MaxDeleteEntities = 100
)

// Entity is an entity of a blueprint. Title, Icon and Team are left out of the JSON if they are empty, since Port does
// not accept null there. A nil value in Properties or Relations clears what Port has; a missing key keeps it.
type Entity struct {
	Identifier string         `json:"identifier"`
	Title      string         `json:"title,omitempty"`
	Icon       string         `json:"icon,omitempty"`
	Team       any            `json:"team,omitempty"` // a string or a []any of strings
	Properties map[string]any `json:"properties,omitempty"`
	Relations  map[string]any `json:"relations,omitempty"` // a string, a []any of strings, or nil
}

// SearchOptions selects entities and what is read of them. The zero value reads every entity, whole.
type SearchOptions struct {
	Include []string       // identifiers of properties and relations, $identifier, $title; default: everything
	Query   map[string]any // Port's {combinator, rules}; default: every entity
	Limit   int            // entities per page, default: MaxSearchPage
}

// Search returns entities of a blueprint, with one request per page. Numbers in properties are json.Number.
// An error comes once and last; it is an *APIError unless the answer makes no sense.
func (c *Client) Search(ctx context.Context, blueprint string, o SearchOptions) iter.Seq2[Entity, error] {
	return func(yield func(Entity, error) bool) {
		search := struct {
			Query   map[string]any `json:"query,omitempty"`
			Include []string       `json:"include,omitempty"`
			Limit   int            `json:"limit"`
			From    string         `json:"from,omitempty"`
		}{Query: o.Query, Include: o.Include, Limit: o.Limit}
		if search.Limit <= 0 || search.Limit > MaxSearchPage {
			search.Limit = MaxSearchPage
		}
		for {
			var page struct {
				Entities []Entity `json:"entities"`
				Next     string   `json:"next"`
			}
			body, err := encode(search)
			if err == nil {
				request := NewRequest(http.MethodPost, body, "blueprints", blueprint, "entities", "search")
				_, err = c.call(ctx, request, entitiesClass, into(&page))
			}
			if err == nil && page.Entities == nil {
				err = fmt.Errorf("search %s: the answer holds no entities", blueprint) // if it finds none, it has an empty list
			}
			if err != nil {
				yield(Entity{}, err)
				return
			}
			for _, entity := range page.Entities {
				if !yield(entity, nil) {
					return
				}
			}
			if page.Next == "" || page.Next == search.From {
				return
			}
			search.From = page.Next
		}
	}
}

// IdentifierIn returns a query for the entities with these identifiers.
func IdentifierIn(identifiers ...string) map[string]any {
	return map[string]any{"combinator": "and", "rules": []any{
		map[string]any{"property": "$identifier", "operator": "in", "value": identifiers},
	}}
}

// DeleteResult is the result of a bulk deletion.
type DeleteResult struct {
	Deleted []string // identifiers; those that Port did not have are missing
	TraceID string
}

// DeleteEntities deletes 1 to MaxDeleteEntities entities of a blueprint in one request, unless other entities relate to
// them. Repeating a deletion is harmless; the result of a retried request may be empty, since
// the first attempt deleted the entities.
func (c *Client) DeleteEntities(ctx context.Context, blueprint string, identifiers []string) (DeleteResult, error) {
	if n := len(identifiers); n == 0 || n > MaxDeleteEntities {
		return DeleteResult{}, fmt.Errorf("delete %d entities of %s: expected 1 to %d", n, blueprint, MaxDeleteEntities)
	}
	body, err := encode(map[string][]string{"entities": identifiers})
	if err != nil {
		return DeleteResult{}, err
	}
	request := NewRequest(http.MethodPost, body, "blueprints", blueprint, "bulk", "entities", "delete")
	request.Path += "?delete_dependents=false"
	var answer struct {
		Deleted []string `json:"deletedEntities"`
	}
	traceID, err := c.call(ctx, request, entitiesClass, into(&answer))
	return DeleteResult{Deleted: answer.Deleted, TraceID: traceID}, err
}

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

// UpsertBatch writes the entities of a batch, which must not be empty, in one request. Properties that an entity leaves
// out keep the value that they have in Port. A refused entity is an Outcome; an error means that the whole request
// failed. Repeating an upsert is harmless.
func (c *Client) UpsertBatch(ctx context.Context, blueprint string, batch *Batch, o UpsertOptions) (BulkResult, error) {
	if batch.Len() == 0 {
		return BulkResult{}, errors.New("upsert entities: the batch is empty")
	}
	request := NewRequest(http.MethodPost, batch.body(), "blueprints", blueprint, "entities", "bulk")
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
	outcomes, unmentioned := make([]Outcome, batch.Len()), EntityError{Code: "not_mentioned", Message: "Port's answer does not mention the entity"}
	for i, entity := range batch.entities {
		outcomes[i] = Outcome{Identifier: entity.identifier, Err: &unmentioned}
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
