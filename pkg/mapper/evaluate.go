package mapper

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/codecov-port/codecov-port/pkg/mapper/jq"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// MaxItems is the number of items that Port handles of an itemsToParse.
const MaxItems = 500

// Result is what a mapping returns for one payload.
type Result struct {
	Entities []Mapped  // in the order of the mapping's entries
	Problems []Problem // entities that Port would refuse

	// Indexes of entries; one with itemsToParse may be listed once for each item.
	Unnamed  []int // they passed their filter and returned no identifier
	Filtered []int // their filter did not pass

	DroppedItems map[string]int // by blueprint, the items beyond MaxItems, which Port ignores; nil if there are none
}

// Mapped is an entity that an entry returned. It holds no field that depends on what Codecov's REST API does not
// return. Its values may share memory with the payload and must not be changed.
type Mapped struct {
	Entry     int // the entry's index in the mapping, from 0
	Blueprint string
	Entity    port.Entity
}

// Problem is an entity that Port would refuse.
type Problem struct {
	Entry      int // the entry's index in the mapping, from 0
	Blueprint  string
	Identifier string
	Reason     string // completes a sentence: "is longer than 1,000 characters"
}

// Map runs every entry of the mapping on a payload ({"body": …}) with values as Payload or ParsePayload returns them.
// Filter and identifier are evaluated first; if claim then reports false for the identifier, the entry returns
// nothing.
//
// As in Port, an expression that fails returns null, the first of several results is used, and a property whose
// expression has no result is left out. A filter passes if it is true. An identifier is a string that is not empty.
// An identifier that Port forbids is returned as a problem and never repaired, because a live event also fails.
//
// The error is the context's. Map is safe for concurrent use if claim is.
func (m *Mapping) Map(ctx context.Context, payload map[string]any, claim func(blueprint, identifier string) bool) (Result, error) {
	r := m.newRun(ctx, claim)
	defer r.evaluation.Close()
	for i := range m.entries {
		r.entry(&m.entries[i], payload)
	}
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	return r.result, nil
}

// run is the evaluation of a mapping on one payload.
type run struct {
	claim      func(blueprint, identifier string) bool
	evaluation *jq.Evaluation
	result     Result
}

func (m *Mapping) newRun(ctx context.Context, claim func(blueprint, identifier string) bool) *run {
	return &run{claim: claim, evaluation: jq.NewEvaluation(ctx, m.options.Timeout)}
}

func (r *run) entry(e *entry, payload map[string]any) {
	if e.items == nil {
		r.entity(e, payload)
		return
	}
	value, _ := r.evaluation.Value(e.items, payload)
	items, ok := value.([]any)
	if !ok {
		r.result.Unnamed = append(r.result.Unnamed, e.info.Index)
		return
	}
	if len(items) > MaxItems {
		if r.result.DroppedItems == nil {
			r.result.DroppedItems = map[string]int{}
		}
		r.result.DroppedItems[e.info.Blueprint] += len(items) - MaxItems
		items = items[:MaxItems]
	}
	for _, item := range items {
		withItem := maps.Clone(payload)
		withItem["item"] = item
		r.entity(e, withItem)
	}
}

func (r *run) entity(e *entry, payload map[string]any) {
	if e.filter != nil {
		if passed, _ := r.evaluation.Value(e.filter, payload); passed != true {
			r.result.Filtered = append(r.result.Filtered, e.info.Index)
			return
		}
	}
	value, _ := r.evaluation.Value(e.identifier, payload)
	identifier, ok := value.(string)
	if !ok || identifier == "" {
		r.result.Unnamed = append(r.result.Unnamed, e.info.Index)
		return
	}
	if !r.claim(e.info.Blueprint, identifier) {
		return
	}
	if reason := forbidden(identifier); reason != "" {
		r.result.Problems = append(r.result.Problems, Problem{e.info.Index, e.info.Blueprint, identifier, reason})
		return
	}
	r.result.Entities = append(r.result.Entities, Mapped{Entry: e.info.Index, Blueprint: e.info.Blueprint, Entity: port.Entity{
		Identifier: identifier,
		Title:      r.text(e.title, payload),
		Icon:       r.text(e.icon, payload),
		Team:       r.team(e.team, payload),
		Properties: r.values(e.properties, payload),
		Relations:  r.values(e.relations, payload),
	}})
}

func (r *run) values(queries map[string]*jq.Query, payload map[string]any) map[string]any {
	values := make(map[string]any, len(queries))
	for name, query := range queries {
		if value, ok := r.evaluation.Value(query, payload); ok {
			values[name] = value
		}
	}
	return values
}

// text returns the value of a part that is a string, and "" for null, which Port refuses there.
func (r *run) text(query *jq.Query, payload map[string]any) string {
	value, _ := r.evaluation.Value(query, payload)
	text, _ := jq.ScalarText(value)
	return text
}

// team returns the name of a team, an array of names, or nil.
func (r *run) team(query *jq.Query, payload map[string]any) any {
	value, _ := r.evaluation.Value(query, payload)
	names, isList := value.([]any)
	if !isList {
		names = []any{value}
	}
	isNoName := func(name any) bool { return jq.TypeOf(name) != "string" || name == "" }
	if len(names) == 0 || slices.ContainsFunc(names, isNoName) {
		return nil
	}
	return value
}

// maxIdentifier is Port's limit of an entity's identifier, in characters.
const maxIdentifier = 1000

// forbidden returns why Port refuses an identifier, and "" if Port accepts it. Source: Port's OpenAPI document,
// entities/bulk.
func forbidden(identifier string) string {
	const allowed = `0123456789@_.+:\/=-`
	switch {
	case identifier == "":
		return "is empty"
	case identifier == "." || identifier == "..":
		return "is only dots"
	case utf8.RuneCountInString(identifier) > maxIdentifier:
		return "is longer than 1,000 characters"
	case strings.ContainsFunc(identifier, func(r rune) bool { return !unicode.IsLetter(r) && !strings.ContainsRune(allowed, r) }):
		return "has a character that Port forbids (letters, digits and @ _ . + : \\ / = - are allowed)"
	default:
		return ""
	}
}
