package prune

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// The property and the relation of the history that name the repository of an entity.
const (
	pageProperty       = "url"
	repositoryRelation = "repository"
)

// survey counts the entities that would be removed.
func (p *pruner) survey(ctx context.Context, c *candidate) error {
	history, err := p.historyOf(ctx, c)
	if err != nil {
		return p.failed(ctx, c, err)
	}
	c.planned = len(history) + 1
	return nil
}

// remove removes the history first, so that the next run finds what an interrupted one has left.
func (p *pruner) remove(ctx context.Context, c *candidate) error {
	if backfill.IsClosed(p.options.Stop) {
		return p.failed(ctx, c, errStopped)
	}
	history, err := c.commits, error(nil)
	if !c.historyOnly {
		history, err = p.historyOf(ctx, c)
	}
	if err == nil && c.kept == "" {
		err = p.delete(ctx, c, mapper.HistoryBlueprint, history)
	}
	if err == nil && c.kept == "" && !c.historyOnly {
		err = p.delete(ctx, c, mapper.CurrentBlueprint, []string{c.repository.name})
	}
	if err != nil {
		return p.failed(ctx, c, err)
	}
	c.done = c.kept == ""
	p.options.Log.Info("removed from Port", "repository", c.repository.name, "entities", c.removed)
	return nil
}

// historyOf returns the identifiers of the candidate's history in Port. It keeps the candidate if its entity belongs to
// another repository now, or if an entity that is not part of its history is related to it.
func (p *pruner) historyOf(ctx context.Context, c *candidate) ([]string, error) {
	if cause := p.portCircuit.Cause(); cause != nil {
		return nil, cause
	}
	owned, err := p.isOwned(ctx, c.repository)
	if err != nil {
		return nil, err
	}
	if !owned {
		c.kept = "its entity in Port belongs to another repository now, or is gone"
	}
	if !owned || p.history == nil {
		return nil, nil
	}
	var identifiers []string
	for entity, err := range p.options.Port.Search(ctx, mapper.HistoryBlueprint, historyQuery(p.history, c.repository.name)) {
		switch {
		case err != nil:
			return nil, err
		case p.isHistoryOf(entity, c.repository):
			identifiers = append(identifiers, entity.Identifier)
		case entity.Relations[repositoryRelation] == c.repository.name:
			c.kept = fmt.Sprintf("entity %s of blueprint %s is related to it but is not part of its history", entity.Identifier, mapper.HistoryBlueprint)
			return nil, nil
		}
	}
	return identifiers, nil
}

// isOwned reports whether Port's entity of this name is still about the repository.
func (p *pruner) isOwned(ctx context.Context, r repository) (bool, error) {
	for entity, err := range p.search(ctx, mapper.CurrentBlueprint, []string{r.name}, addressProperty) {
		if err != nil {
			return false, err
		}
		if found, ok := p.repositoryOf(entity); ok && found == r {
			return true, nil
		}
	}
	return false, nil
}

// isHistoryOf reports whether an entity is part of the repository's history: by its identifier, and by its relation and
// its page as far as it has them.
func (p *pruner) isHistoryOf(entity port.Entity, r repository) bool {
	if !strings.HasPrefix(entity.Identifier, r.name+"@") {
		return false
	}
	if related := entity.Relations[repositoryRelation]; related != nil && related != r.name {
		return false
	}
	address, _ := entity.Properties[pageProperty].(string)
	if address == "" {
		return true
	}
	found, _, ok := p.parsePage(address)
	return ok && found == r
}

// historyQuery finds the entities that are named like the repository's history, and those that are related to it.
func historyQuery(blueprint *port.Blueprint, name string) port.SearchOptions {
	rules := []any{map[string]any{"property": "$identifier", "operator": "beginsWith", "value": name + "@"}}
	include := []string{"$identifier"}
	if _, declared := blueprint.Schema.Properties[pageProperty]; declared {
		include = append(include, pageProperty)
	}
	if _, declared := blueprint.Relations[repositoryRelation]; declared {
		include = append(include, repositoryRelation)
		rules = append(rules, map[string]any{"relation": repositoryRelation, "operator": "=", "value": name})
	}
	return port.SearchOptions{Query: map[string]any{"combinator": "or", "rules": rules}, Include: include}
}

// search returns the entities of a blueprint with these identifiers.
func (p *pruner) search(ctx context.Context, blueprint string, identifiers []string, include ...string) iter.Seq2[port.Entity, error] {
	return p.options.Port.Search(ctx, blueprint, port.SearchOptions{Query: port.IdentifierIn(identifiers...), Include: append(include, "$identifier")})
}

// delete deletes entities of one blueprint, never those that are related to them. It looks for each entity that Port's
// response doesn't name: a request whose response was lost may have deleted it.
func (p *pruner) delete(ctx context.Context, c *candidate, blueprint string, identifiers []string) error {
	for batch := range slices.Chunk(identifiers, port.MaxDeleteEntities) {
		if backfill.IsClosed(p.options.Stop) {
			return errStopped
		}
		result, err := p.options.Port.DeleteEntities(ctx, blueprint, batch, false)
		if err != nil {
			return err
		}
		left, err := p.remaining(ctx, blueprint, slices.DeleteFunc(slices.Clone(batch), func(identifier string) bool {
			return slices.Contains(result.Deleted, identifier)
		}))
		if err != nil {
			return err
		}
		c.removed += len(batch) - len(left)
		if len(left) > 0 {
			return fmt.Errorf("delete %d entities of %s: Port still holds %d of them, such as %s", len(batch), blueprint, len(left), left[0])
		}
	}
	return nil
}

// remaining returns those of the identifiers that Port holds.
func (p *pruner) remaining(ctx context.Context, blueprint string, identifiers []string) ([]string, error) {
	if len(identifiers) == 0 {
		return nil, nil
	}
	var found []string
	for entity, err := range p.search(ctx, blueprint, identifiers) {
		if err != nil {
			return nil, err
		}
		found = append(found, entity.Identifier)
	}
	return found, nil
}

// failed keeps the candidate and names it as a failure. It returns an error that ends the run, or nil.
func (p *pruner) failed(ctx context.Context, c *candidate, err error) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, errStopped):
		c.kept = errStopped.Error() // the requests of the other candidates finish
		return nil
	case errors.Is(err, port.ErrUnauthorized), errors.Is(err, codecov.ErrUnauthorized):
		return fmt.Errorf("prune the repository %s: %w", c.repository.name, err)
	}
	c.kept = err.Error()
	failure := backfill.Failure{Repository: c.repository.name, Code: CodeNotRemoved, Message: c.kept}
	portError, codecovError := (*port.APIError)(nil), (*codecov.APIError)(nil)
	switch {
	case errors.As(err, &portError):
		p.portCircuit.Record(err)
		failure.Status, failure.TraceID = portError.Status, portError.RequestID
	case errors.As(err, &codecovError):
		p.codecovCircuit.Record(err)
		failure.Status = codecovError.Status
	}
	p.fail(failure)
	return nil
}
