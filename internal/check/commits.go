package check

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// census counts the commits of default branches, and the repositories that can't be counted by reason.
type census struct {
	mu                    sync.Mutex
	commits, repositories int
	noSeat, noProvider    int
	unreadable            int
	last                  error // of the unreadable ones
}

// commits requests the number of commits of each repository with coverage. It fails only for a rejected token and when ctx ends.
func (d *doctor) commits(ctx context.Context) Step {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(32) // the client has a limit of its own
	for _, r := range d.repositories {
		if !r.row.HasCoverage() {
			continue
		}
		g.Go(func() error {
			count, err := d.options.Codecov.CountCommits(ctx, r.owner, r.row.Name, codecov.CommitsOptions{Branch: r.row.Branch})
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if errors.Is(err, codecov.ErrUnauthorized) {
				return err
			}
			d.counted.add(count, err)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return codecovError(err)
	}
	return d.counted.outcome()
}

func (c *census) add(count int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil:
		c.repositories++
		c.commits += count
	case errors.Is(err, codecov.ErrForbidden):
		c.noSeat++
	case errors.Is(err, codecov.ErrProviderRefused):
		c.noProvider++
	default:
		c.unreadable++
		c.last = err
	}
}

func (c *census) outcome() Step {
	text := fmt.Sprintf("%s on the default branches of %s", terminal.Plural(c.commits, "commit"), terminal.Plural(c.repositories, "repository"))
	var hints []string
	add := func(count int, reason, hint string) {
		if count > 0 {
			text += "; " + terminal.Plural(count, "repository") + " " + reason
			hints = append(hints, hint)
		}
	}
	add(c.noSeat, "without a seat for the token's user", "activate the user in Codecov › Members, or use the token of a user with a seat")
	add(c.noProvider, "refused by the git provider", "sign in to Codecov again, or wait for the provider's rate limit")
	if c.unreadable > 0 {
		add(c.unreadable, "unreadable: "+c.last.Error(), "the token's user may lack access, or Codecov may have an outage: try again later")
	}
	switch {
	case len(hints) == 0:
		return passed(text, "")
	case c.repositories == 0:
		return failed(Other, text, strings.Join(hints, "; "))
	}
	return warning(text, strings.Join(hints, "; "))
}

// plan estimates how many entities the next sync creates at most. Updates of entities in Port are not part of it.
func (d *doctor) plan(ctx context.Context) Step {
	entities := max(d.compiled.MaxEntities(d.counted.repositories, d.counted.commits)-d.stored, 0)
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
	if !known {
		return ""
	}
	minutes := math.Ceil(wait.Minutes())
	if minutes <= 1 {
		return ", within a minute at Port's rate"
	}
	return fmt.Sprintf(", about %.0f minutes at Port's rate", minutes)
}
