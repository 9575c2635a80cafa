package check

import (
	"fmt"
	"strings"

	"github.com/codecov-port/codecov-port/pkg/mapper"
)

func (d *doctor) mapping() {
	ready := d.portReady || d.Choice.Name != mapper.ChoiceWebhook
	d.step("mapping", "the webhook", ready, func() Step {
		entries, err := d.Choice.Entries(d.live.mappings)
		if err != nil {
			return failed(Configuration, oneLine(err), "'codecov-port map' tries a mapping on a payload; --mapping chooses another one")
		}
		return d.compile(entries)
	})
}

// compile makes the mapping ready, and tells of each thing in it that a backfill cannot follow.
func (d *doctor) compile(entries []mapper.Entry) Step {
	o := mapper.Options{Now: d.Now}
	if d.Codecov != nil {
		o.Service = d.Codecov.Service()
	}
	compiled, err := mapper.Compile(entries, o)
	if err != nil {
		return failed(Configuration, oneLine(err), "correct the expression; 'codecov-port map' tries a mapping on a payload")
	}
	for _, limit := range compiled.Limits() {
		d.tell(warning(limit.Field+" of "+limit.Blueprint+": "+limit.Reason, "").named(fmt.Sprintf("mapping entry %d", limit.Entry+1)))
	}
	if len(compiled.Entries()) == 0 {
		return failed(Configuration, "nothing of the mapping is left that a backfill can follow", "choose another one with --mapping")
	}
	d.compiled = compiled
	var parts []string
	for _, c := range entries {
		parts = append(parts, c.Blueprint+" ("+c.Origin+")")
	}
	return well(several(len(entries), "entry") + ": " + strings.Join(parts, ", "))
}
