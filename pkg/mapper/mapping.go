// Package mapper maps commits to Port entities as Port's own webhook would have done: it rebuilds the payload that
// Codecov's webhook sends, runs a JQ mapping over it, and converts the values to the types that a blueprint declares.
//
// Its functions are pure: no network, no clock, no randomness.
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
func (e Entry) Deletes() bool { return e.Operation == "delete" }

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
	fields, ok := p.object("", row, "blueprint", "operation", "filter", "itemsToParse", "entity")
	if !ok {
		return Entry{}
	}
	entry := Entry{
		Blueprint:    p.text("blueprint", fields["blueprint"], required),
		Operation:    p.operation(fields["operation"]),
		Filter:       p.text("filter", fields["filter"], 0),
		ItemsToParse: p.text("itemsToParse", fields["itemsToParse"], 0),
	}
	if fields["entity"] == nil {
		p.fail("entity", "is missing")
	} else {
		entry.Entity = p.template(fields["entity"])
	}
	slices.Sort(p.searches)
	entry.Searches = p.searches
	return entry
}

func (p *entryParser) template(value any) EntityTemplate {
	fields, ok := p.object("entity", value, "identifier", "title", "icon", "team", "properties", "relations")
	if !ok {
		return EntityTemplate{}
	}
	return EntityTemplate{
		Identifier: p.text("entity.identifier", fields["identifier"], required|searchable),
		Title:      p.text("entity.title", fields["title"], 0),
		Icon:       p.text("entity.icon", fields["icon"], 0),
		Team:       p.text("entity.team", fields["team"], searchable),
		Properties: p.texts("entity.properties", fields["properties"], required),
		Relations:  p.texts("entity.relations", fields["relations"], required|searchable),
	}
}

// object returns the fields of an object. If names are listed, it has no others.
func (p *entryParser) object(path string, value any, names ...string) (fields map[string]any, ok bool) {
	if fields, ok = value.(map[string]any); !ok {
		p.fail(path, "expected an object, found %s", kind(value))
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if len(names) > 0 && !slices.Contains(names, name) {
			p.fail(strings.TrimPrefix(path+"."+name, "."), "unknown field")
		}
	}
	return fields, ok
}

// The traits of a field with a text.
type traits int

const (
	required   traits = 1 << iota // it must be there and not be empty
	searchable                    // it may be a search query
)

// text returns a string; null is a missing field.
func (p *entryParser) text(path string, value any, t traits) string {
	text, isText := value.(string)
	object, _ := value.(map[string]any)
	isSearch := object["combinator"] != nil || object["rules"] != nil // it finds an entity by its properties
	switch {
	case isSearch && t&searchable != 0:
		p.searches = append(p.searches, path)
	case isSearch:
		p.fail(path, "expected a JQ expression, found a search query {combinator, rules}")
	case value != nil && !isText:
		p.fail(path, "expected a JQ expression (a string), found %s", kind(value))
	case t&required == 0:
	case value == nil:
		p.fail(path, "is missing")
	case strings.TrimSpace(text) == "":
		p.fail(path, "is empty")
	}
	return text
}

// texts returns an object of strings.
func (p *entryParser) texts(path string, value any, t traits) map[string]string {
	if value == nil {
		return nil
	}
	fields, _ := p.object(path, value)
	texts := make(map[string]string, len(fields))
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		texts[name] = p.text(path+"."+name, fields[name], t)
	}
	return texts
}

// operation returns the operation: a string or {"type": …}.
func (p *entryParser) operation(value any) string {
	if advanced, ok := value.(map[string]any); ok {
		value = advanced["type"]
	}
	operation := p.text("operation", value, 0)
	if !slices.Contains([]string{"", "create", "delete"}, operation) {
		p.fail("operation", "expected \"create\" or \"delete\", found %q", operation)
	}
	return operation
}
