package port

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Limits of one bulk request, by Port's contract.
const (
	MaxBulkEntities = 20
	MaxBulkBytes    = 1 << 20 // of the whole body
)

// ErrBatchFull is returned by Batch.Add if the entity must go into the next batch.
var ErrBatchFull = errors.New("batch is full")

const (
	batchHead = `{"entities":[`
	batchTail = `]}`
)

// Batch is the body of one bulk upsert. Add encodes entities as they come, so that the size is known. The zero value is
// an empty batch. It is not safe for concurrent use.
type Batch struct {
	entities    []json.RawMessage
	identifiers []string
	size        int // of the entities, with a comma each
}

// Add encodes an entity and appends it. It returns ErrBatchFull if the entity does not fit into this batch, and an
// error that wraps ErrTooLarge if it does not fit into an empty one.
func (b *Batch) Add(entity Entity) error {
	if len(b.identifiers) == MaxBulkEntities {
		return ErrBatchFull
	}
	text, err := encode(entity)
	if err != nil {
		return fmt.Errorf("encode entity %s: %w", entity.Identifier, err)
	}
	if alone := len(batchHead) + len(text) + len(batchTail); alone >= MaxBulkBytes {
		return fmt.Errorf("entity %s: %w: %d bytes, Port accepts less than %d",
			entity.Identifier, ErrTooLarge, alone, MaxBulkBytes)
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

// Len returns the number of entities.
func (b *Batch) Len() int { return len(b.identifiers) }

// Identifiers returns the identifiers of the entities, in the order of Add.
func (b *Batch) Identifiers() []string { return b.identifiers }

// Split returns the two halves of a batch of at least two entities.
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
