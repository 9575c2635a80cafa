package mapper

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Entry is one entry of a mapping as it is pasted into the page of a webhook in Port: JQ expressions over the payload. An
// empty string is a missing expression.
type Entry struct {
	Origin       string // OriginBuiltin, OriginWebhook, the name of a document, or empty
	Blueprint    string // the blueprint's identifier, not an expression
	Operation    string // "create", "delete", or empty for create
	Filter       string // the entry applies if it returns true; empty: always
	ItemsToParse string // returns an array; the entity is evaluated for each item, available as .item beside .body
	Entity       EntityTemplate
	// Searches lists the fields, as in "entity.identifier", that hold one of Port's search queries, {combinator, rules}, instead
	// of an expression. Only Port can evaluate them: the fields are empty here, and Mapping.Limits lists them.
	Searches []string
}

// EntityTemplate holds the expressions of an entity's parts.
type EntityTemplate struct {
	Identifier string
	Title      string
	Icon       string
	Team       string
	Properties map[string]string // by the property's identifier
	Relations  map[string]string // by the relation's identifier
}

// Deletes reports whether the entry deletes entities. Such entries are never replayed.
func (e Entry) Deletes() bool { return e.Operation == operationDelete }

const (
	operationCreate = "create"
	operationDelete = "delete"
)

// ParseMapping parses a mapping: the JSON array that is pasted into the page of a webhook in Port, an object that holds it
// as "mappings", or either as YAML. The error joins everything that is wrong, each with the entry's number (from 1) and
// the field; fields unknown to Port are errors. Compile checks the expressions.
func ParseMapping(data []byte) ([]Entry, error) {
	rows, err := mappingRows(data)
	if err != nil {
		return nil, fmt.Errorf("mapping: %w", err)
	}
	if len(rows) == 0 {
		return nil, errors.New("mapping: it has no entries")
	}
	entries := make([]Entry, len(rows))
	var failures []error
	for i, row := range rows {
		if entries[i], err = parseEntry(row); err != nil {
			failures = append(failures, numbered(i, err)...)
		}
	}
	if len(failures) > 0 {
		return nil, errors.Join(failures...)
	}
	return entries, nil
}

// mappingRows returns the undecoded entries.
func mappingRows(data []byte) ([]json.RawMessage, error) {
	data, err := jsonOf(data)
	if err != nil {
		return nil, err
	}
	var document json.RawMessage
	if err := decodeWhole(data, &document); err != nil {
		return nil, err
	}
	var wrapped struct {
		Mappings json.RawMessage `json:"mappings"`
	}
	if kind(document) == "an object" {
		if err := json.Unmarshal(document, &wrapped); err != nil || wrapped.Mappings == nil {
			return nil, errors.New(`expected an array of entries or an object with "mappings", found another object`)
		}
		document = wrapped.Mappings
	}
	var rows []json.RawMessage
	if kind(document) != "an array" {
		return nil, fmt.Errorf("expected an array of entries, found %s", kind(document))
	}
	return rows, json.Unmarshal(document, &rows)
}

