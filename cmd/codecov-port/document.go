package main

import (
	"errors"
	"math"
	"time"

	"github.com/codecov-port/codecov-port/pkg/backfill"
	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// document is the result of a run as --output json gives it: docs/sync-output.schema.json describes it. Each field is
// always there.
type document struct {
	Version           string           `json:"version"`
	DryRun            bool             `json:"dryRun"`
	Interrupted       bool             `json:"interrupted"`
	Complete          bool             `json:"complete"`
	ExitCode          int              `json:"exitCode"`
	Error             *errorJSON       `json:"error"`
	DurationSeconds   float64          `json:"durationSeconds"`
	Repositories      repositoriesJSON `json:"repositories"`
	Commits           commitsJSON      `json:"commits"`
	BlueprintsCreated []string         `json:"blueprintsCreated"`
	Entities          []entitiesJSON   `json:"entities"`
	HeldBack          int              `json:"heldBack"`
	LeftOut           []leftOutJSON    `json:"leftOut"`
	BarrenEntries     []int            `json:"barrenEntries"`
	IdleEntries       []int            `json:"idleEntries"`
	Unlisted          []unlistedJSON   `json:"unlisted"`
	Changes           []changeJSON     `json:"changes"`
	Failures          []failureLine    `json:"failures"`
	Requests          requestsJSON     `json:"requests"`
	Coverage          *coverageJSON    `json:"coverage"`
	Histories         []historyJSON    `json:"histories"`
	PortLink          *string          `json:"portLink"`
}

type errorJSON struct {
	Message string `json:"message"`
	Hint    string `json:"hint"`
}

type repositoriesJSON struct {
	Listed          int `json:"listed"`
	Private         int `json:"private"`
	WithoutCoverage int `json:"withoutCoverage"`
	Read            int `json:"read"`
	Failed          int `json:"failed"`
}

type commitsJSON struct {
	Read     int            `json:"read"`
	Replayed int            `json:"replayed"`
	Skipped  map[string]int `json:"skipped"`
}

type entitiesJSON struct {
	Blueprint string `json:"blueprint"`
	Created   int    `json:"created"`
	Updated   int    `json:"updated"`
	Unchanged int    `json:"unchanged"`
	Failed    int    `json:"failed"`
}

type leftOutJSON struct {
	Blueprint string `json:"blueprint"`
	Property  string `json:"property"`
	Reason    string `json:"reason"`
	Count     int    `json:"count"`
}

type unlistedJSON struct {
	Owner      string `json:"owner"`
	Repository string `json:"repository"`
	Removed    bool   `json:"removed"`
	Entities   int    `json:"entities"`
	Kept       string `json:"kept"`
}

type changeJSON struct {
	Blueprint  string `json:"blueprint"`
	Identifier string `json:"entity"`
	Property   string `json:"property"`
	From       any    `json:"from"`
	To         any    `json:"to"`
}

type requestsJSON struct {
	Codecov countsJSON `json:"codecov"`
	Port    countsJSON `json:"port"`
}

type countsJSON struct {
	Requests      int64   `json:"requests"`
	Retries       int64   `json:"retries"`
	SentBytes     int64   `json:"sentBytes"`
	ReceivedBytes int64   `json:"receivedBytes"`
	WaitedSeconds float64 `json:"waitedSeconds"`
}

type coverageJSON struct {
	Percent float64     `json:"percent"`
	Lines   int64       `json:"lines"`
	Trend   []pointJSON `json:"trend"`
}

type historyJSON struct {
	Owner      string      `json:"owner"`
	Repository string      `json:"repository"`
	Commits    int         `json:"commits"`
	Points     []pointJSON `json:"points"`
}

type pointJSON struct {
	At      time.Time `json:"at"`
	Percent float64   `json:"percent"`
	Lines   int64     `json:"lines"`
}

// newDocument makes the document of a result, of the address of what it brought into Port, and of the error that the run
// ends with.
func newDocument(r *backfill.Result, portLink string, failure error) document {
	return document{
		Version:           version().Version,
		DryRun:            r.DryRun,
		Interrupted:       r.Interrupted || exitCode(failure) == exitInterrupted,
		Complete:          failure == nil && r.Complete(),
		ExitCode:          exitCode(failure),
		Error:             newErrorJSON(failure),
		DurationSeconds:   seconds(r.Duration),
		Repositories:      repositoriesJSON(r.Repositories),
		Commits:           commitsJSON{r.Commits.Read, r.Commits.Replayed, orEmpty(r.Commits.Skipped)},
		BlueprintsCreated: each(r.CreatedBlueprints, func(name string) string { return name }),
		Entities:          each(r.Entities, func(e backfill.EntityCounts) entitiesJSON { return entitiesJSON(e) }),
		HeldBack:          r.HeldBack,
		LeftOut:           each(r.LeftOut, func(l backfill.LeftOut) leftOutJSON { return leftOutJSON(l) }),
		BarrenEntries:     each(r.Barren, fromOne),
		IdleEntries:       each(r.Idle, fromOne),
		Unlisted:          each(r.Unlisted, func(u backfill.Unlisted) unlistedJSON { return unlistedJSON(u) }),
		Changes:           each(r.Changes, func(c backfill.Change) changeJSON { return changeJSON(c) }),
		Failures:          each(r.Failures, newFailureLine),
		Requests:          requestsJSON{newCountsJSON(r.Codecov), newCountsJSON(r.Port)},
		Coverage:          newCoverageJSON(r.Histories),
		Histories:         each(r.Histories, newHistoryJSON),
		PortLink:          unlessEmpty(portLink),
	}
}

// fromOne counts an entry of the mapping as people do.
func fromOne(entry int) int { return entry + 1 }

// each gives what becomes of each item: an empty list, not null, where there is none.
func each[T, U any](items []T, become func(T) U) []U {
	made := make([]U, len(items))
	for i, item := range items {
		made[i] = become(item)
	}
	return made
}

func orEmpty(counts map[string]int) map[string]int {
	if counts == nil {
		return map[string]int{}
	}
	return counts
}

func unlessEmpty(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func seconds(d time.Duration) float64 { return math.Round(d.Seconds()*1000) / 1000 }

func newErrorJSON(err error) *errorJSON {
	if err == nil {
		return nil
	}
	hint := hinted{}
	errors.As(err, &hint)
	return &errorJSON{Message: err.Error(), Hint: hint.hint}
}

func newCountsJSON(c codecov.Counts) countsJSON {
	return countsJSON{Requests: c.Requests, Retries: c.Retries, SentBytes: c.SentBytes, ReceivedBytes: c.ReceivedBytes, WaitedSeconds: seconds(c.Waited)}
}

const documentMoments = 24 // that the account's coverage is told of

func newCoverageJSON(histories []backfill.History) *coverageJSON {
	points := backfill.AccountCoverage(histories, documentMoments)
	if len(points) == 0 {
		return nil
	}
	trend := each(points, newPointJSON)
	now := trend[len(trend)-1]
	return &coverageJSON{Percent: now.Percent, Lines: now.Lines, Trend: trend}
}

func newHistoryJSON(h backfill.History) historyJSON {
	return historyJSON{h.Owner, h.Repository, h.Commits, each(h.Points, newPointJSON)}
}

// newPointJSON rounds to the five decimals that Codecov keeps.
func newPointJSON(p backfill.Point) pointJSON {
	return pointJSON{p.At, math.Round(p.Coverage*1e5) / 1e5, p.Lines}
}
