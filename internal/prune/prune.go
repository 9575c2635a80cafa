// Package prune removes repositories from Port that Codecov no longer has, together with their history.
//
// A repository goes only if Codecov itself answers that it has none of this name. A failure of one repository is data
// in the result; an error ends the run.
package prune

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// DefaultLimit is the share of an account's repositories in Port that a run removes at most.
const DefaultLimit = 0.2

// concurrency is the number of repositories that are worked on at once; the clients have limits of their own.
const concurrency = 16

// Options configures Run. Codecov, Port, Owners, AppURL and Mapping are required.
type Options struct {
	Codecov *codecov.Client
	Port    *port.Client
	Owners  []string        // accounts whose repositories are looked at
	AppURL  string          // address of Codecov's web pages, without a slash at the end
	Mapping *mapper.Mapping // what wrote the entities; it must name them as the built-in mapping does
	Limit   float64         // share of an account's repositories in Port that may be removed, 0 to 1; 0 means DefaultLimit
	History bool            // also remove commits of listed repositories that Codecov doesn't have
	DryRun  bool            // remove nothing, and report what would be removed
	Yes     bool            // don't ask

	// Ask reports whether the repositories may be removed. It is called once, unless Yes or DryRun is set.
	// If it is nil, nothing is removed.
	Ask  func([]Repository) bool
	Stop <-chan struct{} // when closed, Run finishes the requests under way and returns
	Log  *slog.Logger    // receives each removed repository at Info; nil disables logging
}

// ErrMapping is returned when the repository of an entity can't be derived from its identifier.
var ErrMapping = errors.New("the mapping omits a built-in blueprint, or names its entities differently")

// errStopped ends what is under way when Options.Stop is closed.
var errStopped = errors.New("interrupted")

