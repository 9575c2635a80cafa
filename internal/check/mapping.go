package check

import (
	"fmt"
	"strings"

	"github.com/codecov-port/codecov-port/pkg/mapper"
)

func (d *doctor) mapping() {
	ready := d.portReady || d.Choice.Name != mapper.ChoiceWebhook
	d.step("mapping", "the webhook", ready, func() Step {
		chosen, err := d.Choice.Entries(d.live.mappings)
		if err != nil {
			return failed(Configuration, oneLine(err), "'codecov-port map' tries a mapping on a payload; --mapping chooses another one")
		}
		return d.compile(chosen)
	})
}

// compile makes the mapping ready, and tells of each thing in it that a backfill cannot follow.
func (d *doctor) compile(chosen []mapper.Chosen) Step {
	entries := mapper.Plain(chosen)
	compiled, err := mapper.Compile(entries, mapper.Options{Now: d.Now})
	if err != nil {
		return failed(Configuration, oneLine(err), "correct the expression; 'codecov-port map' tries a mapping on a payload")
	}
	for _, limit := range mapper.Limits(entries) {
		d.tell(warning(limit.Field+" of "+limit.Blueprint+": "+limit.Reason, "").named(fmt.Sprintf("mapping entry %d", limit.Entry+1)))
	}
	if len(compiled.Entries()) == 0 {
		return failed(Configuration, "nothing of the mapping is left that a backfill can follow", "choose another one with --mapping")
	}
	d.compiled = compiled
	var parts []string
	for _, c := range chosen {
		parts = append(parts, c.Blueprint+" ("+c.Origin+")")
	}
	return well(several(len(chosen), "entry") + ": " + strings.Join(parts, ", "))
}
