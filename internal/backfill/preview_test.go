package backfill_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/fake/recordings"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

// previews returns "action blueprint identifier" of each entity that a dry run shows.
func (b *bench) previews(t *testing.T) []string {
	t.Helper()
	var lines []string
	b.options.DryRun = true
	b.options.Preview = func(p backfill.Outgoing) error {
		action := "create "
		if p.Exists {
			action = "update "
		}
		lines = append(lines, action+p.Blueprint+" "+p.Entity.Identifier)
		return nil
	}
	b.run(t)
	b.options.DryRun, b.options.Preview = false, nil
	slices.Sort(lines)
	return lines
}

func TestPreview(t *testing.T) {
	b := newBench(t, account(t, map[string][]string{"app": rows("main", recordings.Now(), 2)}, "app"))
	created := []string{"create codecov_commit_coverage app@main00", "create codecov_commit_coverage app@main01", "create codecov_coverage app"}
	if got := b.previews(t); !slices.Equal(got, created) {
		t.Errorf("an empty Port: %q", got)
	}
	b.run(t)
	if got := b.previews(t); len(got) > 0 {
		t.Errorf("nothing has changed: %q", got)
	}
	entries := mapper.BuiltinMapping()
	entries[0].Entity.Title, entries[1].Entity.Title = `"changed"`, `"changed"`
	b.mapping(t, entries)
	updated := []string{"update codecov_commit_coverage app@main00", "update codecov_commit_coverage app@main01", "update codecov_coverage app"}
	if got := b.previews(t); !slices.Equal(got, updated) {
		t.Errorf("after a change of the mapping: %q, want %q", got, updated)
	}
}

func TestPreviewEndsTheRun(t *testing.T) {
	b := newBench(t, account(t, map[string][]string{"app": rows("main", recordings.Now(), 100)}, "app"))
	full := errors.New("nobody reads any more")
	shown := 0
	b.options.DryRun = true
	b.options.Preview = func(backfill.Outgoing) error { shown++; return full }
	if _, err := backfill.Run(t.Context(), b.options); !errors.Is(err, full) || shown > 10 {
		t.Errorf("%v after %d entities", err, shown)
	}
}
