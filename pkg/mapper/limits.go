package mapper

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/itchyny/gojq"
)

// Limit is something in a mapping that a webhook follows and a backfill cannot.
type Limit struct {
	Entry     int // the entry's place in the mapping, from 0
	Blueprint string
	Field     string // "operation", "filter", "entity.identifier", "entity.relations.service"
	Reason    string // a sentence without a full stop: why, and what follows from it
	Skipped   bool   // the entry is not replayed at all; else the field alone is neither written nor compared
}

const (
	entrySkipped = "the entry is not replayed"
	fieldLeft    = "what Port holds there is left as it is"
)

// Limits lists, entry by entry, what a backfill cannot follow of a mapping: entries that delete, search queries
// {combinator, rules}, and expressions over the headers or the query parameters of a live event. Compile leaves it out.
// An expression that is not valid is no limit: Compile reports it.
func Limits(entries []Entry) []Limit {
	var limits []Limit
	for i, e := range entries {
		limits = append(limits, e.limits(i)...)
	}
	return limits
}

func (e Entry) limits(index int) []Limit {
	if e.Deletes() {
		return []Limit{{index, e.Blueprint, "operation", "the entry deletes entities: " + entrySkipped, true}}
	}
	var limits []Limit
	for _, f := range e.written() {
		cause := e.cause(f)
		if cause == "" {
			continue
		}
		effect := fieldLeft
		if f.decides {
			effect = entrySkipped
		}
		limits = append(limits, Limit{index, e.Blueprint, f.path, cause + ": " + effect, f.decides})
	}
	return limits
}

// cause says why a backfill cannot follow a field; it is empty where it can.
func (e Entry) cause(f writtenField) string {
	if slices.Contains(e.Searches, f.path) {
		return "it is a search query among the entities of Port"
	}
	if part := eventPart(f.source); part != "" {
		return fmt.Sprintf("it reads .%s, which only a live event has", part)
	}
	return ""
}

// writtenField is a field of an entry as it is written.
type writtenField struct {
	path, source string
	decides      bool // without it, there is no entity
}

// written lists the fields that hold an expression, or may hold one.
func (e Entry) written() []writtenField {
	template := e.Entity
	fields := []writtenField{
		{"filter", e.Filter, true},
		{"itemsToParse", e.ItemsToParse, true},
		{"entity.identifier", template.Identifier, true},
		{"entity.title", template.Title, false},
		{"entity.icon", template.Icon, false},
		{"entity.team", template.Team, false},
	}
	for _, name := range slices.Sorted(maps.Keys(template.Properties)) {
		fields = append(fields, writtenField{propertyPath + name, template.Properties[name], false})
	}
	for _, name := range slices.Sorted(maps.Keys(template.Relations)) {
		fields = append(fields, writtenField{relationPath + name, template.Relations[name], false})
	}
	return fields
}

// followed gives the entry without the fields that a backfill cannot follow; ok is false where nothing is left of it.
func (e Entry) followed() (rest Entry, ok bool) {
	limits := e.limits(0)
	if len(limits) == 0 {
		return e, true
	}
	e.Entity.Properties = maps.Clone(e.Entity.Properties)
	e.Entity.Relations = maps.Clone(e.Entity.Relations)
	for _, limit := range limits {
		if limit.Skipped {
			return Entry{}, false
		}
		e.Entity.drop(limit.Field)
	}
	return e, true
}

func (t *EntityTemplate) drop(path string) {
	switch path {
	case "entity.title":
		t.Title = ""
	case "entity.icon":
		t.Icon = ""
	case "entity.team":
		t.Team = ""
	default:
		delete(t.Properties, strings.TrimPrefix(path, propertyPath))
		delete(t.Relations, strings.TrimPrefix(path, relationPath))
	}
}

// eventParts are what a payload in Port holds beside the body, and what a rebuilt one cannot.
var eventParts = []string{"headers", "queryParams"}

// eventPart names the one of them that an expression reads; it is empty where it reads none, or is not valid.
func eventPart(source string) string {
	if !slices.ContainsFunc(eventParts, func(part string) bool { return strings.Contains(source, part) }) {
		return ""
	}
	rewritten, _, err := doubleQuoted(source)
	if err != nil {
		return ""
	}
	query, err := gojq.Parse(rewritten.text)
	if err != nil {
		return ""
	}
	for term := range terms(query) {
		for _, part := range eventParts {
			if enters(term, part) {
				return part
			}
		}
	}
	return ""
}

// enters tells whether a term enters its input by a key, as .body.repo, .["body"], ."body" and {body} do.
func enters(term *gojq.Term, key string) bool {
	if term.Object == nil {
		return firstKey(term) == key
	}
	return slices.ContainsFunc(term.Object.KeyVals, func(entry *gojq.ObjectKeyVal) bool {
		return entry.Val == nil && entry.Key == key
	})
}

func firstKey(term *gojq.Term) string {
	switch {
	case term.Type == gojq.TermTypeIndex:
		return indexKey(term.Index)
	case term.Type == gojq.TermTypeIdentity && len(term.SuffixList) > 0:
		return indexKey(term.SuffixList[0].Index)
	default:
		return ""
	}
}

func indexKey(index *gojq.Index) string {
	switch {
	case index == nil:
		return ""
	case index.Str != nil:
		return index.Str.Str
	case index.Start != nil && index.Start.Term != nil && index.Start.Term.Type == gojq.TermTypeString:
		return index.Start.Term.Str.Str
	default:
		return index.Name
	}
}
