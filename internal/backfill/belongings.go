package backfill

import (
	"context"
	"strings"

	"github.com/codecov-port/codecov-port/pkg/port"
)

// The property and the relation that tell to which repository an entity of the history belongs.
const (
	pageProperty       = "url"
	repositoryRelation = "repository"
)

// history gives the identifiers of the history that Port holds of a repository. It keeps the repository where the entity
// of its name is another's by now, or where an entity of another is related to it.
func (p *pruning) history(ctx context.Context, u *StaleRepository) ([]string, error) {
	if cause := p.portOutage.cause(); cause != nil {
		return nil, cause
	}
	still, err := p.stillOwned(ctx, u)
	if err != nil || !still {
		return nil, err
	}
	blueprint, exists := p.blueprints[historyBlueprint]
	if !exists {
		return nil, nil
	}
	var identifiers []string
	for entity, err := range p.Port.Search(ctx, historyBlueprint, historyOf(blueprint, u.Repository)) {
		switch {
		case err != nil:
			return nil, err
		case p.belongs(entity, u):
			identifiers = append(identifiers, entity.Identifier)
		case entity.Relations[repositoryRelation] == u.Repository:
			return nil, u.keep("%s of the blueprint %s is related to it and is none of its history", entity.Identifier, historyBlueprint)
		}
	}
	return identifiers, nil
}

// stillOwned tells whether Port's entity is the repository's, and keeps the repository where it is not.
func (p *pruning) stillOwned(ctx context.Context, u *StaleRepository) (bool, error) {
	for entity, err := range p.Port.Search(ctx, stateBlueprint, among([]string{u.Repository}, "$identifier", "repository")) {
		if err != nil {
			return false, err
		}
		if o, ok := p.ownedBy(entity); ok && o == (owned{u.Owner, u.Repository}) {
			return true, nil
		}
	}
	return false, u.keep("Port's entity is another's by now, or gone")
}

// left gives those of the identifiers that Port holds.
func (p *pruning) left(ctx context.Context, blueprint string, identifiers []string) ([]string, error) {
	if len(identifiers) == 0 {
		return nil, nil
	}
	var left []string
	for entity, err := range p.Port.Search(ctx, blueprint, among(identifiers, "$identifier")) {
		if err != nil {
			return nil, err
		}
		left = append(left, entity.Identifier)
	}
	return left, nil
}

// belongs tells whether an entity is of the repository's history: by its identifier, and by its relation and its page
// where it has them.
func (p *pruning) belongs(entity port.Entity, u *StaleRepository) bool {
	if !strings.HasPrefix(entity.Identifier, u.Repository+"@") {
		return false
	}
	if related := entity.Relations[repositoryRelation]; related != nil && related != u.Repository {
		return false
	}
	address, _ := entity.Properties[pageProperty].(string)
	if address == "" {
		return true
	}
	page, ok := ParsePage(p.AppURL, address)
	if !ok {
		return false
	}
	o, ok := p.ours(page)
	return ok && o == (owned{u.Owner, u.Repository})
}

// historyOf finds what is named as the repository's history is, and what is related to the repository.
func historyOf(blueprint port.Blueprint, repository string) port.SearchOptions {
	rules := []any{map[string]any{"property": "$identifier", "operator": "beginsWith", "value": repository + "@"}}
	include := []string{"$identifier"}
	if _, declared := blueprint.Schema.Properties[pageProperty]; declared {
		include = append(include, pageProperty)
	}
	if _, declared := blueprint.Relations[repositoryRelation]; declared {
		include = append(include, repositoryRelation)
		rules = append(rules, map[string]any{"relation": repositoryRelation, "operator": "=", "value": repository})
	}
	return port.SearchOptions{Query: map[string]any{"combinator": "or", "rules": rules}, Include: include}
}

// among finds the entities of these identifiers.
func among(identifiers []string, include ...string) port.SearchOptions {
	return port.SearchOptions{Include: include, Query: map[string]any{"combinator": "and", "rules": []any{
		map[string]any{"property": "$identifier", "operator": "in", "value": identifiers},
	}}}
}
