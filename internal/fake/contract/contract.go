// Package contract checks requests and answers against Port's OpenAPI document. Names that "required" repeats are removed
// from it: JSON Schema requires a set.
//
// JSON Schema validates the bodies, with a regular expression engine that has the lookahead of Port's patterns.
package contract

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/dlclark/regexp2"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

//go:embed openapi.json
var text []byte

// operation describes a method and a path.
type operation struct {
	Parameters []struct {
		In, Name string
		Required bool
		Schema   struct{ Type string }
	}
	RequestBody *struct{}
	Responses   map[string]struct{ Content map[string]json.RawMessage }

	place string // JSON pointer into the document
}

// contract holds the operations by pattern, as http.ServeMux writes it: "POST /v1/blueprints/{identifier}".
type contract struct {
	operations map[string]operation
	mu         sync.Mutex // guards compiler, which keeps what it has compiled
	compiler   *jsonschema.Compiler
}

var load = sync.OnceValue(func() *contract {
	const root = "https://contract.invalid/openapi.json" // a name only: nothing is fetched
	c := &contract{operations: map[string]operation{}, compiler: newCompiler()}
	var document struct {
		Paths map[string]map[string]operation
	}
	whole, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err := errors.Join(err, json.Unmarshal(text, &document), c.compiler.AddResource(root, whole)); err != nil {
		panic(err) // compiled in, so a fault of the program
	}
	for path, methods := range document.Paths {
		for method, o := range methods {
			o.place = root + "#/paths/" + strings.NewReplacer("/", "~1", "{", "%7B", "}", "%7D").Replace(path) + "/" + method
			c.operations[strings.ToUpper(method)+" "+path] = o
		}
	}
	return c
})

// check describes the first thing in a part of an operation that breaks the contract.
func (c *contract) check(pattern, part, name string, value any) error {
	c.mu.Lock()
	schema, err := c.compiler.Compile(c.operations[pattern].place + "/" + part + "/content/application~1json/schema")
	c.mu.Unlock()
	if err != nil {
		return err
	}
	return validate(schema, name, value)
}

func newCompiler() *jsonschema.Compiler {
	compiler := jsonschema.NewCompiler()
	compiler.UseRegexpEngine(func(pattern string) (jsonschema.Regexp, error) {
		compiled, err := regexp2.Compile(pattern, regexp2.None)
		return ecmaRegexp{compiled}, err
	})
	compiler.AssertFormat()
	compiler.RegisterFormat(&jsonschema.Format{Name: "url", Validate: checkURL})
	return compiler
}

// ecmaRegexp is a pattern with lookahead, which Go's own regexp has not.
type ecmaRegexp struct{ *regexp2.Regexp }

// MatchString reports whether the pattern is found in text. The engine only fails on a time limit, and has none.
func (r ecmaRegexp) MatchString(text string) bool {
	found, err := r.Regexp.MatchString(text)
	return found && err == nil
}

func checkURL(value any) error {
	text, isText := value.(string)
	address, err := url.Parse(text)
	if isText && (err != nil || !strings.HasPrefix(address.Scheme, "http") || address.Host == "") {
		return errors.New("not an http address")
	}
	return nil
}

// Check describes the first thing in a decoded value that breaks a schema. Name is the value's name in the error.
type Check func(name string, value any) error

// Compile compiles a decoded schema, as of a property of a blueprint.
func Compile(schema any) (Check, error) {
	const name = "https://contract.invalid/schema"
	compiler := newCompiler()
	if err := compiler.AddResource(name, schema); err != nil {
		return nil, err
	}
	compiled, err := compiler.Compile(name)
	return func(name string, value any) error { return validate(compiled, name, value) }, err
}

// CheckRequest describes the first thing in a request that breaks the contract. The body is decoded JSON; nil is none.
// Patterns that the contract does not have accept everything.
func CheckRequest(pattern string, query url.Values, body any) error {
	o, described := load().operations[pattern]
	if !described {
		return nil
	}
	if err := o.checkQuery(query); err != nil {
		return err
	}
	if o.RequestBody == nil {
		return nil
	}
	return CheckBody(pattern, body)
}

// CheckBody describes the first thing in the decoded body of a request that breaks the contract.
func CheckBody(pattern string, body any) error {
	return load().check(pattern, "requestBody", "body", body)
}

func (o operation) checkQuery(query url.Values) error {
	known := map[string]bool{}
	for _, p := range o.Parameters {
		known[p.Name] = p.In == "query"
		values := query[p.Name]
		switch {
		case p.In == "query" && p.Required && values == nil:
			return fmt.Errorf("querystring must have required property '%s'", p.Name)
		case p.Schema.Type == "boolean" && values != nil && !slices.Equal(values, []string{"true"}) && !slices.Equal(values, []string{"false"}):
			return fmt.Errorf("querystring/%s must be boolean", p.Name)
		}
	}
	for name := range query {
		if !known[name] {
			return fmt.Errorf("querystring must NOT have additional properties: '%s'", name)
		}
	}
	return nil
}

// CheckAnswer describes what in an answer breaks the contract. A refusal whose status the contract does not list (429,
// 500 …) has the form of the others; an operation that lists no success, as with webhooks, may answer any JSON object.
func CheckAnswer(pattern string, status int, header http.Header, body []byte) error {
	o, described := load().operations[pattern]
	if !described {
		return nil
	}
	if header.Get("X-Trace-Id") == "" {
		return fmt.Errorf("answer %d without x-trace-id", status)
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return err
	}
	listed := func(status int) bool { return o.Responses[strconv.Itoa(status)].Content["application/json"] != nil }
	switch {
	case listed(status):
		return load().check(pattern, "responses/"+strconv.Itoa(status), "answer", value)
	case status >= http.StatusBadRequest:
		return load().check(pattern, "responses/401", "answer", value)
	case slices.ContainsFunc([]int{200, 201, 207}, listed):
		return fmt.Errorf("the contract does not list status %d", status)
	}
	return nil
}

var english = message.NewPrinter(language.English)

// validate describes the first cause, with its place in the value: "body/title must be string". It looks into no
// alternatives.
func validate(schema *jsonschema.Schema, name string, value any) error {
	var err *jsonschema.ValidationError
	if !errors.As(schema.Validate(value), &err) {
		return nil
	}
	place := func(err *jsonschema.ValidationError) string {
		return strings.Join(append([]string{name}, err.InstanceLocation...), "/")
	}
	for {
		switch k := err.ErrorKind.(type) {
		case *kind.Type:
			return fmt.Errorf("%s must be %s", place(err), strings.Join(k.Want, ","))
		case *kind.AnyOf, *kind.OneOf:
			return fmt.Errorf("%s: %s", place(err), k.LocalizedString(english))
		}
		if len(err.Causes) == 0 {
			return fmt.Errorf("%s: %s", place(err), err.ErrorKind.LocalizedString(english))
		}
		err = slices.MinFunc(err.Causes, func(x, y *jsonschema.ValidationError) int { return cmp.Compare(place(x), place(y)) })
	}
}
