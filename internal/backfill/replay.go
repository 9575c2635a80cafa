package backfill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// outgoing is an entity on its way to Port.
type outgoing struct {
	blueprint  string
	repository string
	entity     port.Entity
	exists     bool // Port holds another version of it
}

// farAhead is how far into the future a commit's time may lie before it is taken for a wrong clock.
const farAhead = 24 * time.Hour

// replay is the replaying of one repository's commits.
type replay struct {
	*run
	listed
	index    int // of the repository in the list
	account  mapper.Account
	entities chan<- outgoing
	picker   *picker
	future   []codecov.Commit
	cutOff   bool           // there are commits too old to be wanted
	refused  map[named]bool // identifiers that have been named as another's: once is enough
	sampler  sampler
	opened   int // listings
	expected int // commits that they are expected to give
	seen     int // commits that they gave
}

// replay reads the wanted commits of a repository and replays them, newest first. Commits far in the future come
// last, so that a wrong clock doesn't hide the present.
func (r *run) replay(ctx context.Context, place int, entities chan<- outgoing) error {
	repository := r.repositories[place]
	p := &replay{
		run:      r,
		listed:   repository,
		index:    place,
		account:  mapper.Account{Service: r.Codecov.Service(), Owner: repository.owner, AppURL: r.AppURL},
		entities: entities,
		picker:   newPicker(r.Selection, r.Now),
		refused:  make(map[named]bool),
	}
	if repository.HasCoverage() {
		defer p.leave()
		if cause := cmp.Or(r.codecovOutage.cause(), p.provider().cause()); cause != nil {
			r.tally.repositoryFailed(p.Name, cause)
			return nil
		}
		if err := p.read(ctx); err != nil {
			return p.unreadable(ctx, err)
		}
		r.codecovOutage.answered()
		p.provider().answered()
		r.tally.repositoryRead()
		r.Log.Info("repository read", "repository", p.owner+"/"+p.Name, "commits", p.seen)
	}
	if r.IncludeInactive && p.hasNone() {
		return p.payload(ctx, r.Mapping, mapper.InactivePayload(p.account, p.Repository))
	}
	return nil
}

// hasNone tells that the repository has no coverage, which is more than that the selection leaves out what it has.
func (p *replay) hasNone() bool {
	return !p.HasCoverage() || p.picker.picked == 0 && p.Since.IsZero() && len(p.Branches) == 0
}

func (p *replay) read(ctx context.Context) error {
	defer p.keepHistory()
	for i, branch := range p.branches(p.Selection) {
		if p.picker.done() {
			break
		}
		if err := p.readBranch(ctx, branch, i == 0); err != nil {
			return err
		}
	}
	for _, commit := range p.future {
		if p.picker.done() {
			break
		}
		if _, err := p.commit(ctx, commit); err != nil {
			return err
		}
	}
	return nil
}

// readBranch reads one listing. In that of every branch, the default branch's commits have been seen before. The first
// one gives the repository's history.
func (p *replay) readBranch(ctx context.Context, branch string, first bool) error {
	asking, end := p.provider().whileUp(ctx)
	defer end()
	asking, endAll := p.codecovOutage.whileUp(asking)
	defer endAll()
	options := codecov.CommitsOptions{Branch: branch, LimitHint: p.expect(), Counted: p.opening(),
		Skipped: func(row *codecov.SkippedRowError) { p.tally.commitsMissing(p.Name, row) }}
	for commit, err := range p.Codecov.Commits(asking, p.owner, p.Name, options) {
		if isPartial(err) {
			p.tally.commitsMissing(p.Name, err)
			return nil
		}
		if err != nil {
			return readError{err}
		}
		if branch == "" && commit.Branch != nil && *commit.Branch == p.Branch {
			continue
		}
		if p.picker.tooOld(commit) {
			p.cutOff = true
			return nil
		}
		usable, reason := mapper.Usable(commit)
		p.seen++
		p.tally.commitRead(reason)
		switch {
		case !usable:
			continue
		case commit.Timestamp.After(p.Now.Add(farAhead)):
			p.future = append(p.future, commit)
			continue
		}
		replayed, err := p.commit(ctx, commit)
		if err != nil {
			return err
		}
		if replayed && first {
			p.sampler.add(commit.Timestamp, commit.Totals)
		}
		if p.picker.done() {
			return nil
		}
	}
	return nil
}

