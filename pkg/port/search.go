package port

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
)

// MaxSearchPage is the maximum number of entities in a page of a search.
const MaxSearchPage = 1000

// SearchOptions selects entities and what is read of them. The zero value reads every entity, whole.
type SearchOptions struct {
	Include []string       // identifiers of properties and relations, $identifier, $title; default: everything
	Query   map[string]any // Port's {combinator, rules}; default: every entity
	Limit   int            // entities per page, default: MaxSearchPage
}

// errNoEntities is the error of an answer without a list of entities. Port answers an empty list if it finds none.
var errNoEntities = errors.New("the answer holds no entities")

type searchRequest struct {
	Query   map[string]any `json:"query,omitempty"`
	Include []string       `json:"include,omitempty"`
	Limit   int            `json:"limit"`
	From    string         `json:"from,omitempty"`
}

// Search returns entities of a blueprint, with one request per page. Numbers in properties are json.Number.
// An error comes once and last; it is an *APIError unless the answer makes no sense.
func (c *Client) Search(ctx context.Context, blueprint string, o SearchOptions) iter.Seq2[Entity, error] {
	return func(yield func(Entity, error) bool) {
		request := searchRequest{Query: o.Query, Include: o.Include, Limit: o.Limit}
		if request.Limit <= 0 || request.Limit > MaxSearchPage {
			request.Limit = MaxSearchPage
		}
		for {
			entities, next, err := c.searchPage(ctx, blueprint, request)
			if err != nil {
				yield(Entity{}, err)
				return
			}
			for _, entity := range entities {
				if !yield(entity, nil) {
					return
				}
			}
			if next == "" || next == request.From {
				return
			}
			request.From = next
		}
	}
}

func (c *Client) searchPage(ctx context.Context, blueprint string, search searchRequest) ([]Entity, string, error) {
	body, err := encode(search)
	if err != nil {
		return nil, "", fmt.Errorf("encode search of %s: %w", blueprint, err)
	}
	var answer struct {
		Entities []Entity `json:"entities"`
		Next     string   `json:"next"`
	}
	request := Request{Method: http.MethodPost, Path: path("blueprints", blueprint, "entities", "search"), Body: body}
	_, err = c.call(ctx, request, nil, entitiesClass, &answer)
	if err == nil && answer.Entities == nil {
		err = fmt.Errorf("search %s: %w", blueprint, errNoEntities)
	}
	return answer.Entities, answer.Next, err
}

// IdentifierIn returns a query for the entities with these identifiers.
func IdentifierIn(identifiers ...string) map[string]any {
	return map[string]any{"combinator": "and", "rules": []any{
		map[string]any{"property": "$identifier", "operator": "in", "value": identifiers},
	}}
}
