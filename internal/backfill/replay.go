package backfill

import (
	"context"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// replay replays one commit if it is selected, and reports whether it did.
func (r *reader) replay(ctx context.Context, commit codecov.Commit) (replayed bool, err error) {
	mapping := r.shared.options.Mapping
	switch r.picker.pick(commit) {
	case pickNothing:
		return false, nil
	case pickState:
		mapping = r.shared.current
	}
	if r.cutOff && r.isAhead(commit) {
		mapping = r.shared.history // the present is older than the selection: a wrong clock must not take its place
	}
	r.shared.recorder.recordReplayed()
	defer r.forecast.settlePick()
	return true, r.mapPayload(ctx, mapping, mapper.Payload(r.account, r.repo.row, commit))
}

// mapPayload maps one payload and hands on its entities.
func (r *reader) mapPayload(ctx context.Context, mapping *mapper.Mapping, payload map[string]any) error {
	if err := r.shared.found.back.wait(ctx); err != nil {
		return err
	}
	claims := claims{takenOver: make(map[entityName]bool), otherAccounts: make(map[entityName]int)}
	mapped, err := mapping.Map(ctx, payload, func(blueprint, identifier string) bool {
		return r.claim(blueprint, identifier, claims)
	})
	if err != nil {
		return err
	}
	for name, account := range claims.otherAccounts {
		r.refuse(name, CodeOtherAccount, r.describeAccount(ctx, account))
	}
	r.shared.recorder.recordMapped(mapped)
	for _, problem := range mapped.Problems {
		r.fail(problem.Blueprint, problem.Identifier, CodeForbiddenIdentifier, "the identifier "+problem.Reason)
	}
	for _, m := range mapped.Entities {
		if err := r.send(ctx, m, claims.takenOver[entityName{m.Blueprint, m.Entity.Identifier}]); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) fail(blueprint, identifier, code, message string) {
	r.shared.recorder.recordFailed(Failure{Repository: r.repo.row.Name, Blueprint: blueprint, Identifier: identifier, Code: code, Message: message})
}

// send conforms the entity to its blueprint, compares it with Port's, and hands it to the writers if it differs.
func (r *reader) send(ctx context.Context, m mapper.Mapped, takenOver bool) error {
	recorder, target := r.shared.recorder, r.shared.found.targets[m.Blueprint]
	entity, warnings := target.conformer.Conform(m.Entity)
	recorder.recordDropped(m.Blueprint, warnings)
	if code, message := r.relationOfOthers(ctx, target.blueprint, entity); code != "" {
		r.fail(m.Blueprint, entity.Identifier, code, message)
		return nil
	}
	recorder.recordReturned(m.Entry)
	entity = r.withoutMissing(ctx, target.blueprint, entity)
	entity, state, err := r.compare(ctx, target, m.Entry, entity)
	if err != nil {
		return err
	}
	out := outgoing{blueprint: m.Blueprint, repository: r.repo.row.Name, entity: entity, exists: state != entityNew}
	switch {
	case takenOver:
		r.shared.writer.keepLast(out, r.index)
		return nil
	case state == entityUnchanged:
		recorder.recordUnchanged(m.Blueprint)
		return nil
	}
	recorder.recordFound()
	return r.shared.writer.accept(ctx, out, r.entities)
}

// entityState is how an entity compares with what Port holds under its identifier.
type entityState int

const (
	entityNew entityState = iota
	entityChanged
	entityUnchanged
)

// compare compares the entity with what Port holds. Unchanged fields that are known in part are removed from an entity
// that is written: writing them would erase what a live event brought.
func (r *reader) compare(ctx context.Context, t *target, entry int, entity port.Entity) (port.Entity, entityState, error) {
	ledger := r.shared.found.ledger
	stored, ok := ledger.stored(entry, entity.Identifier)
	if !ok {
		return entity, entityNew, nil
	}
	compared := t.comparisons[entry]
	print, hasPartial := ledger.hash.fingerprint(compared, entity)
	samePartial := !hasPartial || print.partial == stored.partial
	if print.whole == stored.whole && samePartial {
		return entity, entityUnchanged, nil
	}
	if !compared.areAllIn(entity) { // a fingerprint is of all fields: it differs even if the fields that are there do not
		same, err := r.shared.writer.changesNothing(ctx, t, entity)
		if same || err != nil {
			return entity, entityUnchanged, err
		}
	}
	if samePartial {
		for _, p := range compared.properties {
			if p.shape != nil {
				delete(entity.Properties, p.name)
			}
		}
	}
	return entity, entityChanged, nil
}
