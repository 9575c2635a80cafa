package setup

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

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
func (r Relation) declaration() (json.RawMessage, error) {
	return encode(port.Relation{Title: r.Blueprint, Target: r.Blueprint, Description: mapper.MarkRelation(r.Identifier)}, "")
}
