package check

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// census counts the commits of default branches, and why repositories refuse to be counted.
type census struct {
	mu                             sync.Mutex
	commits, repositories          int
	seatless, provider, unreadable int
	last                           error // of those that are unreadable
}

func (d *doctor) commits(ctx context.Context) {
	d.step("commits", "repositories", len(d.repositories) > 0, func() Step {
		if err := d.count(ctx, &d.counted); err != nil {
			return refusedToken(err)
		}
		return d.counted.judge()
	})
}

// count asks for the number of commits of each repository that has coverage. Only a refused token, or the end of the
// context, is an error.
func (d *doctor) count(ctx context.Context, c *census) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(d.Readers)
	for _, r := range d.repositories {
		if !r.HasCoverage() {
			continue
		}
		g.Go(func() error {
			count, err := d.Codecov.CountCommits(ctx, r.owner, r.Name, codecov.CommitsOptions{Branch: r.Branch})
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if errors.Is(err, codecov.ErrUnauthorized) {
				return err
			}
			c.add(count, err)
			return nil
		})
	}
	return g.Wait()
}

func (c *census) add(count int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil:
		c.repositories++
		c.commits += count
	case errors.Is(err, codecov.ErrForbidden):
		c.seatless++
	case errors.Is(err, codecov.ErrProviderRefused):
		c.provider++
	default:
		c.unreadable++
		c.last = err
	}
}

func (c *census) judge() Step {
	text := fmt.Sprintf("%s on the default branches of %s", several(c.commits, "commit"), several(c.repositories, "repository"))
	refusals, hints := c.refusals()
	if len(refusals) == 0 {
		return well(text)
	}
	text += "; " + strings.Join(refusals, "; ")
	if c.repositories == 0 {
		return failed(Other, text, strings.Join(hints, "; "))
	}
	return warning(text, strings.Join(hints, "; "))
}

func (c *census) refusals() (refusals, hints []string) {
	add := func(count int, reason, hint string) {
		if count > 0 {
			refusals = append(refusals, several(count, "repository")+" "+reason)
			hints = append(hints, hint)
		}
	}
	add(c.seatless, "without a seat for the token's user", "activate the token's user in Codecov › Members, or use the token of one who has a seat")
	add(c.provider, "that the git provider refuses", "sign in to Codecov again, or wait until the provider's rate limit has passed")
	if c.unreadable > 0 {
		add(c.unreadable, "that cannot be read: "+c.last.Error(), "the token's user may lack access, or Codecov has a fault: try again later")
	}
	return refusals, hints
}
