package mapper

import (
	_ "embed"
	"encoding/json"
	"slices"

	"github.com/codecov-port/codecov-port/pkg/port"
)

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
