package check

import (
	"fmt"
	"strings"

	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

func (d *doctor) mapping() Step {
	entries, err := d.options.Choice.Entries(d.live)
	if err != nil {
		return failed(Configuration, oneLine(err), "'codecov-port map' tries a mapping on a payload; --mapping selects another one")
	}
	return d.compile(mapper.AddRelations(entries, d.declared[mapper.CurrentBlueprint]))
}

// compile prepares the mapping and reports each part of it that a sync leaves out.
func (d *doctor) compile(entries []mapper.Entry) Step {
	o := mapper.Options{Now: d.options.Now}
	if d.options.Codecov != nil {
		o.Service = d.options.Codecov.Service()
	}
	compiled, err := mapper.Compile(entries, o)
	if err != nil {
		return failed(Configuration, oneLine(err), "correct the expression; 'codecov-port map' tries a mapping on a payload")
	}
	for _, limit := range compiled.Limits() {
		d.step(fmt.Sprintf("mapping entry %d", limit.Entry+1), "", true, func() Step {
			return warning(limit.Field+" of "+limit.Blueprint+": "+limit.Reason, "")
		})
	}
	if len(compiled.Entries()) == 0 {
		return failed(Configuration, "no entry of the mapping can be used for past commits", "select another mapping with --mapping")
	}
	d.compiled = compiled
	var parts []string
	for _, e := range entries {
		parts = append(parts, e.Blueprint+" ("+e.Origin+")")
	}
	return passed(terminal.Plural(len(entries), "entry")+": "+strings.Join(parts, ", "), "")
}
