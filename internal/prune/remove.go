package prune

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// repositoryRelation of the history names the repository of an entity.
const repositoryRelation = "repository"

// survey counts the entities that would be removed.
func (p *pruner) survey(ctx context.Context, c *candidate) error {
	history, err := p.historyOf(ctx, c)
	c.planned = len(history) + 1
	return err
}

// remove removes the history first, so that the next run finds what an interrupted one has left.
func (p *pruner) remove(ctx context.Context, c *candidate) error {
	if backfill.IsClosed(p.options.Stop) {
		return errStopped
	}
	history, err := c.commits, error(nil)
	if !c.repository.HistoryOnly {
		history, err = p.historyOf(ctx, c)
	}
	if err != nil || c.repository.Kept != "" {
		return err
	}
	if err := p.delete(ctx, c, mapper.HistoryBlueprint, history); err != nil {
		return err
	}
	if !c.repository.HistoryOnly {
		if err := p.delete(ctx, c, mapper.CurrentBlueprint, []string{c.repository.Name}); err != nil {
			return err
		}
	}
	c.repository.Removed = true
	p.options.Log.Info("removed from Port", "repository", c.repository.Name, "entities", c.repository.Entities)
	return nil
}

// historyOf returns the identifiers of the candidate's history in Port. It keeps the candidate if its entity belongs to
// another repository now, or if an entity that is not part of its history is related to it.
func (p *pruner) historyOf(ctx context.Context, c *candidate) ([]string, error) {
	if cause := p.portCircuit.Cause(); cause != nil {
		return nil, cause
	}
	owned := false
	for stored, err := range p.site.Entities(ctx, p.options.Port, *p.current, port.SearchOptions{Query: port.IdentifierIn(c.repository.Name)}) {
		if err != nil {
			return nil, err
		}
		owned = owned || stored.RepositoryAccount() == c.repository.Owner
	}
	if !owned {
		c.repository.Kept = "its entity in Port belongs to another repository now, or is gone"
	}
	if !owned || p.history == nil {
		return nil, nil
	}
	var identifiers []string
	for stored, err := range p.searchHistory(ctx, c) {
		switch {
		case err != nil:
			return nil, err
		case isHistoryOf(stored, c):
			identifiers = append(identifiers, stored.Entity.Identifier)
		case stored.Entity.Relations[repositoryRelation] == c.repository.Name:
			c.repository.Kept = fmt.Sprintf("entity %s of blueprint %s is related to it but is not part of its history", stored.Entity.Identifier, mapper.HistoryBlueprint)
			return nil, nil
		}
	}
	return identifiers, nil
}

// isHistoryOf reports whether an entity is part of the repository's history: by its identifier, and by its relation and
// its page as far as it has them.
func isHistoryOf(stored backfill.Stored, c *candidate) bool {
	if !strings.HasPrefix(stored.Entity.Identifier, c.repository.Name+"@") {
		return false
	}
	if related := stored.Entity.Relations[repositoryRelation]; related != nil && related != c.repository.Name {
		return false
	}
	return stored.Address == "" || stored.Page.Account == c.repository.Owner && stored.Page.Repository == c.repository.Name
}

// searchHistory returns the entities that are named like the repository's history, and those that are related to it.
func (p *pruner) searchHistory(ctx context.Context, c *candidate) iter.Seq2[backfill.Stored, error] {
	rules := []any{map[string]any{"property": "$identifier", "operator": "beginsWith", "value": c.repository.Name + "@"}}
	var include []string
	if _, declared := p.history.Relations[repositoryRelation]; declared {
		include = append(include, repositoryRelation)
		rules = append(rules, map[string]any{"relation": repositoryRelation, "operator": "=", "value": c.repository.Name})
	}
	query := map[string]any{"combinator": "or", "rules": rules}
	return p.site.Entities(ctx, p.options.Port, *p.history, port.SearchOptions{Query: query, Include: include})
}

// delete deletes entities of one blueprint, never those that are related to them. It looks for each entity that Port's
// response doesn't name: a request whose response was lost may have deleted it.
func (p *pruner) delete(ctx context.Context, c *candidate, blueprint string, identifiers []string) error {
	for batch := range slices.Chunk(identifiers, port.MaxDeleteEntities) {
		if backfill.IsClosed(p.options.Stop) {
			return errStopped
		}
		result, err := p.options.Port.DeleteEntities(ctx, blueprint, batch)
		if err != nil {
			return err
		}
		isDeleted := func(identifier string) bool { return slices.Contains(result.Deleted, identifier) }
		left, err := backfill.Existing(ctx, p.options.Port, blueprint, slices.DeleteFunc(slices.Clone(batch), isDeleted))
		if err != nil {
			return err
		}
		c.repository.Entities += len(batch) - len(left)
		if len(left) > 0 {
			return fmt.Errorf("delete %d entities of %s: Port still holds %d of them, such as %s",
				len(batch), blueprint, len(left), slices.Min(slices.Collect(maps.Keys(left))))
		}
	}
	return nil
}
