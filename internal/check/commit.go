package check

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

// How many commits the mapping is tried on, at the most.
const (
	triedRepositories = 5
	triedCommits      = 10 // of each of them
)

// trial is the trying of the mapping on commits of the accounts.
type trial struct {
	mapping  *mapper.Mapping
	commits  int
	first    string // the commit that gave entities first
	shown    []mapper.Mapped
	fruitful map[int]bool // the entries that gave an entity
	unnamed  map[int]bool // the entries that gave no identifier
	problems []mapper.Problem
	entities []mapper.Mapped
	refused  error // the last reason why a repository could not be read
}

func (d *doctor) commit(ctx context.Context) {
	ready := d.compiled != nil && len(d.repositories) > 0
	d.step("mapped commit", "a mapping, and repositories", ready, func() Step {
		t := &trial{mapping: d.compiled, fruitful: map[int]bool{}, unnamed: map[int]bool{}}
		if err := d.try(ctx, t); err != nil {
			return failed(Other, "the mapping cannot be tried: "+err.Error(), "try again later")
		}
		d.samples = t.entities
		return t.judge()
	})
}

// try runs the mapping on commits until each entry has given an entity.
func (d *doctor) try(ctx context.Context, t *trial) error {
	tried := 0
	for _, r := range d.repositories {
		if !r.HasCoverage() || tried == triedRepositories || t.complete() {
			continue
		}
		tried++
		if err := d.tryRepository(ctx, t, r); err != nil {
			return err
		}
	}
	return nil
}

func (d *doctor) tryRepository(ctx context.Context, t *trial, r repository) error {
	account := mapper.Account{Service: d.Codecov.Service(), Owner: r.owner, AppURL: d.AppURL}
	usable := 0
	options := codecov.CommitsOptions{Branch: r.Branch, LimitHint: triedCommits, Skipped: func(*codecov.SkippedRowError) {}} // others will do
	for commit, err := range d.Codecov.Commits(ctx, r.owner, r.Name, options) {
		if err != nil {
			t.refused = err
			return ctx.Err()
		}
		if ok, _ := mapper.Usable(commit); !ok {
			continue
		}
		usable++
		if err := t.run(ctx, r.Name+"@"+shortSHA(commit), mapper.Payload(account, r.Repository, commit)); err != nil {
			return err
		}
		if usable == triedCommits || t.complete() {
			break
		}
	}
	return nil
}

func shortSHA(commit codecov.Commit) string { return commit.CommitID[:min(7, len(commit.CommitID))] }

func (t *trial) complete() bool { return len(t.fruitful) == len(t.mapping.Entries()) }

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
		t.fruitful[mapped.Entry] = true
	}
	if len(t.shown) == 0 && len(result.Entities) > 0 {
		t.first, t.shown = commit, result.Entities
	}
	t.problems = append(t.problems, result.Problems...)
	t.entities = append(t.entities, result.Entities...)
	return nil
}

const tryHint = "'codecov-port map --repo NAME --commit SHA' shows what a mapping makes of a commit"

func (t *trial) judge() Step {
	tried := several(t.commits, "commit")
	switch barren := t.barren(); {
	case t.commits == 0 && t.refused != nil:
		return warning("no commit could be read to try the mapping on: "+t.refused.Error(), "see the step \"commits\"")
	case t.commits == 0:
		return warning("there is no commit with coverage to try the mapping on", "")
	case len(t.problems) > 0:
		p := t.problems[0]
		return warning(fmt.Sprintf("entry %d of the mapping gives an identifier that Port forbids: %s %s", p.Entry+1, p.Identifier, p.Reason), tryHint)
	case len(t.entities) == 0:
		return failed(Configuration, "the mapping gives nothing on "+tried, tryHint)
	case len(barren) > 0:
		return warning("no identifier on "+tried+" from the mapping's "+strings.Join(barren, ", "), tryHint)
	}
	return well(t.first + " gives " + describe(t.shown))
}

// barren names the entries that gave no identifier on any commit.
func (t *trial) barren() []string {
	var barren []string
	for _, entry := range slices.Sorted(maps.Keys(t.unnamed)) {
		if !t.fruitful[entry] {
			barren = append(barren, fmt.Sprintf("entry %d", entry+1))
		}
	}
	return barren
}

// describe names entities, the first one with some of its values.
func describe(entities []mapper.Mapped) string {
	var parts []string
	for i, mapped := range entities {
		part := mapped.Blueprint + " " + mapped.Entity.Identifier
		if i == 0 {
			part += values(mapped.Entity.Properties)
		}
		parts = append(parts, part)
	}
	return few(parts)
}

// What is shown of an entity: so many values, and so many characters of each at the most.
const (
	shownValues     = 4
	shownCharacters = 60
)

func short(text string) string {
	if characters := []rune(text); len(characters) > shownCharacters {
		return string(characters[:shownCharacters]) + "…"
	}
	return text
}

// values writes the first properties that hold a plain value.
func values(properties map[string]any) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		switch properties[name].(type) {
		case nil, []any, map[string]any:
			continue
		}
		if len(parts) < shownValues {
			parts = append(parts, name+" "+short(fmt.Sprint(properties[name])))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}
