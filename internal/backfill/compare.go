package backfill

import (
	"context"
	"fmt"
	"hash/maphash"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// fields are the parts of an entity that one entry of the mapping writes: they are read back and compared.
type fields struct {
	properties        []property
	relations         []string
	title, icon, team bool
}

type property struct {
	name    string
	instant bool         // a date-time, or an array of them
	shape   mapper.Shape // of an object that is known in part
}

func newFields(entry mapper.EntryInfo, blueprint port.Blueprint) fields {
	f := fields{title: entry.Title, icon: entry.Icon, team: entry.Team}
	for _, name := range entry.Properties {
		if declared, ok := blueprint.Schema.Properties[name]; ok {
			f.properties = append(f.properties, property{name, isInstant(declared), entry.Partial[name]})
		}
	}
	for _, name := range entry.Relations {
		if _, ok := blueprint.Relations[name]; ok {
			f.relations = append(f.relations, name)
		}
	}
	return f
}

func isInstant(p port.Property) bool {
	return p.Format == "date-time" || p.Items != nil && p.Items.Format == "date-time"
}

// areAllIn reports whether the entity has every field: values that do not fit their blueprint are dropped, for example.
func (f fields) areAllIn(e port.Entity) bool {
	for _, p := range f.properties {
		if _, ok := e.Properties[p.name]; !ok {
			return false
		}
	}
	for _, name := range f.relations {
		if _, ok := e.Relations[name]; !ok {
			return false
		}
	}
	return (!f.title || e.Title != "") && (!f.icon || e.Icon != "") && (!f.team || e.Team != nil)
}

// fingerprint identifies the values of an entity's fields by meaning: equal instants, numbers, objects and sets of teams are
// equal, and null is absent.
type fingerprint struct {
	whole   uint64 // of the fields that are known as a whole; never 0
	partial uint32 // of the known parts of the others
}

// hasher hashes values by meaning. Its random seed keeps others from making values collide.
type hasher struct{ seed maphash.Seed }

// fingerprint returns the fingerprint of an entity. hasPartial is false if the entity lacks a field that is known in part.
func (h hasher) fingerprint(f fields, e port.Entity) (print fingerprint, hasPartial bool) {
	var whole, partial uint64
	if f.title && e.Title != "" {
		whole += h.member("$title", e.Title, false)
	}
	if f.icon && e.Icon != "" {
		whole += h.member("$icon", e.Icon, false)
	}
	if f.team {
		whole += h.member("$team", teamSet(e.Team), false)
	}
	hasPartial = true
	for _, p := range f.properties {
		value, ok := e.Properties[p.name]
		if p.shape == nil {
			whole += h.member(p.name, value, p.instant)
			continue
		}
		hasPartial = hasPartial && ok
		partial += h.member(p.name, p.shape.Project(value), false)
	}
	for _, name := range f.relations {
		whole += h.member("relation "+name, e.Relations[name], false)
	}
	return fingerprint{whole: max(whole, 1), partial: uint32(mix(partial, 1))}, hasPartial
}

// teamSet returns the sorted names of a team value: Port stores one name as an array, and the order has no meaning.
func teamSet(team any) any {
	if name, ok := team.(string); ok && name != "" {
		return []any{name}
	}
	names, _ := team.([]any)
	if len(names) == 0 {
		return nil
	}
	names = slices.SortedFunc(slices.Values(names), func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return slices.CompactFunc(names, func(a, b any) bool { return a == b })
}

// member hashes a named value. Null is the same as absent.
func (h hasher) member(name string, value any, instant bool) uint64 {
	if value == nil {
		return 0
	}
	return mix(maphash.String(h.seed, name), h.value(value, instant))
}

func (h hasher) value(value any, instant bool) uint64 {
	switch v := value.(type) {
	case string:
		if instant {
			if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
				return maphash.Comparable(h.seed, at.UnixMilli()) // Port stores milliseconds
			}
		}
		return maphash.String(h.seed, v)
	case nil, bool:
		return maphash.Comparable(h.seed, v)
	case []any:
		sum := mix(1, uint64(len(v)))
		for _, element := range v {
			sum = mix(sum, h.value(element, instant))
		}
		return sum
	case map[string]any:
		var sum uint64
		for key, element := range v {
			sum += h.member(key, element, false)
		}
		return mix(2, sum)
	}
	return maphash.Comparable(h.seed, asFloat(value))
}

// asFloat returns a number as Port stores it.
func asFloat(value any) float64 {
	number, ok := value.(float64)
	if !ok {
		number, _ = strconv.ParseFloat(fmt.Sprint(value), 64)
	}
	return number + 0 // -0 is 0
}

// mix combines two hashes; their order matters.
func mix(a, b uint64) uint64 {
	high, low := bits.Mul64(a^0x9e3779b97f4a7c15, b^0xd6e8feb86659fd93)
	return high ^ low ^ a
}

// Change is what an update would change in one property, relation, $title, $icon or $team.
type Change struct {
	Blueprint  string `json:"blueprint"`
	Identifier string `json:"entity"`
	Property   string `json:"property"`
	From       any    `json:"from"` // nil: not set
	To         any    `json:"to"`
}

// changes reads entities from Port, and returns what writing these would change.
func (r *run) changes(ctx context.Context, t *target, entities []port.Entity) ([]Change, error) {
	var identifiers []string
	for _, entity := range entities {
		identifiers = append(identifiers, entity.Identifier)
	}
	stored := make(map[string]port.Entity, len(entities))
	options := port.SearchOptions{Query: port.IdentifierIn(identifiers...), Include: t.include()}
	for entity, err := range r.options.Port.Search(ctx, t.blueprint.Identifier, options) {
		if err != nil {
			return nil, fmt.Errorf("read the entities of %s: %w", t.blueprint.Identifier, err)
		}
		stored[entity.Identifier], _ = t.conformer.Conform(entity)
	}
	var changes []Change
	for _, entity := range entities {
		changes = append(changes, t.changes(r.ledger.hash, stored[entity.Identifier], entity)...)
	}
	return changes, nil
}

// changes returns the differences between the stored entity and the new one, sorted by property.
func (t *target) changes(h hasher, stored, entity port.Entity) []Change {
	var changes []Change
	compare := func(name string, from, to any, instant bool) {
		if h.member("", from, instant) != h.member("", to, instant) {
			changes = append(changes, Change{Blueprint: t.blueprint.Identifier, Identifier: entity.Identifier, Property: name, From: from, To: to})
		}
	}
	if entity.Title != "" {
		compare("$title", stored.Title, entity.Title, false)
	}
	if entity.Icon != "" {
		compare("$icon", stored.Icon, entity.Icon, false)
	}
	if entity.Team != nil {
		compare("$team", teamSet(stored.Team), teamSet(entity.Team), false)
	}
	for name, to := range entity.Properties {
		compare(name, shapeOf(to).Project(stored.Properties[name]), to, isInstant(t.blueprint.Schema.Properties[name]))
	}
	for name, to := range entity.Relations {
		compare(name, stored.Relations[name], to, false)
	}
	slices.SortFunc(changes, func(a, b Change) int { return strings.Compare(a.Property, b.Property) })
	return changes
}

// shapeOf returns the keys of an object: what is written of it is compared.
func shapeOf(value any) mapper.Shape {
	object, ok := value.(map[string]any)
	if !ok {
		return nil
	}
	shape := make(mapper.Shape, len(object))
	for key, member := range object {
		shape[key] = shapeOf(member)
	}
	return shape
}
