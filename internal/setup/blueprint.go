package setup

import (
	"maps"
	"slices"

	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// part is a part of a blueprint that can be added to.
type part struct{ field, title string }

var (
	schemaPart      = part{"schema", "property"}
	calculationPart = part{"calculationProperties", "calculation property"}
	aggregationPart = part{"aggregationProperties", "aggregation property"}
	relationPart    = part{"relations", "relation"}
	blueprintParts  = []part{schemaPart, calculationPart, aggregationPart, relationPart}
)

// builtinBlueprint returns a built-in blueprint as an object.
func builtinBlueprint(identifier string) object {
	blueprints := mapper.BuiltinBlueprints()
	at := slices.IndexFunc(blueprints, func(b port.Blueprint) bool { return b.Identifier == identifier })
	return toObject(blueprints[at])
}

// of returns the declarations of this part, by identifier.
func (p part) of(blueprint object) object {
	if p == schemaPart {
		return child(blueprint, "schema", "properties")
	}
	return child(blueprint, p.field)
}

// compareBlueprints returns what the existing blueprint doesn't declare of the wanted one, and the patch that adds it.
// A property is not missing if its identifier is used by one of another kind. The patch holds each changed part whole,
// so that nothing is lost whether Port merges or replaces it.
func compareBlueprints(existing, wanted object) (missing []string, patch object) {
	patch = make(object)
	for _, p := range blueprintParts {
		have, want := p.of(existing), p.of(wanted)
		whole := maps.Clone(have)
		for _, name := range sortedKeys(want) {
			if p.isUsed(existing, name) {
				continue
			}
			missing = append(missing, p.title+" "+name)
			whole[name] = want[name]
		}
		switch {
		case len(whole) == len(have):
		case p == schemaPart:
			required, _ := child(existing, "schema")["required"].([]any)
			patch["schema"] = object{"properties": whole, "required": append([]any{}, required...)}
		default:
			patch[p.field] = whole
		}
	}
	return missing, patch
}

// isUsed reports whether the blueprint has something of this identifier that this part can't have, too.
func (p part) isUsed(blueprint object, name string) bool {
	parts := []object{relationPart.of(blueprint)}
	if p != relationPart {
		parts = []object{schemaPart.of(blueprint), calculationPart.of(blueprint), aggregationPart.of(blueprint), child(blueprint, "mirrorProperties")}
	}
	return slices.ContainsFunc(parts, func(declared object) bool { _, used := declared[name]; return used })
}