// expect is how many rows are likely to be needed; 0 is all of them.
func (p *replay) expect() int {
	switch {
	case p.Latest:
		return 1
	case p.Every == "" || p.Every == EveryCommit:
		return p.MaxCommits
	}
	return 0
}

// provider is the outage of what Codecov asks for the repository: the git provider for a private one, nobody else for a
// public one.
func (p *replay) provider() *outage {
	if p.Private {
		return p.providerOutage
	}
	return p.codecovOutage
}

// readError is an error of Codecov's, told from those of the rest of the pipeline.
type readError struct{ error }

func (e readError) Unwrap() error { return e.error }

// unreadable makes a failure to read the repository data in the result, unless it is one of the whole run.
func (p *replay) unreadable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if read := (readError{}); !errors.As(err, &read) {
		return err
	}
	if errors.Is(err, codecov.ErrUnauthorized) {
		return fmt.Errorf("read the commits of %s: %w", p.Name, err)
	}
	switch {
	case errors.Is(err, errDown):
		err = cmp.Or(p.codecovOutage.cause(), p.provider().cause())
	case errors.Is(err, codecov.ErrOutage):
		p.provider().failed(err)
	default:
		p.codecovOutage.failed(err)
	}
	p.tally.repositoryFailed(p.Name, err)
	return nil
}

// commit replays one commit, where the picker wants it, and tells whether it did.
func (p *replay) commit(ctx context.Context, commit codecov.Commit) (replayed bool, err error) {
	mapping := p.Mapping
	switch p.picker.pick(commit) {
	case skip:
		return false, nil
	case current:
		mapping = p.current
	}
	if p.cutOff && commit.Timestamp.After(p.Now.Add(farAhead)) {
		mapping = p.history // the present is among what is too old: a wrong clock must not take its place
	}
	p.tally.commitReplayed()
	return true, p.payload(ctx, mapping, mapper.Payload(p.account, p.Repository, commit))
}

// payload maps one payload and sends what came of it on its way.
func (p *replay) payload(ctx context.Context, mapping *mapper.Mapping, payload map[string]any) error {
	claims := &claims{replay: p}
	mapped, err := mapping.Map(ctx, payload, claims.take)
	if err != nil {
		return err
	}
	p.tally.passedOver(mapped)
	for _, problem := range mapped.Problems {
		p.fail(problem.Blueprint, problem.Identifier, CodeForbiddenIdentifier, "the identifier "+problem.Reason)
	}
	for _, m := range mapped.Entities {
		if err := p.send(ctx, m, claims.won[named{m.Blueprint, m.Entity.Identifier}]); err != nil {
			return err
		}
	}
	return nil
}

// claims claims the identifiers that one payload gives.
type claims struct {
	*replay
	won map[named]bool // taken over from repositories later in the list
}

// named is an entity's full name.
type named struct{ blueprint, identifier string }

func (c *claims) take(blueprint, identifier string) bool {
	verdict, other := c.run.index.take(c.targets[blueprint].slot, identifier, c.index)
	switch verdict {
	case given:
		return false
	case lost:
		c.refuse(blueprint, identifier, c.repositories[other].title()+" gives this identifier too, and keeps it")
		return false
	case foreign:
		c.refuse(blueprint, identifier, "Port holds it for another account")
		return false
	case won:
		c.tally.failed(Failure{Repository: c.repositories[other].Name, Blueprint: blueprint, Identifier: identifier, Code: CodeTaken,
			Message: c.title() + " gives this identifier too, and keeps it"})
		if c.won == nil {
			c.won = make(map[named]bool)
		}
		c.won[named{blueprint, identifier}] = true
	}
	return true
}

