package mapper

import (
	"context"
	"maps"

	"github.com/codecov-port/codecov-port/pkg/port"
)

// Result is what a mapping makes of one payload.
type Result struct {
	Entities []Mapped  // in the order of the mapping's entries
	Problems []Problem // entities that cannot be written, by name
	// Unnamed lists the places (from 0) of the entries that passed their filter and gave no identifier; an entry that
	// parses items may be listed once for each of them.
	Unnamed []int
	// Filtered lists the places of the entries whose filter did not pass, in the same way.
	Filtered []int
}

// Mapped is an entity that an entry gave. Its values may share memory with the payload and are not to be changed.
type Mapped struct {
	Entry     int // the entry's place in the mapping, from 0
	Blueprint string
	// Entity holds what is to be written. A property or relation that depends on what Codecov's REST API cannot tell
	// is not in it: it is neither to be written nor to be compared.
	Entity port.Entity
	// Partial names the properties whose value is an object of which only a part is known. It is to be compared on the
	// keys that are there.
	Partial map[string]bool
}

// Problem is an entity that an entry gave and that Port would refuse.
type Problem struct {
	Entry      int // the entry's place in the mapping, from 0
	Blueprint  string
	Identifier string
	Reason     string // follows the identifier in a sentence: "is longer than 1,000 characters"
}

// Map runs every entry of the mapping on a payload ({"body": …}, values as Payload gives them, or as encoding/json
// decodes them). An entry's filter and identifier are evaluated first; take is then asked whether the identifier is
// still to be had for the blueprint, and where it says no, the entry gives nothing.
//
// As in Port, an expression that fails gives null, and of several results the first one counts. A filter passes on true
// alone. An identifier is a string that is not empty, and may not depend on what the REST API cannot tell; anything else
// is no identifier. One that Port forbids is returned as a problem and never repaired, for a live event would fail too.
// An expression that does not end is stopped by the time-out and gives null, as does a result over 1 MiB.
//
// The error is the context's. Map is safe for concurrent use as far as take is.
func (m *Mapping) Map(ctx context.Context, payload map[string]any, take func(blueprint, identifier string) bool) (Result, error) {
	r := m.start(ctx, take)
	defer r.end()
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
	mapping *Mapping
	parent  context.Context
	take    func(blueprint, identifier string) bool
	result  Result

	deadline context.Context // of all expressions; set when the first of them needs the engine
	stop     context.CancelFunc
	expired  bool // an expression was stopped by the deadline
}

func (m *Mapping) start(ctx context.Context, take func(blueprint, identifier string) bool) *run {
	return &run{mapping: m, parent: ctx, take: take}
}

func (r *run) end() {
	if r.stop != nil {
		r.stop()
	}
}

func (r *run) setDeadline() {
	r.end()
	r.deadline, r.stop = context.WithTimeout(r.parent, r.mapping.timeout)
}

// scene is what an expression is evaluated on: the payload, and, made when they are first asked for, its fillings.
type scene struct {
	payload map[string]any
	filled  []map[string]any
}

func (s *scene) fillings() []map[string]any {
	if s.filled == nil {
		for _, f := range fillings {
			s.filled = append(s.filled, f.fill(s.payload))
		}
	}
	return s.filled
}

func (r *run) entry(e *entry, payload map[string]any) {
	if e.items == nil {
		r.entity(e, &scene{payload: payload})
		return
	}
	items, ok := r.value(e.items, payload).([]any)
	if !ok {
		r.result.Unnamed = append(r.result.Unnamed, e.index)
	}
	for _, item := range items {
		r.entity(e, &scene{payload: beside(payload, item)})
	}
}

// beside gives the payload with an item in it.
func beside(payload map[string]any, item any) map[string]any {
	payload = maps.Clone(payload)
	payload["item"] = item
	return payload
}

