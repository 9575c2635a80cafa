package backfill

import (
	"context"
	"sync"
)

// late holds the entities that are to be written after all others. The zero value is ready; add is safe for
// concurrent use.
type late struct {
	mu       sync.Mutex
	entities []outgoing
}

func (l *late) add(o outgoing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entities = append(l.entities, o)
}

// send gives the entities to the writers.
func (l *late) send(ctx context.Context, entities chan<- outgoing) error {
	for _, o := range l.entities {
		if err := hand(ctx, entities, o); err != nil {
			return err
		}
	}
	return nil
}
