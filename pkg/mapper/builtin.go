package mapper

import (
	"embed"
	"encoding/json"
	"fmt"

	"github.com/codecov-port/codecov-port/pkg/port"
)

// The blueprints of the built-in mapping.
const (
	CurrentBlueprint = "codecov_coverage"        // an entity a repository: the one that Port's guide documents
	HistoryBlueprint = "codecov_commit_coverage" // an entity a commit
)

//go:embed builtin
var builtin embed.FS

// BuiltinMapping is the mapping that Port's guide documents for codecov_coverage, and an entry for
// codecov_commit_coverage, which holds the history. Each call gives a copy of its own.
func BuiltinMapping() []Entry {
	entries, err := ParseMapping(builtinFile("mapping.json"))
	if err != nil {
		panic(fmt.Errorf("the built-in mapping is broken: %w", err)) // a file of this package: its tests fail first
	}
	return entries
}

// BuiltinMappingJSON is the built-in mapping as one pastes it into the page of a webhook in Port: a JSON array. Each call
// gives a copy of its own.
func BuiltinMappingJSON() json.RawMessage { return builtinFile("mapping.json") }

// BuiltinBlueprints are the blueprints of the built-in mapping: codecov_coverage as Port's guide documents it, then
// codecov_commit_coverage, which has a relation to it. Each call gives a copy of its own.
func BuiltinBlueprints() []port.Blueprint {
	blueprints := make([]port.Blueprint, 2)
	for i, name := range []string{CurrentBlueprint + ".json", HistoryBlueprint + ".json"} {
		if err := json.Unmarshal(builtinFile(name), &blueprints[i]); err != nil {
			panic(fmt.Errorf("the built-in blueprint %s is broken: %w", name, err)) // a file of this package: its tests fail first
		}
	}
	return blueprints
}

func builtinFile(name string) []byte {
	data, err := builtin.ReadFile("builtin/" + name)
	if err != nil {
		panic(err) // embedded when the program was built
	}
	return data
}
