package mapper

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Entry is one entry of a mapping as it is pasted into the page of a webhook in Port: JQ expressions over the
// payload. An empty string is a missing expression.
type Entry struct {
	Origin       string // OriginBuiltin, OriginWebhook, the name of a document, or empty
	Blueprint    string // the blueprint's identifier, not an expression
	Operation    string // "create", "delete", or empty for create
	Filter       string // the entry applies if it returns true; empty: always
	ItemsToParse string // returns an array; the entity is evaluated for each item, available as .item beside .body
	Entity       EntityTemplate
	// Searches lists the fields, as in "entity.identifier", that hold one of Port's search queries, {combinator,
	// rules}, instead of an expression. Only Port can evaluate them: the fields are empty here, and Mapping.Limits
	// lists them.
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

// ParseMapping parses a mapping: the JSON array that is pasted into the page of a webhook in Port, an object that
// holds it as "mappings", or either as YAML. The error joins all errors, each with the entry's number
// (from 1) and the field; fields unknown to Port are errors. Compile checks the expressions.
func ParseMapping(data []byte) ([]Entry, error) {
	document, err := decodeMapping(data)
	if err != nil {
		return nil, fmt.Errorf("mapping: %w", err)
	}
	if object, ok := document.(map[string]any); ok {
		if document, ok = object["mappings"]; !ok {
			return nil, errors.New(`mapping: expected an array of entries or an object with "mappings", found another object`)
		}
	}
	rows, ok := document.([]any)
	switch {
	case !ok:
		return nil, fmt.Errorf("mapping: expected an array of entries, found %s", kind(document))
	case len(rows) == 0:
		return nil, errors.New("mapping: it has no entries")
	}
	entries := make([]Entry, len(rows))
	var failures []error
	for i, row := range rows {
		p := entryParser{number: i + 1}
		entries[i] = p.entry(row)
		failures = append(failures, p.failures...)
	}
	if len(failures) > 0 {
		return nil, errors.Join(failures...)
	}
	return entries, nil
}

// entryParser parses one entry and collects its errors.
type entryParser struct {
	number   int      // the entry's number, from 1
	searches []string // the paths of the fields that hold a search query
	failures []error
}

func (p *entryParser) fail(path, format string, arguments ...any) {
	where := fmt.Sprintf("mapping entry %d: ", p.number)
	if path != "" {
		where += path + ": "
	}
	p.failures = append(p.failures, fmt.Errorf(where+format, arguments...))
}

func (p *entryParser) entry(row any) Entry {
	f, ok := p.fields("", row)
	if !ok {
		return Entry{}
	}
	entry := Entry{
		Blueprint:    f.text("blueprint", required),
		Operation:    f.operation(),
		Filter:       f.text("filter", 0),
		ItemsToParse: f.text("itemsToParse", 0),
	}
	if template, ok := f.take("entity"); ok {
		entry.Entity = p.template(template)
	} else {
		p.fail("entity", "is missing")
	}
	f.rejectOthers()
	slices.Sort(p.searches)
	entry.Searches = p.searches
	return entry
}

func (p *entryParser) template(value any) EntityTemplate {
	f, ok := p.fields("entity.", value)
	if !ok {
		return EntityTemplate{}
	}
	defer f.rejectOthers()
	return EntityTemplate{
		Identifier: f.text("identifier", required|searchable),
		Title:      f.text("title", 0),
		Icon:       f.text("icon", 0),
		Team:       f.text("team", searchable),
		Properties: f.texts("properties", required),
		Relations:  f.texts("relations", required|searchable),
	}
}

// fields are the fields of one object that have not been taken yet.
type fields struct {
	parser *entryParser
	prefix string // "entity." within an entity
	values map[string]any
}

func (p *entryParser) fields(prefix string, value any) (fields, bool) {
	object, ok := value.(map[string]any)
	if !ok {
		p.fail(strings.TrimSuffix(prefix, "."), "expected an object, found %s", kind(value))
	}
	return fields{parser: p, prefix: prefix, values: maps.Clone(object)}, ok
}

// take removes a field. It reports false for null and for a missing field.
func (f fields) take(name string) (value any, ok bool) {
	value = f.values[name]
	delete(f.values, name)
	return value, value != nil
}

// The traits of a field with a text.
type traits int

const (
	required   traits = 1 << iota // it must be there and not be empty
	searchable                    // it may be a search query
)

// text takes a field that must be a string.
func (f fields) text(name string, t traits) string {
	value, ok := f.take(name)
	text, isText := value.(string)
	switch path := f.prefix + name; {
	case !ok && t&required != 0:
		f.parser.fail(path, "is missing")
	case !ok:
	case isSearch(value) && t&searchable != 0:
		f.parser.searches = append(f.parser.searches, path)
	case isSearch(value):
		f.parser.fail(path, "expected a JQ expression, found a search query {combinator, rules}")
	case !isText:
		f.parser.fail(path, "expected a JQ expression (a string), found %s", kind(value))
	case strings.TrimSpace(text) == "" && t&required != 0:
		f.parser.fail(path, "is empty")
	}
	return text
}

// texts takes a field that must be an object of strings.
func (f fields) texts(name string, t traits) map[string]string {
	value, ok := f.take(name)
	if !ok {
		return nil
	}
	inner, ok := f.parser.fields(f.prefix+name+".", value)
	if !ok {
		return nil
	}
	texts := make(map[string]string, len(inner.values))
	for _, key := range slices.Sorted(maps.Keys(inner.values)) {
		texts[key] = inner.text(key, t)
	}
	return texts
}

// operation takes the operation: a string or {"type": …}.
func (f fields) operation() string {
	if advanced, ok := f.values["operation"].(map[string]any); ok {
		f.values["operation"] = advanced["type"]
	}
	operation := f.text("operation", 0)
	if operation != "" && operation != operationCreate && operation != operationDelete {
		f.parser.fail("operation", "expected %q or %q, found %q", operationCreate, operationDelete, operation)
	}
	return operation
}

func (f fields) rejectOthers() {
	for _, name := range slices.Sorted(maps.Keys(f.values)) {
		f.parser.fail(f.prefix+name, "unknown field")
	}
}

// isSearch reports whether a value is one of Port's search queries, which find an entity by its properties.
func isSearch(value any) bool {
	object, _ := value.(map[string]any)
	return object["combinator"] != nil || object["rules"] != nil
}
