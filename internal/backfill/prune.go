package backfill

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// DefaultPruneLimit is the share of an account's repositories in Port that a run removes at the most.
const DefaultPruneLimit = 0.2

// Prune says how repositories that Codecov no longer has are removed from Port, with their history. It needs a mapping
// that names entities as the built-in one does, and a selection that leaves no repository out.
type Prune struct {
	Limit float64                           // the share of an account's repositories in Port that may go; 0: DefaultPruneLimit
	Ask   func(gone []StaleRepository) bool // asked before anything is removed, unless Yes or DryRun; nil: the answer is no
}

// PruneError tells why a run cannot prune. It has read and written nothing.
type PruneError struct{ Reason string }

// Error gives the reason.
func (e *PruneError) Error() string { return "cannot prune: " + e.Reason }

// checkPrune refuses what would make repositories look gone that are not, or take other entities for theirs.
func (o Options) checkPrune() error {
	switch {
	case o.Prune == nil:
		return nil
	case o.filters():
		return &PruneError{Reason: "a filter leaves repositories or commits out"}
	case !o.Mapping.NamesAsBuiltin():
		return &PruneError{Reason: "the mapping leaves a built-in blueprint out, or names its entities otherwise than the built-in one"}
	}
	return nil
}

// pruning is the removing of repositories.
type pruning struct {
	*run
	limit   float64
	missing []StaleRepository
}

// settleUnlisted tells of the repositories that Codecov's lists do not have, and removes them where that is asked for.
// It does neither once the run is to stop.
func (r *run) settleUnlisted(ctx context.Context) error {
	p := &pruning{run: r, missing: r.unlisted(), limit: DefaultPruneLimit}
	if p.isStopped() {
		r.tally.pruneInterrupted(r.Prune != nil)
		return nil
	}
	defer func() { r.tally.unlisted(p.missing) }()
	if r.Prune == nil || len(p.missing) == 0 {
		return nil
	}
	if r.Prune.Limit > 0 {
		p.limit = r.Prune.Limit
	}
	asking, end := stoppable(ctx, r.Stop)
	defer end()
	err := p.prune(ctx, asking)
	if errors.Is(err, errStopped) || slices.ContainsFunc(p.missing, StaleRepository.isInterrupted) {
		r.tally.pruneInterrupted(true)
		return nil
	}
	return err
}

// prune decides in asking, which ends when the run is to stop, and removes in ctx, so that what is under way is finished.
func (p *pruning) prune(ctx, asking context.Context) error {
	p.keepBehindGaps()
	if err := p.each(asking, p.doubt); err != nil {
		return err
	}
	for _, owner := range p.Owners {
		p.holdToLimit(owner)
	}
	if err := p.each(asking, p.survey); err != nil {
		p.uncount()
		return err
	}
	gone := p.gone()
	switch {
	case len(gone) == 0:
		return nil
	case p.DryRun:
		return p.each(ctx, func(_ context.Context, u *StaleRepository) error { u.Removed = true; return nil })
	case !p.Yes && (p.Prune.Ask == nil || !p.Prune.Ask(gone)):
		if p.isStopped() {
			p.uncount()
			return errStopped // Ctrl-C at the question is no answer to it
		}
		return p.each(ctx, func(_ context.Context, u *StaleRepository) error { return u.keep("nobody agreed to its removal") })
	}
	p.uncount()
	return p.each(ctx, p.remove)
}

// uncount drops what was counted of what would go: only what is removed counts from here on.
func (p *pruning) uncount() {
	for i := range p.missing {
		p.missing[i].Entities = 0
	}
}

// gone gives the repositories that nothing keeps.
func (p *pruning) gone() []StaleRepository {
	return slices.DeleteFunc(slices.Clone(p.missing), func(u StaleRepository) bool { return u.Kept != "" })
}

// each does something with every repository that nothing keeps, several at a time.
func (p *pruning) each(ctx context.Context, do func(context.Context, *StaleRepository) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(p.Writers)
	for i := range p.missing {
		if u := &p.missing[i]; u.Kept == "" {
			g.Go(func() error { return do(ctx, u) })
		}
	}
	return g.Wait()
}

const interrupted = "interrupted"

func (u StaleRepository) isInterrupted() bool { return u.Kept == interrupted }

// keep notes why the repository is not removed. It gives no error.
func (u *StaleRepository) keep(format string, args ...any) error {
	u.Entities, u.Kept = 0, fmt.Sprintf(format, args...)
	return nil
}

