// Package contract validates requests and answers against Port's OpenAPI document. It is for tests only.
//
// kin-openapi reads the document, finds the operation and validates the parameters. Bodies are validated by a JSON Schema
// 2020-12 validator with another regular expression engine: Go's cannot parse Port's patterns, and OpenAPI 3.0 has no
// propertyNames, const and if/then/else.
package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/dlclark/regexp2"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Contract is Port's contract, safe for concurrent use.
type Contract struct {
	router   routers.Router
	mu       sync.Mutex // guards compiler and schemas
	compiler *jsonschema.Compiler
	schemas  map[string]*jsonschema.Schema // by place in the document, compiled when first asked for
}

// documentURL is the name by which schemas are found in the document; nothing is ever fetched from it.
const documentURL = "https://contract.invalid/openapi.json"

// Load reads the contract from an OpenAPI 3.1 document in JSON.
func Load(path string) (*Contract, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	router, err := newRouter(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	compiler, err := newCompiler(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &Contract{router: router, compiler: compiler, schemas: map[string]*jsonschema.Schema{}}, nil
}

// newRouter finds operations by path alone: the emulator has an address of its own.
func newRouter(text []byte) (routers.Router, error) {
	document, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, err
	}
	document.Servers = nil
	return gorillamux.NewRouter(document)
}

func newCompiler(text []byte) (*jsonschema.Compiler, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	removeRepeatedNames(document)
	compiler := jsonschema.NewCompiler()
	compiler.UseRegexpEngine(compileRegexp)
	compiler.AssertFormat()
	return compiler, compiler.AddResource(documentURL, document)
}

// removeRepeatedNames makes "required" a set, which JSON Schema asks for: the bulk answers list "ok" twice.
func removeRepeatedNames(node any) {
	switch node := node.(type) {
	case []any:
		for _, item := range node {
			removeRepeatedNames(item)
		}
	case map[string]any:
		if required, ok := node["required"].([]any); ok {
			node["required"] = slices.CompactFunc(sorted(required), func(x, y any) bool { return x == y })
		}
		for _, value := range node {
			removeRepeatedNames(value)
		}
	}
}

func sorted(names []any) []any {
	return slices.SortedFunc(slices.Values(names), func(x, y any) int {
		return strings.Compare(fmt.Sprint(x), fmt.Sprint(y))
	})
}

// ecmaRegexp is a pattern with lookahead, which Go's own regexp has not.
type ecmaRegexp struct{ *regexp2.Regexp }

// MatchString reports whether the pattern is found in text. The engine only fails on a time limit, and has none.
func (r ecmaRegexp) MatchString(text string) bool {
	found, err := r.Regexp.MatchString(text)
	return found && err == nil
}

func compileRegexp(pattern string) (jsonschema.Regexp, error) {
	compiled, err := regexp2.Compile(pattern, regexp2.None)
	return ecmaRegexp{compiled}, err
}

// Request describes what in a request breaks the contract. The body is handed in, read already; r's own is left alone.
func (c *Contract) Request(r *http.Request, body []byte) error {
	route, parameters, err := c.router.FindRoute(r)
	if err != nil {
		return fmt.Errorf("%s %s: %w", r.Method, r.URL.Path, err)
	}
	if err := errors.Join(checkParameters(r, route, parameters), c.checkRequestBody(r, route, body)); err != nil {
		return fmt.Errorf("%s %s: request breaks the contract: %w", r.Method, r.URL.Path, err)
	}
	return nil
}

func checkParameters(r *http.Request, route *routers.Route, parameters map[string]string) error {
	bodiless := r.Clone(r.Context())
	bodiless.Body = http.NoBody // the validator reads a body even where it should be left out
	input := &openapi3filter.RequestValidationInput{
		Request: bodiless, PathParams: parameters, Route: route,
		Options: &openapi3filter.Options{
			ExcludeRequestBody: true, SkipSettingDefaults: true,
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
		},
	}
	if err := openapi3filter.ValidateRequest(context.WithoutCancel(r.Context()), input); err != nil {
		return err
	}
	for name := range r.URL.Query() {
		if route.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) == nil {
			return fmt.Errorf("unknown query parameter %q", name)
		}
	}
	return nil
}

func (c *Contract) checkRequestBody(r *http.Request, route *routers.Route, body []byte) error {
	declared := route.Operation.RequestBody
	if declared == nil {
		if len(body) > 0 {
			return errors.New("a body where the contract has none")
		}
		return nil
	}
	if len(body) == 0 {
		if declared.Value.Required {
			return errors.New("no body")
		}
		return nil
	}
	if media := r.Header.Get("Content-Type"); declared.Value.Content.Get(media) == nil {
		return fmt.Errorf("content type %q", media)
	}
	return c.check(pointer(route, "requestBody"), body)
}

// answer describes what in an answer breaks the contract.
func (c *Contract) answer(r *http.Request, status int, header http.Header, body []byte) error {
	route, _, err := c.router.FindRoute(r)
	if err != nil {
		return nil //nolint:nilerr // what the contract does not know has no answer in it either
	}
	if header.Get("X-Trace-Id") == "" {
		return fmt.Errorf("%s %s: answer %d without x-trace-id", r.Method, r.URL.Path, status)
	}
	if err := c.checkAnswer(route, status, body); err != nil {
		return fmt.Errorf("%s %s: answer %d breaks the contract: %w: %s", r.Method, r.URL.Path, status, err, body)
	}
	return nil
}

// checkAnswer takes the schema of the status. A refusal whose status the contract does not list (429, 500 …) has the
// shape of the others; an operation that lists no success, as with webhooks, may answer any JSON object.
func (c *Contract) checkAnswer(route *routers.Route, status int, body []byte) error {
	responses := route.Operation.Responses
	described := func(status int) bool {
		response := responses.Status(status)
		return response != nil && response.Value.Content.Get("application/json") != nil
	}
	switch {
	case described(status):
		return c.check(pointer(route, "responses", fmt.Sprint(status)), body)
	case status >= http.StatusBadRequest:
		return c.check(pointer(route, "responses", "401"), body)
	case slices.ContainsFunc([]int{200, 201, 207}, described):
		return errors.New("the contract does not list this status")
	}
	var object map[string]any
	return json.Unmarshal(body, &object)
}

// pointer is the place in the document of the schema of a part of an operation.
func pointer(route *routers.Route, part ...string) string {
	steps := append([]string{"paths", route.Path, strings.ToLower(route.Method)}, part...)
	steps = append(steps, "content", "application/json", "schema")
	for i, step := range steps {
		steps[i] = strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(step)
	}
	return documentURL + "#/" + strings.Join(steps, "/")
}

func (c *Contract) check(place string, body []byte) error {
	schema, err := c.compile(place)
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

func (c *Contract) compile(place string) (*jsonschema.Schema, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if schema := c.schemas[place]; schema != nil {
		return schema, nil
	}
	schema, err := c.compiler.Compile(place)
	if err == nil {
		c.schemas[place] = schema
	}
	return schema, err
}
