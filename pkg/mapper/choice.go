package mapper

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/codecov-port/codecov-port/pkg/port"
)

// The names of the choices that are not documents.
const (
	ChoiceAuto    = "auto"    // the webhook's entries, and the built-in ones for the blueprints that it doesn't cover
	ChoiceBuiltin = "builtin" // the built-in mapping
	ChoiceWebhook = "webhook" // the webhook's entries
)

// WebhookIdentifier identifies the webhook that Port's guide lets its users create.
const WebhookIdentifier = "codecov_mapper"

// The origins of entries that are not from a document.
const (
	OriginBuiltin = "built-in mapping"
	OriginWebhook = "webhook " + WebhookIdentifier
)

// ErrNoWebhook is returned by Choice.Entries if the webhook was chosen and does not exist.
var ErrNoWebhook = errors.New("Port has no webhook " + WebhookIdentifier)

// Choice selects a mapping. The zero value selects the built-in one.
type Choice struct {
	Name     string // one of the constants, or the name of the document
	Document []byte // a mapping for ParseMapping; ignored if Name is one of the constants
}

// ReadsWebhook reports whether Entries needs the mapping of Port's webhook.
func (c Choice) ReadsWebhook() bool { return c.Name == ChoiceAuto || c.Name == ChoiceWebhook }

// Entries returns the selected entries, each with its Origin. webhook is the mapping of Port's webhook, for
// ParseMapping; it is empty if the webhook does not exist or may not be read. The error is ErrNoWebhook or an error
// of ParseMapping.
func (c Choice) Entries(webhook []byte) ([]Entry, error) {
	switch {
	case c.Name == ChoiceBuiltin || c.Name == "", c.Name == ChoiceAuto && len(webhook) == 0:
		return BuiltinMapping(), nil
	case c.Name == ChoiceAuto:
		entries, err := parseFrom(OriginWebhook, webhook)
		return completed(entries), err
	case c.Name == ChoiceWebhook && len(webhook) == 0:
		return nil, ErrNoWebhook
	case c.Name == ChoiceWebhook:
		return parseFrom(OriginWebhook, webhook)
	default:
		return parseFrom(c.Name, c.Document)
	}
}

// completed returns the entries, and the built-in ones for blueprints that they don't cover. An entry that deletes
// covers nothing.
func completed(entries []Entry) []Entry {
	all := slices.Clone(entries)
	for _, builtin := range BuiltinMapping() {
		covers := func(e Entry) bool { return e.Blueprint == builtin.Blueprint && !e.Deletes() }
		if !slices.ContainsFunc(entries, covers) {
			all = append(all, builtin)
		}
	}
	return all
}

func parseFrom(origin string, document []byte) ([]Entry, error) {
	entries, err := ParseMapping(document)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", origin, err)
	}
	for i := range entries {
		entries[i].Origin = origin
	}
	return entries, nil
}

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
	related := slices.Clone(entries)
	for i, e := range related {
		if e.Blueprint != blueprint.Identifier || e.Deletes() {
			continue
		}
		relations := make(map[string]string)
		for name, relation := range blueprint.Relations {
			if expression, ok := MarkedExpression(relation.Description); ok {
				relations[name] = expression
			}
		}
		maps.Copy(relations, e.Entity.Relations)
		related[i].Entity.Relations = relations
	}
	return related
}

// The blueprints of the built-in mapping.
const (
	CurrentBlueprint = "codecov_coverage"        // one entity per repository, as in Port's guide
	HistoryBlueprint = "codecov_commit_coverage" // one entity per commit
)

var (
	//go:embed builtin/mapping.json
	builtinMapping []byte
	//go:embed builtin/codecov_coverage.json
	currentBlueprint []byte
	//go:embed builtin/codecov_commit_coverage.json
	historyBlueprint []byte
)

// BuiltinMapping returns the mapping of Port's guide for codecov_coverage, and an entry for codecov_commit_coverage,
// the history. Each call returns a new copy.
func BuiltinMapping() []Entry {
	entries, err := parseFrom(OriginBuiltin, builtinMapping)
	if err != nil {
		panic(err) // a file of this package: its tests fail first
	}
	return entries
}

// BuiltinMappingJSON returns the built-in mapping as it is pasted into the page of a webhook in Port: a JSON array.
// Each call returns a new copy.
func BuiltinMappingJSON() json.RawMessage { return slices.Clone(builtinMapping) }

// BuiltinBlueprints returns the blueprints of the built-in mapping: codecov_coverage as in Port's guide, then
// codecov_commit_coverage, which is related to it. Each call returns a new copy.
func BuiltinBlueprints() []port.Blueprint {
	blueprints := make([]port.Blueprint, 2)
	for i, document := range [][]byte{currentBlueprint, historyBlueprint} {
		if err := json.Unmarshal(document, &blueprints[i]); err != nil {
			panic(err) // a file of this package: its tests fail first
		}
	}
	return blueprints
}
