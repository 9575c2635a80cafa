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

// fingerprint stands for what an entity holds of what a mapping's entry writes. Two entities with equal
// fingerprints are the same by meaning: instants, numbers and objects count by value, null is absent.
type fingerprint struct {
	plain   uint64 // what Codecov's REST API tells whole; never 0
	partial uint32 // what it tells in part
}

// projection is what one entry of the mapping writes of an entity: what is compared, and what is read back for it.
type projection struct {
	plain     []field
	partial   []partialField
	relations []string
	title     bool
	whole     bool // icons and teams cannot be asked for one by one
}

type field struct {
	name    string
	instant bool // a date-time, alone or in an array
}

// partialField is a property that the REST API tells in part: keys are what it tells of an object, none where
// the value is no object.
type partialField struct {
	field
	keys []string
}

const propertyPath, relationPath = "entity.properties.", "entity.relations."

// newProjection reads off the entry what it writes of what the blueprint declares.
func newProjection(entry mapper.EntryInfo, blueprint port.Blueprint) projection {
	p := projection{title: entry.Title, whole: entry.Icon || entry.Team}
	for _, name := range entry.Properties {
		declared, ok := blueprint.Schema.Properties[name]
		if !ok || slices.Contains(entry.Unwritten, propertyPath+name) {
			continue
		}
		f := field{name: name, instant: isInstant(declared)}
		if slices.Contains(entry.Unknown, propertyPath+name) {
			p.partial = append(p.partial, partialField{field: f, keys: entry.Partial[name]})
		} else {
			p.plain = append(p.plain, f)
		}
	}
	for _, name := range entry.Relations {
		_, declared := blueprint.Relations[name]
		if declared && !slices.Contains(entry.Unknown, relationPath+name) {
			p.relations = append(p.relations, name)
		}
	}
	return p
}

func isInstant(p port.Property) bool {
	return p.Format == "date-time" || p.Items != nil && p.Items.Format == "date-time"
}

// include lists what a search has to give so that the entity can be compared; nil is everything.
func (p projection) include() []string {
	if p.whole {
		return nil
	}
	names := []string{"$identifier", "$title"}
	for _, f := range p.plain {
		names = append(names, f.name)
	}
	for _, f := range p.partial {
		names = append(names, f.name)
	}
	return append(names, p.relations...)
}

// print gives an entity's fingerprint. comparable is false where the entity tells of the partly known
// properties other than the mapping's entry commonly does, so that partial means nothing.
func (h hasher) print(p projection, e port.Entity) (f fingerprint, comparable bool) {
	sum := h.texts(p, e)
	for _, property := range p.plain {
		sum += h.member(property.name, e.Properties[property.name], property.instant)
	}
	for _, name := range p.relations {
		sum += h.member("\x00"+name, e.Relations[name], false)
	}
	comparable = true
	var partial uint64
	for _, property := range p.partial {
		value, told := e.Properties[property.name]
		object, isObject := value.(map[string]any)
		switch {
		case !told, isObject && property.keys == nil:
			comparable = false
		case isObject:
			comparable = comparable && coversAll(object, property.keys)
			partial += h.member(property.name, cut(object, property.keys), false)
		default:
			partial += h.member(property.name, value, property.instant)
		}
	}
	return fingerprint{plain: max(sum, 1), partial: uint32(mix(partial, 1))}, comparable
}

// tellsAll tells whether the entity has all that the entry of the mapping writes: a value that does not fit its
// blueprint is left out, and so is a title that is null.
func (p projection) tellsAll(e port.Entity) bool {
	for _, property := range p.plain {
		if _, told := e.Properties[property.name]; !told {
			return false
		}
	}
	for _, name := range p.relations {
		if _, told := e.Relations[name]; !told {
			return false
		}
	}
	return (!p.title || e.Title != "") && !p.whole
}

func coversAll(object map[string]any, keys []string) bool {
	for _, key := range keys {
		if _, ok := object[key]; !ok {
			return false
		}
	}
	return true
}

func cut(object map[string]any, keys []string) map[string]any {
	part := make(map[string]any, len(keys))
	for _, key := range keys {
		part[key] = object[key]
	}
	return part
}

func (h hasher) texts(p projection, e port.Entity) uint64 {
	var sum uint64
	if p.title {
		sum += h.member("\x00title", e.Title, false)
	}
	if p.whole {
		sum += h.member("\x00icon", e.Icon, false) + h.member("\x00team", e.Team, false)
	}
	return sum
}

// hasher hashes values by meaning. Its seed is the run's own, so that nobody can make values collide.
type hasher struct{ seed maphash.Seed }

func newHasher() hasher { return hasher{seed: maphash.MakeSeed()} }

// member hashes a named value; null is as if it were not there.
func (h hasher) member(name string, value any, instant bool) uint64 {
	if value == nil || value == "" && strings.HasPrefix(name, "\x00") {
		return 0
	}
	return mix(maphash.String(h.seed, name), h.value(value, instant))
}

// The kinds of values, so that 1 and "1" differ.
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
		if instant {
			if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
				// Port keeps milliseconds.
				return mix(kindInstant, uint64(at.UnixMilli()))
			}
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
	number, _ := float(value)
	return mix(kindNumber, math.Float64bits(number))
}

// float gives a number as Port keeps it.
func float(value any) (float64, bool) {
	switch v := value.(type) {
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case float64:
		return v + 0, true // -0 is 0
	case json.Number:
		number, err := v.Float64()
		return number + 0, err == nil
	}
	if big, ok := value.(interface{ Text(int) string }); ok {
		number, err := json.Number(big.Text(10)).Float64()
		return number, err == nil
	}
	return 0, false
}

// mix makes one hash of two, in this order.
func mix(a, b uint64) uint64 {
	high, low := bits.Mul64(a^0x9e3779b97f4a7c15, b^0xd6e8feb86659fd93)
	return high ^ low ^ a
}
