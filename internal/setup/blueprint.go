package setup

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

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
	blueprintParts  = []part{schemaPart, calculationPart, aggregationPart, relationPart, {"mirrorProperties", "mirror property"}}
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

// complete returns what the existing blueprint doesn't declare of the wanted one: what is in the parts to add, with the
// patch that adds it, and what is in others. A property is not missing if its identifier is used by one of another kind. The
// patch holds each changed part whole, so that nothing is lost whether Port merges or replaces it.
func complete(existing, wanted object, adds func(part) bool) (added, missing []string, patch object) {
	patch = make(object)
	for _, p := range blueprintParts {
		whole := maps.Clone(p.of(existing))
		for _, name := range sortedKeys(p.of(wanted)) {
			switch {
			case p.isUsed(existing, name):
			case !adds(p):
				missing = append(missing, p.title+" "+name)
			default:
				added = append(added, p.title+" "+name)
				whole[name] = p.of(wanted)[name]
			}
		}
		switch {
		case len(whole) == len(p.of(existing)):
		case p == schemaPart:
			required, _ := child(existing, "schema")["required"].([]any)
			patch["schema"] = object{"properties": whole, "required": append([]any{}, required...)}
		default:
			patch[p.field] = whole
		}
	}
	return added, missing, patch
}

// isUsed reports whether the blueprint has something of this identifier that this part can't have, too.
func (p part) isUsed(blueprint object, name string) bool {
	return slices.ContainsFunc(blueprintParts, func(other part) bool {
		_, used := other.of(blueprint)[name]
		return used && (other == relationPart) == (p == relationPart)
	})
}

// Relation relates the repositories to entities of a blueprint of the user's.
type Relation struct {
	Blueprint  string // the target
	Identifier string // JQ expression for the identifier of the related entity
}

// ParseRelation parses BLUEPRINT or BLUEPRINT=JQ. The default expression is the repository's name.
func ParseRelation(text string) (Relation, error) {
	blueprint, expression, given := strings.Cut(text, "=")
	r := Relation{Blueprint: strings.TrimSpace(blueprint), Identifier: strings.TrimSpace(expression)}
	if !given {
		r.Identifier = ".body.repo.name"
	}
	if r.Blueprint == "" || r.Identifier == "" {
		return r, fmt.Errorf("%q: expected BLUEPRINT or BLUEPRINT=JQ", text)
	}
	entry := mapper.BuiltinMapping()[0]
	entry.Entity.Relations = map[string]string{r.name(): r.Identifier}
	_, err := mapper.Compile([]mapper.Entry{entry}, mapper.Options{})
	return r, err
}

var unfitForName = regexp.MustCompile(`[^A-Za-z0-9@_=\\-]`)

// name returns the identifier of the relation: that of the blueprint, as far as Port permits it.
func (r Relation) name() string { return unfitForName.ReplaceAllString(r.Blueprint, "_") }

// declaration returns the relation as Port declares it. The expression is part of it, for a sync to find.
func (r Relation) declaration() object {
	return object{"title": r.Blueprint, "target": r.Blueprint, "required": false, "many": false, "description": mapper.MarkRelation(r.Identifier)}
}