func decodeWhole(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(into); err != nil {
		return jsonError(data, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("unexpected data after the JSON value")
	}
	return nil
}

// jsonError adds the line of a syntax error.
func jsonError(data []byte, err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		before := data[:min(int(syntax.Offset), len(data))]
		return fmt.Errorf("line %d: %w", 1+bytes.Count(before, []byte("\n")), err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("unexpected end of the JSON")
	default:
		return err
	}
}

// numbered adds the entry's number, from 1, to each of the joined errors.
func numbered(index int, err error) []error {
	var failures []error
	for _, failure := range unjoin(err) {
		failures = append(failures, fmt.Errorf("mapping entry %d: %w", index+1, failure))
	}
	return failures
}

func unjoin(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// fields reads the fields of one JSON object and collects what is wrong with them.
type fields struct {
	prefix   string // "entity." within an entity
	values   map[string]json.RawMessage
	searches []string // the paths of those that hold a search query
	failures []error
}

func readFields(prefix string, data json.RawMessage) (*fields, error) {
	f := &fields{prefix: prefix}
	if err := json.Unmarshal(data, &f.values); err != nil || f.values == nil {
		return nil, fmt.Errorf("%sexpected an object, found %s", label(prefix), kind(data))
	}
	return f, nil
}

func label(prefix string) string {
	if prefix == "" {
		return ""
	}
	return strings.TrimSuffix(prefix, ".") + ": "
}

func (f *fields) fail(name, format string, arguments ...any) {
	f.failures = append(f.failures, fmt.Errorf("%s%s: "+format, append([]any{f.prefix, name}, arguments...)...))
}

// take removes a field. It reports false for null and for a missing field.
func (f *fields) take(name string) (value json.RawMessage, ok bool) {
	value, ok = f.values[name]
	delete(f.values, name)
	return value, ok && string(value) != "null"
}

// text takes a field that must be a string.
func (f *fields) text(name string) string {
	value, ok := f.take(name)
	if !ok {
		return ""
	}
	return f.decodeText(name, value)
}

func (f *fields) decodeText(name string, value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	if isSearch(value) {
		f.fail(name, "expected a JQ expression, found a search query {combinator, rules}")
	} else {
		f.fail(name, "expected a JQ expression (a string), found %s", kind(value))
	}
	return ""
}

// searchable takes a field with the given function, unless it holds a search query, which is recorded.
func (f *fields) searchable(name string, take func(string) string) string {
	if !isSearch(f.values[name]) {
		return take(name)
	}
	delete(f.values, name)
	f.searches = append(f.searches, f.prefix+name)
	return ""
}

// required takes a field that must be a string and not empty.
func (f *fields) required(name string) string {
	if value, ok := f.values[name]; !ok || string(value) == "null" {
		delete(f.values, name)
		f.fail(name, "is missing")
		return ""
	}
	before := len(f.failures)
	text := f.text(name)
	if strings.TrimSpace(text) == "" && len(f.failures) == before {
		f.fail(name, "is empty")
	}
	return text
}

// expressions takes a field that must be an object of strings, or of search queries if searchable.
func (f *fields) expressions(name string, searchable bool) map[string]string {
	value, ok := f.take(name)
	if !ok {
		return nil
	}
	inner, err := readFields(f.prefix+name+".", value)
	if err != nil {
		f.failures = append(f.failures, err)
		return nil
	}
	expressions := make(map[string]string, len(inner.values))
	for _, key := range slices.Sorted(maps.Keys(inner.values)) {
		if searchable {
			expressions[key] = inner.searchable(key, inner.required)
		} else {
			expressions[key] = inner.required(key)
		}
	}
	f.searches = append(f.searches, inner.searches...)
	f.failures = append(f.failures, inner.failures...)
	return expressions
}

// operation takes the operation: a string or {"type": …}.
func (f *fields) operation() string {
	value, ok := f.take("operation")
	if !ok {
		return ""
	}
	var advanced struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(value, &advanced) != nil {
		advanced.Type = f.decodeText("operation", value)
	}
	if advanced.Type != operationCreate && advanced.Type != operationDelete {
		f.fail("operation", "expected %q or %q, found %q", operationCreate, operationDelete, advanced.Type)
	}
	return advanced.Type
}

// finish returns what was wrong, including fields that were not taken.
func (f *fields) finish() error {
	for _, name := range slices.Sorted(maps.Keys(f.values)) {
		f.fail(name, "unknown field")
	}
	return errors.Join(f.failures...)
}

func parseEntry(data json.RawMessage) (Entry, error) {
	f, err := readFields("", data)
	if err != nil {
		return Entry{}, err
	}
	entry := Entry{
		Blueprint:    f.required("blueprint"),
		Operation:    f.operation(),
		Filter:       f.text("filter"),
		ItemsToParse: f.text("itemsToParse"),
	}
	template, ok := f.take("entity")
	if !ok {
		f.fail("entity", "is missing")
		return entry, f.finish()
	}
	entry.Entity, entry.Searches, err = parseTemplate(template)
	if err != nil {
		f.failures = append(f.failures, unjoin(err)...)
	}
	return entry, f.finish()
}

func parseTemplate(data json.RawMessage) (template EntityTemplate, searches []string, err error) {
	f, err := readFields("entity.", data)
	if err != nil {
		return EntityTemplate{}, nil, err
	}
	template = EntityTemplate{
		Identifier: f.searchable("identifier", f.required),
		Title:      f.text("title"),
		Icon:       f.text("icon"),
		Team:       f.searchable("team", f.text),
		Properties: f.expressions("properties", false),
		Relations:  f.expressions("relations", true),
	}
	slices.Sort(f.searches)
	return template, f.searches, f.finish()
}

// isSearch reports whether a value is one of Port's search queries, which find an entity by its properties.
func isSearch(value json.RawMessage) bool {
	var query struct {
		Combinator *json.RawMessage `json:"combinator"`
		Rules      *json.RawMessage `json:"rules"`
	}
	return json.Unmarshal(value, &query) == nil && (query.Combinator != nil || query.Rules != nil)
}

// kind names the type of a JSON value.
func kind(value json.RawMessage) string {
	switch value = bytes.TrimSpace(value); {
	case len(value) == 0:
		return "nothing"
	case value[0] == '{':
		return "an object"
	case value[0] == '[':
		return "an array"
	case value[0] == '"':
		return "a string"
	case value[0] == 't', value[0] == 'f':
		return "a boolean"
	case value[0] == 'n':
		return "null"
	default:
		return "a number"
	}
}
