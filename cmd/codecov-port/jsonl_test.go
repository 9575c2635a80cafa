package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// previewed reads the lines of --output jsonl: how many of each action, and the entities by blueprint.
func previewed(t *testing.T, text string) (actions map[string]int, entities map[string][]port.Entity) {
	t.Helper()
	actions, entities = make(map[string]int), make(map[string][]port.Entity)
	for line := range strings.Lines(text) {
		decoder := json.NewDecoder(strings.NewReader(line))
		decoder.UseNumber()
		decoder.DisallowUnknownFields()
		var preview previewLine
		if err := decoder.Decode(&preview); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if preview.Repository == "" || preview.Entity.Identifier == "" {
			t.Errorf("line %s", line)
		}
		actions[preview.Action]++
		entities[preview.Blueprint] = append(entities[preview.Blueprint], preview.Entity)
	}
	return actions, entities
}

// portWithBlueprints returns an emulated Port that has the built-in blueprints, and its client.
func portWithBlueprints(t *testing.T) (*fakeport.Server, *port.Client, string) {
	t.Helper()
	catalog := fakeport.New(fakeport.Options{})
	address := listen(t, catalog)
	client, err := port.NewClient(port.Options{BaseURL: address, ClientID: fakeport.DefaultClientID, ClientSecret: fakeport.DefaultClientSecret})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.CreateBlueprints(t.Context(), mapper.BuiltinBlueprints()); err != nil {
		t.Fatal(err)
	}
	return catalog, client, address
}

// TestJSONLinesAreWhatSyncWrites: the lines, sent to Port as they are, have the effect of sync.
func TestJSONLinesAreWhatSyncWrites(t *testing.T) {
	repositories, commits := hostileCodecov(t, soundNames...)
	source := codecovWith(t, repositories, commits)
	synced, _, syncedAddress := portWithBlueprints(t)
	export(t, listen(t, source), syncedAddress, nil)
	got := say(t, "sync", "--dry-run", "--output", "jsonl")
	if got.code != exitDone || !strings.Contains(got.err, "\ncommits       6 read, 6 replayed\n") {
		t.Fatalf("exit code %d: %s", got.code, got.err)
	}
	assertFit(t, "jsonl", got.text())
	actions, entities := previewed(t, got.out)
	if diff := cmp.Diff(map[string]int{"create": 2 * len(soundNames)}, actions); diff != "" {
		t.Error(diff)
	}
	if say(t, "sync").code != exitDone {
		t.Fatal("sync failed")
	}
	sent, client, _ := portWithBlueprints(t)
	for _, blueprint := range slices.Sorted(maps.Keys(entities)) {
		for chunk := range slices.Chunk(entities[blueprint], port.MaxBulkEntities) {
			var batch port.Batch
			for _, entity := range chunk {
				if err := batch.Add(entity); err != nil {
					t.Fatal(err)
				}
			}
			options := port.UpsertOptions{CreateMissingRelated: true}
			if result, err := client.UpsertBatch(t.Context(), blueprint, &batch, options); err != nil || slices.ContainsFunc(result.Outcomes, func(o port.Outcome) bool { return o.Err != nil }) {
				t.Fatalf("%+v, %v", result, err)
			}
		}
	}
	if diff := cmp.Diff(entitiesOf(synced), entitiesOf(sent)); diff != "" || len(entitiesOf(sent)) == 0 {
		t.Errorf("(-sync +lines):\n%s", diff)
	}
}

// TestJSONLinesOfWhatIsThere: unchanged entities are not listed.
func TestJSONLinesOfWhatIsThere(t *testing.T) {
	source := fakecodecov.New(fakecodecov.Options{Accounts: []fakecodecov.Account{synthetic()}, Tokens: map[string]fakecodecov.Access{scriptToken: {}}})
	export(t, listen(t, source), listen(t, fakeport.New(fakeport.Options{})), nil)
	if say(t, "sync", "--max-commits", "1").code != exitDone {
		t.Fatal("sync failed")
	}
	for arguments, want := range map[string]map[string]int{
		"--max-commits 1": {},
		"--max-commits 2": {"create": 3},
	} {
		got := say(t, append([]string{"sync", "--dry-run", "--output", "jsonl"}, strings.Fields(arguments)...)...)
		actions, _ := previewed(t, got.out)
		if diff := cmp.Diff(want, actions); diff != "" || got.code != exitDone {
			t.Errorf("%s: exit code %d: %s", arguments, got.code, diff)
		}
	}
}
