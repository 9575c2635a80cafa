// Package prune removes repositories from Port that Codecov no longer has, together with their history.
//
// A repository goes only if Codecov itself answers that it has none of this name. A failure of one repository is data
// in the result; an error ends the run.
package prune

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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

// concurrency is the number of repositories that are worked on at once; the clients have limits of their own.
const concurrency = 16

// Options configures Run. Codecov, Port, Owners, AppURL, Mapping, Limit and Log are required.
type Options struct {
	Codecov *codecov.Client
	Port    *port.Client
	Owners  []string        // accounts whose repositories are looked at
	AppURL  string          // address of Codecov's web pages, without a slash at the end
	Mapping *mapper.Mapping // what wrote the entities; it must name them as the built-in mapping does
	Limit   float64         // share of an account's repositories in Port that may be removed, 0 to 1
	History bool            // also remove commits of listed repositories that Codecov doesn't have
	DryRun  bool            // remove nothing, and report what would be removed
	Yes     bool            // don't ask

	// Ask reports whether the repositories may be removed. It is called once, unless Yes or DryRun is set.
	// If it is nil, nothing is removed.
	Ask  func([]Repository) bool
	Stop <-chan struct{} // when closed, Run finishes the requests under way and returns
	Log  *slog.Logger    // receives each removed repository at Info
}

// ErrMapping is returned when the repository of an entity can't be derived from its identifier.
var ErrMapping = errors.New("the mapping omits a built-in blueprint, or names its entities differently")

// errStopped ends what is under way when Options.Stop is closed.
var errStopped = errors.New("interrupted")

// Run removes the repositories that Codecov no longer has. The result is complete for what was done, also with an error.
// When ctx ends, Run returns at once.
func Run(ctx context.Context, o Options) (*Result, error) {
	site := backfill.Site{AppURL: o.AppURL, Service: o.Codecov.Service(), Owners: o.Owners}
	p := &pruner{options: o, site: site, codecovCircuit: newCircuit(), portCircuit: newCircuit(), held: make(map[string]int)}
	started := time.Now()
	err := p.run(ctx)
	result := p.result(time.Since(started))
	if errors.Is(err, errStopped) {
		result.Interrupted, err = true, nil
	}
	result.Complete = err == nil && !result.Interrupted && len(result.Failures) == 0
	return result, err
}

// newCircuit returns a circuit that breaks with the third request in a row that is not answered, so that a server that is
// down isn't asked for every single repository.
func newCircuit() *backfill.Circuit {
	return backfill.NewCircuit(2, 0, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout)
}

// pruner is the state of one run. Each candidate is changed by one goroutine at a time.
type pruner struct {
	options    Options
	site       backfill.Site
	current    *port.Blueprint // nil if Port doesn't have it, as is
	history    *port.Blueprint
	held       map[string]int // repositories in Port by owner
	listed     []*candidate   // those that Codecov lists, to look for old commits
	candidates []*candidate   // those that Codecov doesn't list, and listed ones with old commits

	codecovCircuit, portCircuit *backfill.Circuit

	mu       sync.Mutex // guards failures
	failures []backfill.Failure
}

// candidate is a repository in Port, with what Run returns of it. Nothing keeps it while Kept is empty.
type candidate struct {
	repository Repository
	branch     string   // the default branch, if it is listed
	commits    []string // identifiers of old commits, if HistoryOnly is set
	planned    int      // entities to be removed
}

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
			c.repository.Removed, c.repository.Entities = true, c.planned
		}
		return nil
	}
	return p.each(ctx, p.going(), p.remove)
}

// plan finds the candidates and decides which of them go.
func (p *pruner) plan(ctx context.Context) error {
	if err := p.find(ctx); err != nil {
		return err
	}
	if err := p.each(ctx, p.candidates, p.askCodecov); err != nil {
		return err
	}
	p.applyLimit()
	if err := p.each(ctx, p.going(), p.survey); err != nil {
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
		shown = append(shown, c.repository)
		shown[len(shown)-1].Entities = c.planned
	}
	if p.options.Ask != nil && p.options.Ask(shown) || backfill.IsClosed(p.options.Stop) {
		return
	}
	for _, c := range going {
		c.repository.Kept = "the removal was not confirmed"
	}
}

// going returns the candidates that nothing keeps.
func (p *pruner) going() []*candidate {
	return slices.DeleteFunc(slices.Clone(p.candidates), func(c *candidate) bool { return c.repository.Kept != "" })
}

// each calls do for several candidates at a time, and keeps those for which it fails. It returns an error that ends the run.
func (p *pruner) each(ctx context.Context, candidates []*candidate, do func(context.Context, *candidate) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(concurrency)
	for _, c := range candidates {
		g.Go(func() error {
			if err := do(ctx, c); err != nil {
				return p.failed(ctx, c, err)
			}
			return nil
		})
	}
	return g.Wait()
}

// failed keeps the candidate and names it as a failure. It returns an error that ends the run, or nil.
func (p *pruner) failed(ctx context.Context, c *candidate, err error) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, errStopped):
		c.repository.Kept = errStopped.Error() // the requests of the other candidates finish
		return nil
	case errors.Is(err, port.ErrUnauthorized), errors.Is(err, codecov.ErrUnauthorized):
		return fmt.Errorf("prune the repository %s: %w", c.repository.Name, err)
	}
	c.repository.Kept = err.Error()
	failure := backfill.Failure{Repository: c.repository.Name, Code: CodeNotRemoved, Message: c.repository.Kept}
	if e := (*port.APIError)(nil); errors.As(err, &e) {
		p.portCircuit.Record(err)
		failure.Status, failure.TraceID = e.Status, e.RequestID
	}
	if e := (*codecov.APIError)(nil); errors.As(err, &e) {
		p.codecovCircuit.Record(err)
		failure.Status = e.Status
	}
	p.fail(failure)
	return nil
}

// fail adds a failure to the result.
func (p *pruner) fail(f backfill.Failure) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failures = append(p.failures, f)
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
	Name        string `json:"repository"`  // which is the identifier of its entity
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
		r.Repositories = append(r.Repositories, c.repository)
		r.Interrupted = r.Interrupted || c.repository.Kept == errStopped.Error()
	}
	slices.SortFunc(r.Repositories, func(a, b Repository) int {
		return cmp.Or(cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Name, b.Name))
	})
	r.Failures = append(r.Failures, p.failures...)
	slices.SortFunc(r.Failures, func(a, b backfill.Failure) int {
		return cmp.Or(cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.Message, b.Message))
	})
	r.Requests = backfill.Requests{Codecov: p.options.Codecov.Counts(), Port: p.options.Port.Counts()}
	return &r
}
