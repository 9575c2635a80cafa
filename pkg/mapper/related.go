package mapper

import (
	"maps"
	"slices"
	"strings"

	"github.com/codecov-port/codecov-port/pkg/port"
)

// relationMark begins the description of a relation that is filled without an entry of the webhook. The expression
// follows, so Port itself remembers it.
const relationMark = "Filled by codecov-port: "

// MarkRelation returns the description of a relation that AddRelations fills by a JQ expression.
func MarkRelation(expression string) string { return relationMark + expression }

// MarkedExpression returns the expression in a description by MarkRelation, and reports false for any other description.
func MarkedExpression(description string) (string, bool) {
	return strings.CutPrefix(description, relationMark)
}

// AddRelations returns the entries with the marked relations of the blueprint. A relation that an entry maps itself stays
// as it is.
func AddRelations(entries []Entry, blueprint port.Blueprint) []Entry {
	marked := make(map[string]string)
	for name, relation := range blueprint.Relations {
		if expression, ok := MarkedExpression(relation.Description); ok {
			marked[name] = expression
		}
	}
	related := slices.Clone(entries)
	for i, e := range related {
		if e.Blueprint != blueprint.Identifier || e.Deletes() || len(marked) == 0 {
			continue
		}
		relations := maps.Clone(marked)
		maps.DeleteFunc(relations, func(name, _ string) bool { return slices.Contains(e.Searches, "entity.relations."+name) })
		maps.Copy(relations, e.Entity.Relations)
		related[i].Entity.Relations = relations
	}
	return related
}
