package port

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"

	"github.com/codecov-port/codecov-port/internal/httpclient"
)

// MaxSearchPage is how many entities Port gives in one page of a search at the most.
const MaxSearchPage = 1000

// SearchOptions narrows a search. The zero value asks for every entity, whole.
type SearchOptions struct {
	Include []string       // property and relation identifiers, $identifier, $title; none: everything
	Query   map[string]any // Port's {combinator, rules}; nil: every entity
	Limit   int            // entities a page, MaxSearchPage at the most; 0: that many
}

// errNoEntities is given for an answer without entities: where there are none, it holds an empty array.
var errNoEntities = errors.New("the answer holds no entities")

type searchRequest struct {
	Query   map[string]any `json:"query,omitempty"`
	Include []string       `json:"include,omitempty"`
	Limit   int            `json:"limit"`
	From    string         `json:"from,omitempty"`
}

// Search gives a blueprint's entities, a request a page. Numbers in properties are json.Number.
// An error comes once and last; it is an *APIError, but where an answer makes no sense.
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

func (c *Client) searchPage(ctx context.Context, blueprint string, request searchRequest) ([]Entity, string, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return nil, "", fmt.Errorf("encode the search of %s: %w", blueprint, err)
	}
	var answer struct {
		Entities []Entity `json:"entities"`
		Next     string   `json:"next"`
	}
	_, err = c.call(ctx, httpclient.Request{
		Method: http.MethodPost,
		URL:    c.address(nil, "v1", "blueprints", blueprint, "entities", "search"),
		Body:   body,
		Class:  entitiesClass,
	}, &answer)
	if err == nil && answer.Entities == nil {
		err = fmt.Errorf("search of %s: %w", blueprint, errNoEntities)
	}
	return answer.Entities, answer.Next, err
}

// IdentifierIn returns a query for the entities with these identifiers.
func IdentifierIn(identifiers ...string) map[string]any {
	return map[string]any{"combinator": "and", "rules": []any{
		map[string]any{"property": "$identifier", "operator": "in", "value": identifiers},
	}}
}
