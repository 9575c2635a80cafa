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

// field is a part of an entity that an entry of the mapping writes: it is read back and compared.
type field struct {
	name     string // of a property or a relation, or $title, $icon or $team
	relation bool
	instant  bool         // a date-time, or an array of them
	shape    mapper.Shape // of an object that is known in part
}

func newFields(entry mapper.EntryInfo, blueprint port.Blueprint) []field {
	var fields []field
	for name, isWritten := range map[string]bool{"$title": entry.Title, "$icon": entry.Icon, "$team": entry.Team} {
		if isWritten {
			fields = append(fields, field{name: name})
		}
	}
	for _, name := range entry.Properties {
		if p, ok := blueprint.Schema.Properties[name]; ok {
			instant := p.Format == "date-time" || p.Items != nil && p.Items.Format == "date-time"
			fields = append(fields, field{name: name, instant: instant, shape: entry.Partial[name]})
		}
	}
	for _, name := range entry.Relations {
		if _, ok := blueprint.Relations[name]; ok {
			fields = append(fields, field{name: name, relation: true})
		}
	}
	return fields
}

// of returns the known part of the field in an entity, and false if the entity doesn't have the field: values that do not fit their
// blueprint are dropped, for example.
func (f field) of(e port.Entity) (value any, ok bool) {
	switch {
	case f.relation:
		value, ok = e.Relations[f.name]
	case f.name == "$title" && e.Title != "":
		return e.Title, true
	case f.name == "$icon" && e.Icon != "":
		return e.Icon, true
	case f.name == "$team":
		return teamSet(e.Team), e.Team != nil
	default:
		value, ok = e.Properties[f.name]
	}
	return f.shape.Project(value), ok
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
func (h hasher) fingerprint(fields []field, e port.Entity) (print fingerprint, hasPartial bool) {
	var whole, partial uint64
	hasPartial = true
	for _, f := range fields {
		value, ok := f.of(e)
		if f.shape == nil {
			whole += h.member(f, value)
			continue
		}
		hasPartial = hasPartial && ok
		partial += h.member(f, value)
	}
	return fingerprint{whole: max(whole, 1), partial: uint32(mix(partial, 1))}, hasPartial
}

// member hashes the value of a field, or of the key of an object. Null is the same as absent.
func (h hasher) member(f field, value any) uint64 {
	if value == nil {
		return 0
	}
	hash := mix(maphash.String(h.seed, f.name), h.value(value, f.instant))
	if f.relation {
		return mix(hash, 1)
	}
	return hash
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
			sum += h.member(field{name: key}, element)
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
	for _, fields := range t.comparisons {
		for _, f := range fields {
			from, _ := f.of(stored)
			to, ok := f.of(entity)
			if ok && h.member(f, from) != h.member(f, to) {
				changes = append(changes, Change{Blueprint: t.blueprint.Identifier, Identifier: entity.Identifier, Property: f.name, From: from, To: to})
			}
		}
	}
	slices.SortFunc(changes, func(a, b Change) int { return strings.Compare(a.Property, b.Property) })
	return slices.CompactFunc(changes, func(a, b Change) bool { return a.Property == b.Property }) // that several entries write
}
