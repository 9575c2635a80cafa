package port

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"strconv"
)

const (
	// FreeEntities is the number of entities that a free Port account holds, by Port's documentation.
	FreeEntities = 10_000
	// MaxSearchPage is the maximum number of entities in a page of a search.
	MaxSearchPage = 1000
	// MaxDeleteEntities is the maximum number of entities that one request deletes.
	MaxDeleteEntities = 100
)

// Entity is an entity of a blueprint. Title, Icon and Team are left out of the JSON if they are empty, since Port does
// not accept null there. A nil value in Properties or Relations clears what Port has; a missing key keeps it.
type Entity struct {
	Identifier string         `json:"identifier"`
	Title      string         `json:"title,omitempty"`
	Icon       string         `json:"icon,omitempty"`
	Team       any            `json:"team,omitempty"` // a string or a []any of strings
	Properties map[string]any `json:"properties,omitempty"`
	Relations  map[string]any `json:"relations,omitempty"` // a string, a []any of strings, or nil
}

// SearchOptions selects entities and what is read of them. The zero value reads every entity, whole.
type SearchOptions struct {
	Include []string       // identifiers of properties and relations, $identifier, $title; default: everything
	Query   map[string]any // Port's {combinator, rules}; default: every entity
	Limit   int            // entities per page, default: MaxSearchPage
}

// Search returns entities of a blueprint, with one request per page. Numbers in properties are json.Number.
// An error comes once and last; it is an *APIError unless the answer makes no sense.
func (c *Client) Search(ctx context.Context, blueprint string, o SearchOptions) iter.Seq2[Entity, error] {
	return func(yield func(Entity, error) bool) {
		search := struct {
			Query   map[string]any `json:"query,omitempty"`
			Include []string       `json:"include,omitempty"`
			Limit   int            `json:"limit"`
			From    string         `json:"from,omitempty"`
		}{Query: o.Query, Include: o.Include, Limit: o.Limit}
		if search.Limit <= 0 || search.Limit > MaxSearchPage {
			search.Limit = MaxSearchPage
		}
		for {
			var page struct {
				Entities []Entity `json:"entities"`
				Next     string   `json:"next"`
			}
			body, err := encode(search)
			if err == nil {
				request := newRequest(http.MethodPost, body, "blueprints", blueprint, "entities", "search")
				_, err = c.call(ctx, request, entitiesClass, into(&page))
			}
			if err == nil && page.Entities == nil {
				err = fmt.Errorf("search %s: the answer holds no entities", blueprint) // if it finds none, it has an empty list
			}
			if err != nil {
				yield(Entity{}, err)
				return
			}
			for _, entity := range page.Entities {
				if !yield(entity, nil) {
					return
				}
			}
			if page.Next == "" || page.Next == search.From {
				return
			}
			search.From = page.Next
		}
	}
}

// IdentifierIn returns a query for the entities with these identifiers.
func IdentifierIn(identifiers ...string) map[string]any {
	return map[string]any{"combinator": "and", "rules": []any{
		map[string]any{"property": "$identifier", "operator": "in", "value": identifiers},
	}}
}

// DeleteResult is the result of a bulk deletion.
type DeleteResult struct {
	Deleted []string // identifiers; those that Port did not have are missing
	TraceID string
}

// DeleteEntities deletes 1 to MaxDeleteEntities entities of a blueprint in one request, and with dependents the
// entities that relate to them. Repeating a deletion is harmless; the result of a retried request may be empty, since
// the first attempt deleted the entities.
func (c *Client) DeleteEntities(
	ctx context.Context, blueprint string, identifiers []string, dependents bool,
) (DeleteResult, error) {
	if len(identifiers) == 0 || len(identifiers) > MaxDeleteEntities {
		return DeleteResult{}, fmt.Errorf(
			"delete %d entities of %s: expected 1 to %d", len(identifiers), blueprint, MaxDeleteEntities)
	}
	body, err := encode(map[string][]string{"entities": identifiers})
	if err != nil {
		return DeleteResult{}, err
	}
	request := newRequest(http.MethodPost, body, "blueprints", blueprint, "bulk", "entities", "delete")
	request.Path += "?delete_dependents=" + strconv.FormatBool(dependents)
	var answer struct {
		Deleted []string `json:"deletedEntities"`
	}
	traceID, err := c.call(ctx, request, entitiesClass, into(&answer))
	return DeleteResult{Deleted: answer.Deleted, TraceID: traceID}, err
}
