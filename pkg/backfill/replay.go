package backfill

import (
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
}

// farAhead is how far into the future a commit's time may lie before it is taken for a wrong clock.
const farAhead = 24 * time.Hour

// replay is the replaying of one repository's commits.
type replay struct {
	*run
	index      int // of the repository in the list
	repository codecov.Repository
	account    mapper.Account
	entities   chan<- outgoing
}

// replay reads the commits of a repository's default branch and replays them, newest first. Commits far in the
// future come last, so that a wrong clock doesn't hide the present.
func (r *run) replay(ctx context.Context, index int, repository codecov.Repository, entities chan<- outgoing) error {
	p := &replay{
		run:        r,
		index:      index,
		repository: repository,
		account:    mapper.Account{Service: r.Codecov.Service(), Owner: r.Owner, AppURL: r.AppURL},
		entities:   entities,
	}
	var future []codecov.Commit
	for commit, err := range r.Codecov.Commits(ctx, r.Owner, repository.Name, codecov.CommitsOptions{Branch: repository.Branch}) {
		if err != nil {
			return p.unreadable(ctx, err)
		}
		usable, reason := mapper.Usable(commit)
		r.tally.commitRead(reason)
		switch {
		case !usable:
		case commit.Timestamp.After(r.Now.Add(farAhead)):
			future = append(future, commit)
		default:
			if err := p.commit(ctx, commit); err != nil {
				return err
			}
		}
	}
	for _, commit := range future {
		if err := p.commit(ctx, commit); err != nil {
			return err
		}
	}
	r.tally.repositoryRead()
	return nil
}

// unreadable makes a failure to read the repository data in the result, unless it is one of the whole run.
func (p *replay) unreadable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, codecov.ErrUnauthorized) {
		return fmt.Errorf("read the commits of %s: %w", p.repository.Name, err)
	}
	p.tally.repositoryFailed(p.repository.Name, err)
	return nil
}

// commit maps one commit and sends what came of it on its way.
func (p *replay) commit(ctx context.Context, commit codecov.Commit) error {
	claims := &commitClaims{replay: p}
	mapped, err := p.Mapping.Map(ctx, mapper.Payload(p.account, p.repository, commit), claims.take)
	if err != nil {
		return err
	}
	for _, entry := range mapped.Unnamed {
		p.tally.unnamed(entry)
	}
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

// commitClaims claims the identifiers that one commit gives.
type commitClaims struct {
	*replay
	won map[named]bool // taken over from repositories later in the list
}

// named is an entity's full name.
type named struct{ blueprint, identifier string }

func (c *commitClaims) take(blueprint, identifier string) bool {
	verdict, other := c.claims.take(blueprint, identifier, c.index)
	switch verdict {
	case given:
		return false
	case lost:
		c.fail(blueprint, identifier, CodeTaken, "repository "+c.covered[other].Name+" gives this identifier too, and keeps it")
		return false
	case won:
		c.tally.failed(Failure{Repository: c.covered[other].Name, Blueprint: blueprint, Identifier: identifier, Code: CodeTaken,
			Message: "repository " + c.repository.Name + " gives this identifier too, and keeps it"})
		if c.won == nil {
			c.won = make(map[named]bool)
		}
		c.won[named{blueprint, identifier}] = true
	}
	return true
}

func (p *replay) fail(blueprint, identifier, code, message string) {
	p.tally.failed(Failure{Repository: p.repository.Name, Blueprint: blueprint, Identifier: identifier, Code: code, Message: message})
}

// send makes the entity fit its blueprint and hands it on. One whose identifier was taken over waits until all
// else is written: the other repository's entity is on its way already.
func (p *replay) send(ctx context.Context, m mapper.Mapped, takenOver bool) error {
	target := p.targets[m.Blueprint]
	entity, warnings := target.conformer.Conform(m.Entity)
	p.tally.leftOut(m.Blueprint, warnings)
	if relation, ok := p.strays(target.blueprint, entity); ok {
		p.fail(m.Blueprint, entity.Identifier, CodeTaken, "its relation "+relation+" leads to an entity that another repository gives")
		return nil
	}
	p.tally.mapped(m.Blueprint)
	out := outgoing{blueprint: m.Blueprint, repository: p.repository.Name, entity: entity}
	if takenOver {
		p.late.add(out)
		return nil
	}
	select {
	case p.entities <- out:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// strays tells which of the entity's relations leads to an entity that this run wrote for another repository.
func (p *replay) strays(blueprint port.Blueprint, entity port.Entity) (string, bool) {
	for name, value := range entity.Relations {
		identifier, single := value.(string)
		related := blueprint.Relations[name].Target
		if _, ours := p.targets[related]; single && ours && p.claims.takenFrom(related, identifier, p.index) {
			return name, true
		}
	}
	return "", false
}