func (r *run) entity(e *entry, s *scene) {
	if e.filter != nil && r.value(e.filter, s.payload) != true {
		r.result.Filtered = append(r.result.Filtered, e.index)
		return
	}
	identifier, ok := r.known(e.identifier, s).(string)
	if !ok || identifier == "" {
		r.result.Unnamed = append(r.result.Unnamed, e.index)
		return
	}
	if !r.take(e.blueprint, identifier) {
		return
	}
	if reason := forbidden(identifier); reason != "" {
		r.result.Problems = append(r.result.Problems, Problem{e.index, e.blueprint, identifier, reason})
		return
	}
	r.result.Entities = append(r.result.Entities, r.mapped(e, s, identifier))
}

func (r *run) mapped(e *entry, s *scene, identifier string) Mapped {
	mapped := Mapped{Entry: e.index, Blueprint: e.blueprint, Entity: port.Entity{
		Identifier: identifier,
		Title:      r.text(e.title, s),
		Icon:       r.text(e.icon, s),
		Team:       r.team(e.team, s),
		Properties: make(map[string]any, len(e.properties)),
	}}
	for _, property := range e.properties {
		value, partial, ok := r.agreed(property.expression, s)
		if !ok {
			continue
		}
		mapped.Entity.Properties[property.name] = value
		if partial {
			mapped.markPartial(property.name)
		}
	}
	if len(e.relations) > 0 {
		mapped.Entity.Relations = r.relations(e.relations, s)
	}
	return mapped
}

func (m *Mapped) markPartial(property string) {
	if m.Partial == nil {
		m.Partial = map[string]bool{}
	}
	m.Partial[property] = true
}

func (r *run) relations(fields []field, s *scene) map[string]any {
	relations := make(map[string]any, len(fields))
	for _, relation := range fields {
		if value, partial, ok := r.agreed(relation.expression, s); ok && !partial {
			relations[relation.name] = value
		}
	}
	return relations
}

// text evaluates an expression for a part of the entity that is a string. Null is the empty string: Port refuses null there.
func (r *run) text(x *expression, s *scene) string {
	if x == nil {
		return ""
	}
	text, _ := scalarText(r.known(x, s))
	return text
}

// team is a team's name, several of them, or nil.
func (r *run) team(x *expression, s *scene) any {
	if x == nil {
		return nil
	}
	switch team := r.known(x, s).(type) {
	case string:
		if team != "" {
			return team
		}
	case []any:
		if len(team) > 0 && allStrings(team) {
			return team
		}
	}
	return nil
}

func allStrings(items []any) bool {
	for _, item := range items {
		if _, ok := item.(string); !ok {
			return false
		}
	}
	return true
}

// known evaluates an expression; what is not wholly known is null.
func (r *run) known(x *expression, s *scene) any {
	value, partial, ok := r.agreed(x, s)
	if !ok || partial {
		return nil
	}
	return value
}

// agreed evaluates an expression. Where its result may depend on what is unknown, a null counts as unknown, and of
// another result only that is kept which does not change when the unknown is filled in.
func (r *run) agreed(x *expression, s *scene) (value any, partial, ok bool) {
	value = r.value(x, s.payload)
	if !x.unknown {
		return value, false, true
	}
	if value == nil {
		return nil, false, false
	}
	for _, filled := range s.fillings() {
		part, isPart, ok := agreed(value, r.value(x, filled))
		if !ok {
			return nil, false, false
		}
		value, partial = part, partial || isPart
	}
	return value, partial, true
}

// value evaluates an expression: the first result, null where there is none or where it fails. The deadline is shared
// by all expressions and may have been used up by the time this one began: one that it stops gets a second chance.
func (r *run) value(x *expression, input map[string]any) any {
	if x.keys != nil {
		return settled(follow(input, x.keys))
	}
	if value, ok := r.attempt(x, input); ok {
		return value
	}
	value, _ := r.attempt(x, input)
	return value
}

// attempt evaluates an expression; ok is false when the deadline stopped it, and a new one is set then.
func (r *run) attempt(x *expression, input map[string]any) (value any, ok bool) {
	if r.deadline == nil {
		r.setDeadline()
	}
	value, ok = x.code.RunWithContext(r.deadline, input).Next()
	if !ok {
		return nil, true
	}
	if _, failed := value.(error); !failed {
		return settled(value), true
	}
	if r.deadline.Err() == nil || r.parent.Err() != nil {
		return nil, true
	}
	r.expired = true
	r.setDeadline()
	return nil, false
}
