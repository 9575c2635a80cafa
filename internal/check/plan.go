package check

import (
	"context"
	"fmt"
	"math"

	"github.com/codecov-port/codecov-port/pkg/port"
)

func (d *doctor) plan(ctx context.Context) {
	ready := d.compiled != nil && d.counted.commits > 0
	d.step("plan", "a mapping, and commits", ready, func() Step {
		entities := d.compiled.Entities(d.counted.repositories, d.counted.commits)
		requests := port.BulkRequests(entities)
		text := fmt.Sprintf("a first run writes up to %s entities in %s bulk requests%s", number(entities), number(requests), d.duration(ctx, requests))
		if entities > port.FreeEntities {
			return warning(fmt.Sprintf("%s; a free Port account holds %s", text, number(port.FreeEntities)),
				"sync's --since 1y, --every week, --max-commits 50, --latest or --repo bring in less; --yes brings in all")
		}
		return well(fmt.Sprintf("%s; a free Port account holds %s", text, number(port.FreeEntities)))
	})
}

// duration tells how long so many requests take at the rate that Port allows; nothing where Port tells no rate.
func (d *doctor) duration(ctx context.Context, requests int) string {
	if !d.portReady {
		return ""
	}
	d.learnRate(ctx)
	estimate, known := d.Port.EstimateDuration(requests)
	if !known {
		return ""
	}
	minutes := math.Ceil(estimate.Minutes())
	if minutes <= 1 {
		return ", within a minute at Port's rate"
	}
	return fmt.Sprintf(", some %.0f minutes at Port's rate", minutes)
}

// learnRate reads one entity: the answer's headers tell the rate that holds for entities.
func (d *doctor) learnRate(ctx context.Context) {
	ctx, cancel := patiently(ctx)
	defer cancel()
	one := d.Port.Search(ctx, d.compiled.Blueprints()[0], port.SearchOptions{Include: []string{"$identifier"}, Limit: 1})
	one(func(port.Entity, error) bool { return false }) // without an answer the rate is not known
}
