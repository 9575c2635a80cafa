package backfill_test

import (
	"slices"
	"testing"

	"github.com/codecov-port/codecov-port/internal/fake/recordings"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

func TestIdleEntries(t *testing.T) {
	for name, test := range map[string]struct {
		filter string
		want   []int
	}{
		"no filter":                 {"", nil},
		"it passes on some commits": {`.body.head.commitid == "main01"`, nil},
		"it passes on none":         {"false", []int{2}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, account(t, map[string][]string{"app": rows("main", recordings.Now(), 3)}, "app"))
			entries := mapper.BuiltinMapping()
			entries[1].Filter = test.filter
			b.mapping(t, entries)
			result := b.run(t)
			if !slices.Equal(result.UnusedMappingEntries, test.want) || !result.Complete {
				t.Errorf("idle %v, want %v; failures %v", result.UnusedMappingEntries, test.want, result.Failures)
			}
		})
	}
}
