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

// mapping compiles the mapping and reports each part of it that a sync leaves out.
func (d *doctor) mapping() Step {
	entries, err := d.options.Choice.Entries(d.live)
	if err != nil {
		return failed(Configuration, oneLine(err), "'codecov-port map' tries a mapping on a payload; --mapping selects another one")
	}
	entries = mapper.AddRelations(entries, d.declared[mapper.CurrentBlueprint])
	o := mapper.Options{Now: d.options.Now}
	if d.options.Codecov != nil {
		o.Service = d.options.Codecov.Service()
	}
	if d.compiled, err = mapper.Compile(entries, o); err != nil {
		return failed(Configuration, oneLine(err), "correct the expression; 'codecov-port map' tries a mapping on a payload")
	}
	for _, limit := range d.compiled.Limits() {
		d.report(Step{Name: fmt.Sprintf("mapping entry %d", limit.Entry+1), State: Warning, Text: limit.Field + " of " + limit.Blueprint + ": " + limit.Reason})
	}
	if len(d.compiled.Entries()) == 0 {
		return failed(Configuration, "no entry of the mapping can be used for past commits", "select another mapping with --mapping")
	}
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
	commits  int
	first    string       // the first commit with entities, and those
	useful   map[int]bool // entries that returned an entity
	unnamed  map[int]bool // entries that returned no identifier
	problems []mapper.Problem
	err      error // the last one that kept a repository from being read
}

// sample runs the mapping over commits until each entry has returned an entity.
func (d *doctor) sample(ctx context.Context) Step {
	t := &trial{useful: map[int]bool{}, unnamed: map[int]bool{}}
	tried := 0
	for _, r := range d.repositories {
		if !r.row.HasCoverage() || tried == sampleRepositories || d.isTried(t) {
			continue
		}
		tried++
		if err := d.tryRepository(ctx, t, r); err != nil {
			return unexpected("try the mapping", err)
		}
	}
	return d.outcome(t)
}

// isTried reports whether each entry has returned an entity.
func (d *doctor) isTried(t *trial) bool { return len(t.useful) == len(d.compiled.Entries()) }

func (d *doctor) accountOf(r repository) mapper.Account {
	return mapper.Account{Service: d.options.Codecov.Service(), Owner: r.owner, AppURL: d.options.AppURL}
}

// everyEntity selects all entities of a mapping.
func everyEntity(string, string) bool { return true }

func (d *doctor) tryRepository(ctx context.Context, t *trial, r repository) error {
	last := t.commits + sampleCommits
	options := codecov.CommitsOptions{Branch: r.row.Branch, LimitHint: sampleCommits, Skipped: func(*codecov.SkippedRowError) {}}
	for commit, err := range d.options.Codecov.Commits(ctx, r.owner, r.row.Name, options) {
		if err != nil {
			t.err = err
			return ctx.Err()
		}
		if mapper.SkipReason(commit) != "" {
			continue
		}
		result, err := d.compiled.Map(ctx, mapper.Payload(d.accountOf(r), r.row, &commit), everyEntity)
		if err != nil {
			return err
		}
		for _, entry := range result.Unnamed {
			t.unnamed[entry] = true
		}
		for _, mapped := range result.Entities {
			t.useful[mapped.Entry] = true
		}
		if t.first == "" && len(result.Entities) > 0 {
			t.first = r.row.Name + "@" + commit.CommitID[:min(7, len(commit.CommitID))] + " becomes " + describe(result.Entities)
		}
		t.problems = append(t.problems, result.Problems...)
		d.samples = append(d.samples, result.Entities...)
		if t.commits++; t.commits == last || d.isTried(t) {
			break
		}
	}
	return nil
}

const tryHint = "'codecov-port map --repo NAME --commit SHA' shows the entities of a commit"

func (d *doctor) outcome(t *trial) Step {
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
	case t.first == "":
		return failed(Configuration, "the mapping returned no entity for "+tried, tryHint)
	case len(nameless) > 0:
		return warning(fmt.Sprintf("%s of the mapping returned no identifier for %s", strings.Join(nameless, ", "), tried), tryHint)
	}
	return passed(t.first, "")
}

// describe names the entities of a commit, with the first four properties of the first one that hold a simple value.
func describe(entities []mapper.Mapped) string {
	var names, values []string
	for _, mapped := range entities {
		names = append(names, mapped.Blueprint+" "+mapped.Entity.Identifier)
	}
	properties := entities[0].Entity.Properties
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		switch properties[name].(type) {
		case nil, []any, map[string]any:
		default:
			values = append(values, name+" "+terminal.Short(fmt.Sprint(properties[name])))
		}
	}
	if len(values) > 0 {
		names[0] += " (" + strings.Join(values[:min(4, len(values))], ", ") + ")"
	}
	return shortList(names)
}