// keepBehindGaps keeps the repositories of accounts whose list has gaps.
func (p *pruning) keepBehindGaps() {
	for i := range p.missing {
		if u := &p.missing[i]; p.gaps.in(u.Owner) {
			_ = u.keep("Codecov's list of %s could not be read as a whole", u.Owner)
			p.tally.notPruned(Failure{Repository: u.Repository, Code: CodeNotRemoved, Message: u.Kept})
		}
	}
}

// doubt keeps the repository unless Codecov itself says that it has none of this name: no access is no proof.
func (p *pruning) doubt(ctx context.Context, u *StaleRepository) error {
	if cause := p.codecovOutage.cause(); cause != nil {
		return u.keep("Codecov does not tell whether it is gone: %v", cause)
	}
	known, err := p.Codecov.RepositoryExists(ctx, u.Owner, u.Repository)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, codecov.ErrUnauthorized):
		return fmt.Errorf("ask Codecov for the repository %s: %w", u.Repository, err)
	case err != nil:
		p.codecovOutage.failed(err)
		return u.keep("Codecov does not tell whether it is gone: %v", err)
	}
	p.codecovOutage.answered()
	if known {
		return u.keep("Codecov still has it, though in no list")
	}
	return nil
}

// holdToLimit keeps all repositories of an account of which too many would go.
func (p *pruning) holdToLimit(owner string) {
	held := 0
	for _, o := range p.owned {
		if o.owner == owner {
			held++
		}
	}
	var gone []*StaleRepository
	for i, u := range p.missing {
		if u.Owner == owner && u.Kept == "" {
			gone = append(gone, &p.missing[i])
		}
	}
	if float64(len(gone)) <= p.limit*float64(held) {
		return
	}
	for _, u := range gone {
		_ = u.keep("of the %d repositories that Port holds for %s, %d would go: more than %g %%", held, owner, len(gone), 100*p.limit)
		p.tally.notPruned(Failure{Repository: u.Repository, Code: CodePruneLimit, Message: u.Kept})
	}
}

// survey counts what would be removed.
func (p *pruning) survey(ctx context.Context, u *StaleRepository) error {
	history, err := p.history(ctx, u)
	if err != nil {
		return p.failed(ctx, u, err)
	}
	if u.Kept == "" {
		u.Entities = len(history) + 1
	}
	return nil
}

// remove removes the history first: what is broken off is found again by the next run.
func (p *pruning) remove(ctx context.Context, u *StaleRepository) error {
	if p.isStopped() {
		return u.keep(interrupted)
	}
	history, err := p.history(ctx, u)
	if err != nil {
		return p.failed(ctx, u, err)
	}
	if u.Kept != "" {
		return nil
	}
	if err := p.delete(ctx, u, historyBlueprint, history); err != nil {
		return p.failed(ctx, u, err)
	}
	if err := p.delete(ctx, u, stateBlueprint, []string{u.Repository}); err != nil {
		return p.failed(ctx, u, err)
	}
	u.Removed = true
	return nil
}

// delete deletes entities of one blueprint and counts them. What Port's answer does not mention is looked for: it may
// have been deleted by a request whose answer was lost.
func (p *pruning) delete(ctx context.Context, u *StaleRepository, blueprint string, identifiers []string) error {
	for batch := range slices.Chunk(identifiers, port.MaxDeleteEntities) {
		if p.isStopped() {
			return errStopped
		}
		result, err := p.Port.DeleteEntities(ctx, blueprint, batch, false)
		if err != nil {
			return err
		}
		left, err := p.left(ctx, blueprint, slices.DeleteFunc(slices.Clone(batch), func(identifier string) bool {
			return slices.Contains(result.Deleted, identifier)
		}))
		if err != nil {
			return err
		}
		u.Entities += len(batch) - len(left)
		if len(left) > 0 {
			return fmt.Errorf("port still holds %d of %d entities of %s that it was told to delete, %s among them", len(left), len(batch), blueprint, left[0])
		}
	}
	return nil
}

// failed names a repository that could not be removed, unless the error is one of the whole run.
func (p *pruning) failed(ctx context.Context, u *StaleRepository, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if errors.Is(err, errStopped) {
		u.Kept = interrupted // what is under way for others is finished
		return nil
	}
	if errors.Is(err, port.ErrUnauthorized) {
		return fmt.Errorf("remove the repository %s from Port: %w", u.Repository, err)
	}
	p.portOutage.failed(err)
	u.Kept = err.Error()
	failure := Failure{Repository: u.Repository, Code: CodeNotRemoved, Message: u.Kept}
	if apiError := (*port.APIError)(nil); errors.As(err, &apiError) {
		failure.Status, failure.TraceID = apiError.Status, apiError.RequestID
	}
	p.tally.notPruned(failure)
	return nil
}
