package backfill

import (
	"context"
	"maps"
	"slices"
	"sync"
)

// late holds the entities that were taken over from other repositories: they are to be written after all others. The
// zero value is ready; it is safe for concurrent use.
type late struct {
	mu   sync.Mutex
	kept map[named]takenOver
}

type takenOver struct {
	outgoing
	place int // of its repository in the list
}

// add keeps the entity unless a repository earlier in the list has taken it over, too. It tells whether the identifier
// is the first of its name here.
func (l *late) add(o outgoing, place int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := named{o.blueprint, o.entity.Identifier}
	other, taken := l.kept[name]
	if taken && other.place < place {
		return false
	}
	if l.kept == nil {
		l.kept = make(map[named]takenOver)
	}
	l.kept[name] = takenOver{o, place}
	return !taken
}

// all gives the entities, in no order.
func (l *late) all() []takenOver {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Values(l.kept))
}

// sendLate gives the entities that were taken over to the writers. Behind a gate that is shut, new ones stay: those they
// were taken over from are held back there, and count for them.
func (r *run) sendLate(ctx context.Context, entities chan<- outgoing) error {
	for _, o := range r.late.all() {
		if !o.exists && !r.gate.isOpen() {
			continue
		}
		if err := hand(ctx, entities, o.outgoing); err != nil {
			return err
		}
	}
	return nil
}
