package mapper

import "slices"

// Limit is a part of a mapping that Port evaluates for live events and a backfill cannot, or that Port itself cannot
// compile.
type Limit struct {
	Entry     int // the entry's index, from 0
	Blueprint string
	Field     string // "operation", "filter", "entity.identifier", "entity.relations.service"
	Reason    string // why, and the effect; a sentence without a full stop
	Skipped   bool   // the entry is not replayed
}

// Limits lists what Compile left out: entries that delete, search queries {combinator, rules}, expressions over the
// headers or query parameters of a live event or over parts of the payload that Codecov's REST API does not return,
// and expressions of Port's webhook that Port cannot compile. It also lists filters over such parts, which run with
// null.
func (m *Mapping) Limits() []Limit { return slices.Clone(m.limits) }