// Run removes the repositories that Codecov no longer has. The result is complete for what was done, also with an error.
// When ctx ends, Run returns at once.
func Run(ctx context.Context, o Options) (*Result, error) {
	if o.Limit <= 0 {
		o.Limit = DefaultLimit
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	p := &pruner{options: o, codecovCircuit: newCircuit(), portCircuit: newCircuit()}
	started := time.Now()
	err := p.run(ctx)
	result := p.result(time.Since(started))
	if errors.Is(err, errStopped) {
		result.Interrupted, err = true, nil
	}
	result.Complete = err == nil && !result.Interrupted && len(result.Failures) == 0
	return result, err
}

// newCircuit returns a circuit that breaks with the third request in a row that is not answered, so that a server that is down isn't
// asked for every single repository.
func newCircuit() *backfill.Circuit {
	return backfill.NewCircuit(2, 0, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout)
}

// pruner is the state of one run. Each candidate is changed by one goroutine at a time.
type pruner struct {
	options Options
	history *port.Blueprint // nil if Port doesn't have it
	held    map[string]int  // repositories in Port by owner
	listed  []listedRepository

	codecovCircuit, portCircuit *backfill.Circuit

	mu         sync.Mutex // guards what follows
	candidates []*candidate
	failures   []backfill.Failure
}

// candidate is a repository in Port that Codecov doesn't list, or lists in another spelling. If historyOnly is set, it is
// some commits of a listed repository.
type candidate struct {
	repository  repository
	renamedTo   string // the spelling in Codecov's list; empty if it isn't listed
	historyOnly bool
	commits     []string // identifiers, if historyOnly is set
	kept        string   // why it is not removed; empty while nothing keeps it
	planned     int      // entities to be removed
	removed     int      // entities that were removed
	done        bool     // nothing of it is left
}

// result returns the candidate as the caller of Run sees it, with the number of its removed or planned entities.
func (c *candidate) result(entities int) Repository {
	return Repository{Owner: c.repository.owner, Repository: c.repository.name, RenamedTo: c.renamedTo,
		HistoryOnly: c.historyOnly, Removed: c.done, Entities: entities, Kept: c.kept}
}

// repository is the name of a repository and one of Options.Owners.
type repository struct{ owner, name string }

func (p *pruner) run(ctx context.Context) error {
	if !p.options.Mapping.NamesAsBuiltin() {
		return ErrMapping
	}
	deciding, end := backfill.StopOn(ctx, p.options.Stop, errStopped)
	defer end()
	err := p.plan(deciding)
	if err == nil && !p.options.DryRun {
		p.confirm()
	}
	switch {
	case errors.Is(context.Cause(deciding), errStopped):
		return errStopped
	case err != nil:
		return err
	case p.options.DryRun:
		for _, c := range p.going() {
			c.done, c.removed = true, c.planned
		}
		return nil
	}
	return p.each(ctx, p.remove)
}

// plan finds the candidates and decides which of them go.
func (p *pruner) plan(ctx context.Context) error {
	if err := p.find(ctx); err != nil {
		return err
	}
	if err := p.each(ctx, p.askCodecov); err != nil {
		return err
	}
	p.applyLimit()
	if err := p.each(ctx, p.survey); err != nil {
		return err
	}
	return p.inspectHistories(ctx)
}

// confirm keeps every candidate unless somebody agrees to the removal.
func (p *pruner) confirm() {
	going := p.going()
	if len(going) == 0 || p.options.Yes {
		return
	}
	var shown []Repository
	for _, c := range going {
		shown = append(shown, c.result(c.planned))
	}
	if p.options.Ask != nil && p.options.Ask(shown) || backfill.IsClosed(p.options.Stop) {
		return
	}
	for _, c := range going {
		c.kept = "the removal was not confirmed"
	}
}

// going returns the candidates that nothing keeps.
func (p *pruner) going() []*candidate {
	return slices.DeleteFunc(slices.Clone(p.candidates), func(c *candidate) bool { return c.kept != "" })
}

// each calls do for every candidate that nothing keeps, several at a time.
func (p *pruner) each(ctx context.Context, do func(context.Context, *candidate) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(concurrency)
	for _, c := range p.going() {
		g.Go(func() error { return do(ctx, c) })
	}
	return g.Wait()
}

// Codes of failures.
const (
	CodeLimit      = "prune_limit" // more than Options.Limit of the account would have been removed
	CodeNotRemoved = "not_removed"
)

// Result is what a run did, and the document of prune --output json: docs/output.md describes it.
// Version, ExitCode and Error are set by the caller of Run.
type Result struct {
	SchemaVersion int                    `json:"schemaVersion"`
	Version       string                 `json:"version"` // of the program
	DryRun        bool                   `json:"dryRun"`
	Interrupted   bool                   `json:"interrupted"`
	Complete      bool                   `json:"complete"` // nothing failed or was interrupted
	ExitCode      int                    `json:"exitCode"`
	Error         *backfill.ErrorSummary `json:"error"` // nil if ExitCode is 0
	Duration      backfill.Seconds       `json:"durationSeconds"`
	Repositories  []Repository           `json:"repositories"` // in Port, but not in Codecov's lists
	Failures      []backfill.Failure     `json:"failures"`
	Requests      backfill.Requests      `json:"requests"`
}

// Repository is a repository that Port holds and Codecov doesn't list under this name, or commits of a listed one.
type Repository struct {
	Owner       string `json:"owner"`
	Repository  string `json:"repository"`  // its name, which is the identifier of its entity
	RenamedTo   string `json:"renamedTo"`   // the name in Codecov, if only the case differs
	HistoryOnly bool   `json:"historyOnly"` // only commits that Codecov doesn't have, with Options.History
	Removed     bool   `json:"removed"`     // in a dry run: it would be removed
	Entities    int    `json:"entities"`    // removed entities, those of the history included; in a dry run: to be removed
	Kept        string `json:"kept"`        // why it was not removed, or only in part
}

// NewResult returns an empty Result, with every list present.
func NewResult() Result {
	return Result{SchemaVersion: backfill.SchemaVersion, Repositories: []Repository{}, Failures: []backfill.Failure{}}
}

// result returns what the run did, in an order that doesn't depend on timing.
func (p *pruner) result(took time.Duration) *Result {
	r := NewResult()
	r.DryRun, r.Duration = p.options.DryRun, backfill.Seconds(took)
	for _, c := range p.candidates {
		r.Repositories = append(r.Repositories, c.result(c.removed))
		r.Interrupted = r.Interrupted || c.kept == errStopped.Error()
	}
	slices.SortFunc(r.Repositories, func(a, b Repository) int {
		return cmp.Or(cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Repository, b.Repository))
	})
	r.Failures = append(r.Failures, p.failures...)
	slices.SortFunc(r.Failures, func(a, b backfill.Failure) int {
		return cmp.Or(cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.Message, b.Message))
	})
	r.Requests = backfill.Requests{Codecov: p.options.Codecov.Counts(), Port: p.options.Port.Counts()}
	return &r
}