// refuse names an identifier that is another's, once however many commits give it.
func (p *replay) refuse(blueprint, identifier, message string) {
	if name := (named{blueprint, identifier}); !p.refused[name] {
		p.refused[name] = true
		p.fail(blueprint, identifier, CodeTaken, message)
	}
}

func (l listed) title() string { return "repository " + l.owner + "/" + l.Name }

func (p *replay) fail(blueprint, identifier, code, message string) {
	p.tally.failed(Failure{Repository: p.Name, Blueprint: blueprint, Identifier: identifier, Code: code, Message: message})
}

// send makes the entity fit its blueprint, compares it with what Port holds, and hands on what differs. One whose
// identifier was taken over waits until all else is written: the other repository's entity is on its way.
func (p *replay) send(ctx context.Context, m mapper.Mapped, takenOver bool) error {
	target := p.targets[m.Blueprint]
	entity, warnings := target.conformer.Conform(m.Entity)
	p.tally.leftOut(m.Blueprint, warnings)
	if relation, ok := p.strays(target.blueprint, entity); ok {
		p.fail(m.Blueprint, entity.Identifier, CodeTaken, "its relation "+relation+" leads to an entity of another repository")
		return nil
	}
	p.tally.mapped(m.Entry)
	entity, state, err := p.compare(ctx, target, m.Entry, entity)
	if err != nil {
		return err
	}
	out := outgoing{blueprint: m.Blueprint, repository: p.Name, entity: entity, exists: state != missing}
	switch {
	case takenOver:
		if p.late.add(out, p.index) {
			p.tally.found()
		}
		return nil
	case state == equal && !p.Force:
		p.tally.unchanged(m.Blueprint)
		return nil
	}
	p.tally.found()
	if state == missing {
		return p.gate.pass(ctx, out, p.entities)
	}
	return hand(ctx, p.entities, out)
}

// strays tells which of the entity's relations leads to an entity of another repository or account.
func (p *replay) strays(blueprint port.Blueprint, entity port.Entity) (string, bool) {
	for name, value := range entity.Relations {
		identifier, single := value.(string)
		related, ours := p.targets[blueprint.Relations[name].Target]
		if single && ours && p.run.index.astray(related.slot, identifier, p.index) {
			return name, true
		}
	}
	return "", false
}

// state is how an entity stands to what Port holds under its identifier.
type state int

const (
	missing state = iota
	differs
	equal
)

// compare tells how the entity stands to what Port holds. What is partly known and has not changed is taken out of an
// entity that is to be written: it would erase what a live event told.
func (p *replay) compare(ctx context.Context, t *target, entry int, entity port.Entity) (port.Entity, state, error) {
	held, ok := p.run.index.held(entry, entity.Identifier)
	if !ok {
		return entity, missing, nil
	}
	projection := t.projections[entry]
	print, comparable := p.run.index.print(projection, entity)
	samePart := !comparable || print.partial == held.partial
	if print.plain == held.plain && samePart {
		return entity, equal, nil
	}
	if !p.Force && !projection.tellsAll(entity) {
		same, err := p.changesNothing(ctx, t, entity)
		if same || err != nil {
			return entity, equal, err
		}
	}
	if samePart && !p.Force {
		for _, property := range projection.partial {
			delete(entity.Properties, property.name)
		}
	}
	return entity, differs, nil
}

// changesNothing asks Port for the entity and compares what ours tells. Fingerprints stand for all that an entry of the
// mapping writes: where the entity leaves out some of it, they differ though nothing would change.
func (p *replay) changesNothing(ctx context.Context, t *target, entity port.Entity) (bool, error) {
	held, err := p.holds(ctx, t.blueprint.Identifier, []outgoing{{entity: entity}})
	if err != nil {
		return false, fmt.Errorf("compare %s %s: %w", t.blueprint.Identifier, entity.Identifier, err)
	}
	return len(t.changes(p.run.index.hasher, held[entity.Identifier], entity)) == 0, nil
}
