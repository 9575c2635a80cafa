package check

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// repository is a row of an account's list.
type repository struct {
	owner string
	row   codecov.Repository
}

// readOwners reads which accounts the token's user can see.
func (d *doctor) readOwners(ctx context.Context) error {
	ctx, cancel := withPatience(ctx)
	defer cancel()
	for owner, err := range d.options.Codecov.Owners(ctx) {
		if err != nil {
			return err
		}
		if owner.Username != nil && *owner.Username != "" {
			d.visible = append(d.visible, *owner.Username)
		}
	}
	slices.Sort(d.visible)
	return nil
}

// codecovToken judges the token by the outcome of readOwners.
func (d *doctor) codecovToken(err error) Step {
	if err != nil {
		return codecovError(err)
	}
	service := d.options.Codecov.Service()
	if len(d.visible) == 0 {
		return warning(fmt.Sprintf("Codecov accepts CODECOV_TOKEN, but its user can see no account at %s", service), d.ownersHint())
	}
	return passed(fmt.Sprintf("Codecov accepts CODECOV_TOKEN; its user can see %s at %s: %s",
		terminal.Plural(len(d.visible), "account"), service, shortList(d.visible)), "")
}

func codecovError(err error) Step {
	if errors.Is(err, codecov.ErrUnauthorized) {
		return failed(Credentials, "Codecov rejected CODECOV_TOKEN: "+err.Error(),
			"create a user API token (Codecov › your avatar › Settings › Access › Generate Token); upload tokens don't work")
	}
	return failed(Other, "unexpected response of Codecov: "+err.Error(), "try again later, or check the address; CODECOV_URL sets that of a self-hosted server")
}

// account lists an account's repositories.
func (d *doctor) account(ctx context.Context, owner string) Step {
	listed, private, inactive := 0, 0, 0
	var gap error // why the list is not complete
	options := codecov.RepositoriesOptions{Skipped: func(row *codecov.SkippedRowError) { gap = row }}
	for row, err := range d.options.Codecov.Repositories(ctx, owner, options) {
		if codecov.IsPartial(err) {
			gap = err
			break
		}
		switch {
		case errors.Is(err, codecov.ErrOwnerNotFound):
			return failed(Configuration, fmt.Sprintf("Codecov has no account %s at %s", owner, d.options.Codecov.Service()), d.ownersHint())
		case err != nil:
			return unexpected("list the repositories", err)
		}
		d.repositories = append(d.repositories, repository{owner, row})
		listed++
		if row.Private {
			private++
		}
		if !row.HasCoverage() {
			inactive++
		}
	}
	text := fmt.Sprintf("%s: %s private, %s inactive without coverage",
		terminal.Plural(listed, "repository"), terminal.Count(private), terminal.Count(inactive))
	switch {
	case gap != nil:
		return warning(text+"; some could not be read: "+gap.Error(), "'codecov-port sync' reads the others; name a missing one with --repo")
	case listed == 0:
		return warning("no repository is visible", "Codecov only lists repositories that the token's user may see")
	case private == 0:
		return passed(text, "if there are private repositories, they are hidden from the token's user")
	}
	return passed(text, "")
}

func (d *doctor) ownersHint() string {
	hint := fmt.Sprintf("check CODECOV_SERVICE_PROVIDER (%s) and CODECOV_SERVICE_PROVIDER_ACCOUNT_NAME", d.options.Codecov.Service())
	if len(d.visible) > 0 {
		hint += "; the token's user can see " + shortList(d.visible)
	}
	return hint
}

// shortList joins the first names of a list.
func shortList(names []string) string {
	const most = 10
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), more)
	}
	return strings.Join(names, ", ")
}

// countCommits requests the number of commits of each repository with coverage. It fails for a rejected token, when ctx
// ends, and if no repository can be counted.
func (d *doctor) countCommits(ctx context.Context) Step {
	noSeat, noProvider, unreadable, last := 0, 0, 0, error(nil)
	var mu sync.Mutex // guards the counts
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(32) // the client has a limit of its own
	for _, r := range d.repositories {
		if !r.row.HasCoverage() {
			continue
		}
		g.Go(func() error {
			count, err := d.options.Codecov.CountCommits(ctx, r.owner, r.row.Name, codecov.CommitsOptions{Branch: r.row.Branch})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case ctx.Err() != nil:
				return context.Cause(ctx)
			case errors.Is(err, codecov.ErrUnauthorized):
				return err
			case errors.Is(err, codecov.ErrForbidden):
				noSeat++
			case errors.Is(err, codecov.ErrProviderRefused):
				noProvider++
			case err != nil:
				unreadable, last = unreadable+1, err
			default:
				d.counted, d.commits = d.counted+1, d.commits+count
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return codecovError(err)
	}
	text := fmt.Sprintf("%s on the default branches of %s", terminal.Plural(d.commits, "commit"), terminal.Plural(d.counted, "repository"))
	var hints []string
	add := func(count int, reason, hint string) {
		if count > 0 {
			text += "; " + terminal.Plural(count, "repository") + " " + reason
			hints = append(hints, hint)
		}
	}
	add(noSeat, "without a seat for the token's user", "activate the user in Codecov › Members, or use the token of a user with a seat")
	add(noProvider, "refused by the git provider", "sign in to Codecov again, or wait for the provider's rate limit")
	add(unreadable, fmt.Sprintf("unreadable: %v", last), "the token's user may lack access, or Codecov may have an outage: try again later")
	switch {
	case len(hints) == 0:
		return passed(text, "")
	case d.counted == 0:
		return failed(Other, text, strings.Join(hints, "; "))
	}
	return warning(text, strings.Join(hints, "; "))
}

// plan estimates how many entities the next sync creates at most. Updates of entities in Port are not part of it.
func (d *doctor) plan(ctx context.Context) Step {
	entities := max(d.compiled.MaxEntities(d.counted, d.commits)-d.stored, 0)
	if entities == 0 {
		return passed("the next sync creates no entities", "")
	}
	requests := port.BulkRequests(entities)
	text := fmt.Sprintf("the next sync creates up to %s entities in %s bulk requests%s; a free Port account holds %s",
		terminal.Count(entities), terminal.Count(requests), d.duration(ctx, requests), terminal.Count(port.FreeEntities))
	if entities > port.FreeEntities {
		return warning(text, "sync with --since 1y, --every week, --max-commits 50, --no-history or --repo to create less; --yes creates all of them")
	}
	return passed(text, "")
}

// duration returns how long the requests take at Port's rate, or "" if Port doesn't say.
func (d *doctor) duration(ctx context.Context, requests int) string {
	if !d.portReady {
		return ""
	}
	ctx, cancel := withPatience(ctx)
	defer cancel()
	one := d.options.Port.Search(ctx, d.compiled.Blueprints()[0], port.SearchOptions{Include: []string{"$identifier"}, Limit: 1})
	one(func(port.Entity, error) bool { return false }) // the headers of the response hold the rate
	wait, known := d.options.Port.EstimateDuration(requests)
	minutes := math.Ceil(wait.Minutes())
	switch {
	case !known:
		return ""
	case minutes <= 1:
		return ", within a minute at Port's rate"
	}
	return fmt.Sprintf(", about %.0f minutes at Port's rate", minutes)
}
