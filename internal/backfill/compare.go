package backfill

import (
	"encoding/json"
	"hash/maphash"
	"math"
	"math/bits"
	"slices"
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

// include lists what a search has to return; nil is everything, because icon and team cannot be included by name.
func (f fields) include() []string {
	if f.icon || f.team {
		return nil
	}
	names := []string{"$identifier", "$title"}
	for _, p := range f.properties {
		names = append(names, p.name)
	}
	return append(names, f.relations...)
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

func newHasher() hasher { return hasher{seed: maphash.MakeSeed()} }

// fingerprint returns the fingerprint of an entity. hasPartial is false if the entity lacks a field that is known in part.
func (h hasher) fingerprint(f fields, e port.Entity) (print fingerprint, hasPartial bool) {
	var whole, partial uint64
	if f.title {
		whole += h.text("$title", e.Title)
	}
	if f.icon {
		whole += h.text("$icon", e.Icon)
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
	switch t := team.(type) {
	case string:
		if t == "" {
			return nil
		}
		return []any{t}
	case []any:
		if len(t) == 0 {
			return nil
		}
		names := slices.Clone(t)
		slices.SortFunc(names, func(a, b any) int {
			x, _ := a.(string)
			y, _ := b.(string)
			return strings.Compare(x, y)
		})
		return slices.CompactFunc(names, func(a, b any) bool { return a == b })
	}
	return nil
}

func (h hasher) text(name, value string) uint64 {
	if value == "" {
		return 0
	}
	return h.member(name, value, false)
}

// member hashes a named value. Null is the same as absent.
func (h hasher) member(name string, value any, instant bool) uint64 {
	if value == nil {
		return 0
	}
	return mix(maphash.String(h.seed, name), h.value(value, instant))
}

// Kinds of values, so that 1 and "1" differ.
const (
	kindText = iota + 1
	kindNumber
	kindTrue
	kindFalse
	kindNull
	kindArray
	kindObject
	kindInstant
)

func (h hasher) value(value any, instant bool) uint64 {
	switch v := value.(type) {
	case nil:
		return mix(kindNull, 0)
	case string:
		if at, err := time.Parse(time.RFC3339Nano, v); instant && err == nil {
			return mix(kindInstant, uint64(at.UnixMilli())) // Port stores milliseconds
		}
		return mix(kindText, maphash.String(h.seed, v))
	case bool:
		if v {
			return mix(kindTrue, 0)
		}
		return mix(kindFalse, 0)
	case []any:
		sum := mix(kindArray, uint64(len(v)))
		for _, element := range v {
			sum = mix(sum, h.value(element, instant))
		}
		return sum
	case map[string]any:
		var sum uint64
		for key, element := range v {
			if element != nil {
				sum += mix(maphash.String(h.seed, key), h.value(element, false))
			}
		}
		return mix(kindObject, sum)
	}
	return mix(kindNumber, math.Float64bits(asFloat(value)))
}

// asFloat returns a number as Port stores it.
func asFloat(value any) float64 {
	var number float64
	switch v := value.(type) {
	case int:
		number = float64(v)
	case float64:
		number = v
	case json.Number:
		number, _ = v.Float64()
	case interface{ Text(int) string }: // *big.Int
		number, _ = json.Number(v.Text(10)).Float64()
	}
	return number + 0 // -0 is 0
}

// mix combines two hashes; their order matters.
func mix(a, b uint64) uint64 {
	high, low := bits.Mul64(a^0x9e3779b97f4a7c15, b^0xd6e8feb86659fd93)
	return high ^ low ^ a
}
