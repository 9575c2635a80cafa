package check

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

func (d *doctor) mapping() Step {
	entries, err := d.options.Choice.Entries(d.live)
	if err != nil {
		return failed(Configuration, oneLine(err), "'codecov-port map' tries a mapping on a payload; --mapping selects another one")
	}
	return d.compile(mapper.AddRelations(entries, d.declared[mapper.CurrentBlueprint]))
}

// compile prepares the mapping and reports each part of it that a sync leaves out.
func (d *doctor) compile(entries []mapper.Entry) Step {
	o := mapper.Options{Now: d.options.Now}
	if d.options.Codecov != nil {
		o.Service = d.options.Codecov.Service()
	}
	compiled, err := mapper.Compile(entries, o)
	if err != nil {
		return failed(Configuration, oneLine(err), "correct the expression; 'codecov-port map' tries a mapping on a payload")
	}
	for _, limit := range compiled.Limits() {
		d.report(Step{Name: fmt.Sprintf("mapping entry %d", limit.Entry+1), State: Warning, Text: limit.Field + " of " + limit.Blueprint + ": " + limit.Reason})
	}
	if len(compiled.Entries()) == 0 {
		return failed(Configuration, "no entry of the mapping can be used for past commits", "select another mapping with --mapping")
	}
	d.compiled = compiled
	var parts []string
	for _, e := range entries {
		parts = append(parts, e.Blueprint+" ("+e.Origin+")")
	}
	return passed(terminal.Plural(len(entries), "entry")+": "+strings.Join(parts, ", "), "")
}

// The mapping is tried on at most this many commits.
const (
	sampleRepositories = 5
	sampleCommits      = 10 // of each repository
)

// trial is a run of the mapping over some commits of the accounts.
type trial struct {
	mapping  *mapper.Mapping
	commits  int
	first    string // the first commit with entities
	shown    []mapper.Mapped
	useful   map[int]bool // entries that returned an entity
	unnamed  map[int]bool // entries that returned no identifier
	problems []mapper.Problem
	entities []mapper.Mapped
	err      error // the last one that kept a repository from being read
}

// sample runs the mapping over commits until each entry has returned an entity.
func (d *doctor) sample(ctx context.Context) Step {
	t := &trial{mapping: d.compiled, useful: map[int]bool{}, unnamed: map[int]bool{}}
	tried := 0
	for _, r := range d.repositories {
		if !r.row.HasCoverage() || tried == sampleRepositories || t.isComplete() {
			continue
		}
		tried++
		if err := d.tryRepository(ctx, t, r); err != nil {
			return failed(Other, "try the mapping: "+err.Error(), "try again later")
		}
	}
	d.samples = t.entities
	return t.outcome()
}

func (d *doctor) tryRepository(ctx context.Context, t *trial, r repository) error {
	account := mapper.Account{Service: d.options.Codecov.Service(), Owner: r.owner, AppURL: d.options.AppURL}
	usable := 0
	options := codecov.CommitsOptions{Branch: r.row.Branch, LimitHint: sampleCommits, Skipped: func(*codecov.SkippedRowError) {}}
	for commit, err := range d.options.Codecov.Commits(ctx, r.owner, r.row.Name, options) {
		if err != nil {
			t.err = err
			return ctx.Err()
		}
		if ok, _ := mapper.Usable(commit); !ok {
			continue
		}
		usable++
		title := r.row.Name + "@" + commit.CommitID[:min(7, len(commit.CommitID))]
		if err := t.run(ctx, title, mapper.Payload(account, r.row, commit)); err != nil {
			return err
		}
		if usable == sampleCommits || t.isComplete() {
			break
		}
	}
	return nil
}

func (t *trial) isComplete() bool { return len(t.useful) == len(t.mapping.Entries()) }

func (t *trial) run(ctx context.Context, commit string, payload map[string]any) error {
	result, err := t.mapping.Map(ctx, payload, func(string, string) bool { return true })
	if err != nil {
		return err
	}
	t.commits++
	for _, entry := range result.Unnamed {
		t.unnamed[entry] = true
	}
	for _, mapped := range result.Entities {
		t.useful[mapped.Entry] = true
	}
	if len(t.shown) == 0 && len(result.Entities) > 0 {
		t.first, t.shown = commit, result.Entities
	}
	t.problems = append(t.problems, result.Problems...)
	t.entities = append(t.entities, result.Entities...)
	return nil
}

const tryHint = "'codecov-port map --repo NAME --commit SHA' shows the entities of a commit"

func (t *trial) outcome() Step {
	tried := terminal.Plural(t.commits, "commit")
	var nameless []string
	for _, entry := range slices.Sorted(maps.Keys(t.unnamed)) {
		if !t.useful[entry] {
			nameless = append(nameless, fmt.Sprintf("entry %d", entry+1))
		}
	}
	switch {
	case t.commits == 0 && t.err != nil:
		return warning("no commit could be read to try the mapping: "+t.err.Error(), `see the step "commits"`)
	case t.commits == 0:
		return warning("there is no commit with coverage to try the mapping on", "")
	case len(t.problems) > 0:
		p := t.problems[0]
		return warning(fmt.Sprintf("entry %d of the mapping returns an identifier that Port rejects: %s %s", p.Entry+1, p.Identifier, p.Reason), tryHint)
	case len(t.entities) == 0:
		return failed(Configuration, "the mapping returned no entity for "+tried, tryHint)
	case len(nameless) > 0:
		return warning(fmt.Sprintf("%s of the mapping returned no identifier for %s", strings.Join(nameless, ", "), tried), tryHint)
	}
	var entities []string
	for i, mapped := range t.shown {
		text := mapped.Blueprint + " " + mapped.Entity.Identifier
		if i == 0 {
			text += values(mapped.Entity.Properties)
		}
		entities = append(entities, text)
	}
	return passed(t.first+" becomes "+shortList(entities), "")
}

// values returns the first four properties that hold a simple value, in parentheses.
func values(properties map[string]any) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		switch properties[name].(type) {
		case nil, []any, map[string]any:
			continue
		}
		if len(parts) < 4 {
			parts = append(parts, name+" "+terminal.Short(fmt.Sprint(properties[name])))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}
