package backfill

import (
	"context"
	"fmt"
	"slices"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// replay replays one commit if it is selected, and reports whether it did.
func (r *reader) replay(ctx context.Context, commit codecov.Commit) (replayed bool, err error) {
	mapping := r.run.options.Mapping
	picked, onlyState := r.picker.pick(commit)
	if !picked {
		return false, nil
	}
	if onlyState {
		mapping = mapping.Select(func(e mapper.EntryInfo) bool { return !e.PerCommit })
	}
	if r.cutOff && r.isAhead(commit) {
		mapping = r.run.options.Mapping.Select(func(e mapper.EntryInfo) bool { return e.PerCommit }) // the present is older than the selection: a wrong clock must not take its place
	}
	r.run.recorder.update(func(c *recorder) { c.result.Commits.Replayed++ })
	if err := r.mapPayload(ctx, mapping, mapper.Payload(r.account, r.repo.row, &commit)); err != nil {
		return true, err
	}
	r.payloads--
	return true, r.forecast(ctx)
}

// mapPayload maps one payload and hands on its entities.
func (r *reader) mapPayload(ctx context.Context, mapping *mapper.Mapping, payload map[string]any) error {
	if err := r.run.back.wait(ctx); err != nil {
		return err
	}
	mapped, err := mapping.Map(ctx, payload, r.claim)
	if err != nil {
		return err
	}
	for name, account := range r.held {
		r.refuse(name, CodeOtherAccount, r.run.back.others[account].describe(ctx, r.run, r.repo.owner))
	}
	clear(r.held)
	r.run.recorder.recordMapped(mapped)
	for _, problem := range mapped.Problems {
		r.fail(entityName{problem.Blueprint, problem.Identifier}, CodeForbiddenIdentifier, "the identifier "+problem.Reason)
	}
	for _, m := range mapped.Entities {
		if err := r.send(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// claim reports whether the repository may write the identifier.
func (r *reader) claim(blueprint, identifier string) bool {
	name := entityName{blueprint, identifier}
	before := r.run.ledger.claim(r.run.targets[blueprint].entry, identifier, r.index)
	account, isHeld := accountIn(before)
	switch {
	case before == unclaimed:
		return true
	case before == r.index: // for a newer commit
		return false
	case isHeld:
		r.held[name] = account
		return false
	case before < r.index:
		r.refuse(name, CodeTaken, "repository "+r.run.repositories[before].path()+" returns this identifier, too, and keeps it")
		return false
	}
	r.takenOver[name] = true
	r.run.recorder.record(Failure{
		Repository: r.run.repositories[before].row.Name, Blueprint: blueprint, Identifier: identifier,
		Code: CodeTaken, Message: "repository " + r.repo.path() + " returns this identifier, too, and keeps it",
	})
	return true
}

// refuse records an identifier that belongs to others, once however many commits return it.
func (r *reader) refuse(name entityName, code, message string) {
	if !r.refused[name] {
		r.refused[name] = true
		r.fail(name, code, message)
	}
}

func (r *reader) fail(name entityName, code, message string) {
	r.run.recorder.record(Failure{Repository: r.repo.row.Name, Blueprint: name.blueprint, Identifier: name.identifier, Code: code, Message: message})
}

// send conforms the entity to its blueprint, compares it with Port's, and hands it to the writer if it differs.
func (r *reader) send(ctx context.Context, m mapper.Mapped) error {
	target, name := r.run.targets[m.Blueprint], entityName{m.Blueprint, m.Entity.Identifier}
	entity, warnings := target.conformer.Conform(m.Entity)
	r.run.recorder.recordReturned(m, warnings)
	if code, message := r.relationOfOthers(ctx, target.blueprint, entity); code != "" {
		r.fail(name, code, message)
		return nil
	}
	entity = r.withoutMissing(ctx, target.blueprint, entity)
	entity, exists, changed, err := r.compare(ctx, target, m.Entry, entity)
	if err != nil {
		return err
	}
	out := Outgoing{Blueprint: m.Blueprint, Repository: r.repo.row.Name, Entity: entity, Exists: exists}
	switch {
	case r.takenOver[name]:
		delete(r.takenOver, name)
		r.run.writer.keepLast(out, r.index)
		return nil
	case !changed:
		r.run.recorder.update(func(c *recorder) { c.entitiesOf(m.Blueprint).Unchanged++ })
		return nil
	}
	r.run.recorder.update(func(c *recorder) { c.progress.Found++ })
	return r.run.writer.accept(ctx, out)
}

// relationOfOthers returns the code and message of a failure if the entity relates to one of another repository or account.
func (r *reader) relationOfOthers(ctx context.Context, blueprint port.Blueprint, entity port.Entity) (code, message string) {
	for name, value := range entity.Relations {
		identifier, single := value.(string)
		related := r.run.targets[blueprint.Relations[name].Target]
		if !single || related == nil {
			continue
		}
		owner := r.run.ledger.owner(related.entry, identifier)
		if account, isHeld := accountIn(owner); isHeld {
			text := r.run.back.others[account].describe(ctx, r.run, r.repo.owner)
			return CodeOtherAccount, fmt.Sprintf("its relation %s leads to %q: %s", name, identifier, text)
		}
		if owner != unclaimed && owner != r.index {
			return CodeTaken, "its relation " + name + " leads to an entity of another repository"
		}
	}
	return "", ""
}

// compare reports whether Port holds the entity, and whether it changes. Unchanged fields that are known in part are removed from an
// entity that is written: writing them would erase what a live event brought.
func (r *reader) compare(ctx context.Context, t *target, entry int, entity port.Entity) (_ port.Entity, exists, changed bool, err error) {
	ledger := r.run.ledger
	stored, exists := ledger.stored(entry, entity.Identifier)
	if !exists {
		return entity, false, true, nil
	}
	fields := t.comparisons[entry]
	print, hasPartial := ledger.hash.fingerprint(fields, entity)
	samePartial := !hasPartial || print.partial == stored.partial
	if print.whole == stored.whole && samePartial {
		return entity, true, false, nil
	}
	isMissing := func(f field) bool { _, ok := f.of(entity); return !ok }
	if slices.ContainsFunc(fields, isMissing) { // a fingerprint is of all fields: it differs even if the fields that are there do not
		changes, err := r.run.changes(ctx, t, []port.Entity{entity})
		if len(changes) == 0 {
			return entity, true, false, err
		}
	}
	if samePartial {
		for _, f := range fields {
			if f.shape != nil {
				delete(entity.Properties, f.name)
			}
		}
	}
	return entity, true, true, nil
}
