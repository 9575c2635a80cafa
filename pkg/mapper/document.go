package mapper

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/codecov-port/codecov-port/pkg/mapper/jq"
)

// ParsePayload parses a payload as Codecov's webhook sends it, or as Port stores it, below "body". The result has the
// "body", and values for Map. The error names the line if the JSON is invalid.
func ParsePayload(data []byte) (map[string]any, error) {
	data, err := asUTF8(data)
	var document any
	if err == nil {
		document, err = decodeJSON(data)
	}
	if err != nil {
		return nil, fmt.Errorf("payload: %w", err)
	}
	object, ok := jq.Input(document).(map[string]any)
	if !ok {
		return nil, fmt.Errorf("payload: expected an object, found %s", kind(document))
	}
	if _, wrapped := object["body"]; !wrapped {
		object = map[string]any{"body": object}
	}
	return object, nil
}

// decodeMapping decodes JSON or YAML. A bare word or number in YAML is an expression: filter: true is the expression
// "true".
func decodeMapping(data []byte) (any, error) {
	data, err := asUTF8(data)
	if err != nil {
		return nil, err
	}
	if text := bytes.TrimSpace(data); len(text) == 0 || strings.IndexByte(`[{"`, text[0]) >= 0 {
		return decodeJSON(data)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var node yaml.Node
	var document any
	if err = decoder.Decode(&node); err == nil {
		scalarsToText(&node)
		err = node.Decode(&document)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("neither JSON nor YAML: %w", err)
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more than one YAML document")
	}
	return document, nil
}

// scalarsToText makes the scalars below a node strings. A null that is no key stays null.
func scalarsToText(node *yaml.Node) {
	for i, child := range node.Content {
		isKey := node.Kind == yaml.MappingNode && i%2 == 0
		if child.Kind == yaml.ScalarNode && child.Tag != "!!merge" && (isKey || child.Tag != "!!null") {
			child.Tag = "!!str"
		}
		scalarsToText(child)
	}
}

// asUTF8 removes a byte order mark, as editors on Windows write it, and converts UTF-16 with one.
func asUTF8(data []byte) ([]byte, error) {
	text, _, err := transform.Bytes(unicode.BOMOverride(encoding.Nop.NewDecoder()), data)
	return text, err
}

// decodeJSON decodes one JSON value. The error names the line of a syntax error.
func decodeJSON(data []byte) (document any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	err = decoder.Decode(&document)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		before := data[:min(int(syntax.Offset), len(data))]
		return nil, fmt.Errorf("line %d: %w", 1+bytes.Count(before, []byte("\n")), err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errors.New("unexpected end of the JSON")
	case err != nil:
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("unexpected data after the JSON value")
	}
	return document, nil
}

// kind names the type of a decoded JSON value.
func kind(value any) string {
	switch name := jq.TypeOf(value); name {
	case "null":
		return name
	case "array", "object":
		return "an " + name
	default:
		return "a " + name
	}
}

// EntryInfo describes what an entry of a compiled mapping writes.
type EntryInfo struct {
	Index      int // the entry's index in the mapping, from 0
	Blueprint  string
	Properties []string // the properties that are written and compared, sorted
	Relations  []string // the relations that are written and compared, sorted

	Title, Icon, Team bool // the entry writes them
	PerCommit         bool // each commit has an identifier of its own: the entities are a history, not a state
	ParsesItems       bool // the entry has an itemsToParse: it returns any number of entities per commit

	Partial map[string]Shape // the properties whose value is an object of the payload that is known in part
}

// Entries describes the entries that Map runs, in their order.
func (m *Mapping) Entries() []EntryInfo {
	infos := make([]EntryInfo, len(m.entries))
	for i, e := range m.entries {
		infos[i] = e.info
	}
	return infos
}

// Blueprints returns the blueprints that the mapping writes, in the order of their first entry.
func (m *Mapping) Blueprints() []string {
	var blueprints []string
	for _, e := range m.entries {
		if !slices.Contains(blueprints, e.info.Blueprint) {
			blueprints = append(blueprints, e.info.Blueprint)
		}
	}
	return blueprints
}

// Select returns a mapping of the entries that keep accepts, with their indexes.
func (m *Mapping) Select(keep func(EntryInfo) bool) *Mapping {
	part := *m
	part.entries = slices.DeleteFunc(slices.Clone(m.entries), func(e entry) bool { return !keep(e.info) })
	return &part
}

// MaxEntities returns the maximum number of entities for a number of repositories and of all their commits. It assumes
// one item for an entry with itemsToParse.
func (m *Mapping) MaxEntities(repositories, commits int) int {
	total := 0
	for _, e := range m.entries {
		if e.info.PerCommit {
			total += commits
		} else {
			total += repositories
		}
	}
	return total
}

// NamesAsBuiltin reports whether the mapping writes every blueprint of the built-in one, with the same expressions
// for identifiers, relations and addresses of pages: an entity's repository is then known from the entity alone.
// Entries for other blueprints are ignored.
func (m *Mapping) NamesAsBuiltin() bool {
	for _, builtin := range BuiltinMapping() {
		writes := func(e entry) bool { return e.info.Blueprint == builtin.Blueprint }
		namesOtherwise := func(e entry) bool { return writes(e) && !sameNames(e.source, builtin) }
		if !slices.ContainsFunc(m.entries, writes) || slices.ContainsFunc(m.entries, namesOtherwise) {
			return false
		}
	}
	return true
}

func sameNames(e, builtin Entry) bool {
	pairs := [][2]string{{e.ItemsToParse, ""}, {e.Entity.Identifier, builtin.Entity.Identifier}}
	for name, source := range builtin.Entity.Relations {
		pairs = append(pairs, [2]string{e.Entity.Relations[name], source})
	}
	for _, name := range []string{"repository", "url"} { // addresses of pages hold the entity's owner
		if source, ok := builtin.Entity.Properties[name]; ok {
			pairs = append(pairs, [2]string{e.Entity.Properties[name], source})
		}
	}
	return !slices.ContainsFunc(pairs, func(p [2]string) bool { return strings.TrimSpace(p[0]) != strings.TrimSpace(p[1]) })
}
