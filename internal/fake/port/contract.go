package port

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"sync"
)

// requestsJSON is what Port's OpenAPI document asks of requests, operation by operation.
// TestRequestsAreTheContract holds it to testdata/port/openapi.json.
//
//go:embed requests.json
var requestsJSON []byte

// contract is the decoded form of requests.json. Operations are keyed as http.ServeMux writes a pattern:
// "POST /v1/blueprints/{identifier}".
type contract struct {
	Operations map[string]request `json:"operations"`
	Schemas    map[string]schema  `json:"schemas"`
}

// request is what the contract asks of one operation's requests. A nil Body is none.
type request struct {
	Query        []parameter `json:"query"`
	Body         *schema     `json:"body"`
	BodyRequired bool        `json:"bodyRequired"`
}

type parameter struct {
	Name     string `json:"name"`
	Required bool   `json:"required"`
	Schema   schema `json:"schema"`
}

// theContract is decoded once, by the first Server.
var theContract = sync.OnceValue(func() contract {
	var c contract
	if err := decodeStrictly(requestsJSON, &c); err != nil {
		panic(fmt.Errorf("requests.json: %w", err)) // compiled in, so a fault of the program
	}
	return c
})

// decodeStrictly refuses names that into does not have, and anything behind the value.
func decodeStrictly(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return fmt.Errorf("text behind the JSON value")
	}
	return nil
}

// checkQuery refuses parameters that the operation does not have, missing ones, and values of another type.
func (r request) checkQuery(query url.Values) *failure {
	for name := range query {
		if !slices.ContainsFunc(r.Query, func(p parameter) bool { return p.Name == name }) {
			return invalidf("querystring must NOT have additional properties: '%s'", name)
		}
	}
	for _, p := range r.Query {
		values, given := query[p.Name]
		if !given && p.Required {
			return invalidf("querystring must have required property '%s'", p.Name)
		}
		if given && slices.Contains(p.Schema.Type, "boolean") && !isBoolean(values) {
			return invalidf("querystring/%s must be boolean", p.Name)
		}
	}
	return nil
}

func isBoolean(values []string) bool {
	return len(values) == 1 && (values[0] == "true" || values[0] == "false")
}

// checkBody decodes a request's body and holds it to the operation's schema. A body that may be left out
// and is, returns nil.
func (c contract) checkBody(r request, body []byte) (any, *failure) {
	if r.Body == nil || (len(body) == 0 && !r.BodyRequired) {
		return nil, nil
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return nil, &failure{status: 400, code: "invalid_json", message: "body is not valid JSON: " + err.Error()}
	}
	if err := (validator{c.Schemas}).check(*r.Body, "body", value); err != nil {
		return nil, invalidf("%s", err)
	}
	return value, nil
}

// check holds a document that did not come as a request to the body of an operation.
func (c contract) check(pattern string, document any) error {
	return validator{c.Schemas}.check(*c.Operations[pattern].Body, "body", document)
}
