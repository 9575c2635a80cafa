package mapper

import (
	"embed"
	"encoding/json"
	"fmt"

	"github.com/codecov-port/codecov-port/pkg/port"
)

// The blueprints of the built-in mapping.
const (
	CurrentBlueprint = "codecov_coverage"        // one entity per repository, as in Port's guide
	HistoryBlueprint = "codecov_commit_coverage" // one entity per commit
)

//go:embed builtin
var builtin embed.FS

// BuiltinMapping returns the mapping of Port's guide for codecov_coverage, and an entry for codecov_commit_coverage,
// the history. Each call returns a new copy.
func BuiltinMapping() []Entry {
	entries, err := parseFrom(OriginBuiltin, builtinFile("mapping.json"))
	if err != nil {
		panic(err) // a file of this package: its tests fail first
	}
	return entries
}

// BuiltinMappingJSON returns the built-in mapping as it is pasted into the page of a webhook in Port: a JSON array.
// Each call returns a new copy.
func BuiltinMappingJSON() json.RawMessage { return builtinFile("mapping.json") }

// BuiltinBlueprints returns the blueprints of the built-in mapping: codecov_coverage as in Port's guide, then
// codecov_commit_coverage, which is related to it. Each call returns a new copy.
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
