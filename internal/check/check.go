// Package check is a doctor: it looks at all that a backfill needs, step by step, and says of each step whether it is
// well, and what can be done where it is not. It reads only: neither side is changed.
package check

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// State is how a step came out.
type State string

// The states. A warning is something that a backfill goes on with; skipped is what could not be judged because an
// earlier step failed.
const (
	OK      State = "ok"
	Warning State = "warning"
	Failed  State = "failed"
	Skipped State = "skipped"
)

// Cause says what kind of thing made a step fail.
type Cause string

// The causes of failed steps.
const (
	Credentials   Cause = "credentials"   // one of the sides refuses them
	Configuration Cause = "configuration" // what the user has set up does not fit together
	Other         Cause = "other"         // an address that does not answer, for instance
)

// Step is one thing that was looked at.
type Step struct {
	Name  string `json:"name"`
	State State  `json:"state"`
	Cause Cause  `json:"cause,omitempty"` // of a failed step
	Text  string `json:"text"`            // one line; may hold text from outside
	Hint  string `json:"hint,omitempty"`  // what can be done, or what is good to know
}

// Problem is something wrong with the settings that was found before anything was asked.
type Problem struct{ Text, Hint string }

// Options is what is looked at.
type Options struct {
	Problems   []Problem               // with the settings; they are the first step
	Codecov    *codecov.Client         // nil where the settings don't suffice for one
	Port       *port.Client            // nil where the settings don't suffice for one
	CodecovURL string                  // the address that Codecov's client has
	PortURL    string                  // the address that Port's client has
	Regions    map[string]*port.Client // by name: where else the credentials may be right, if Port refuses them
	Owners     []string                // the accounts
	AppURL     string                  // address of Codecov's web pages, without a slash at the end
	Choice     mapper.Choice           // the mapping
	Now        time.Time
	Readers    int               // requests to Codecov under way at once; 0: 32
	Network    http.RoundTripper // asks whether the addresses answer, without credentials; nil: http.DefaultTransport
}

const defaultReaders = 32

// Run looks at everything that can be judged and tells each step once it is done. It does not stop at a step that
// fails, but skips those that need it. The context ends it early: the steps that are left fail then.
func Run(ctx context.Context, o Options, tell func(Step)) {
	o.Readers = cmp.Or(max(o.Readers, 0), defaultReaders)
	d := &doctor{Options: o, tell: tell}
	d.settings()
	d.port(ctx)
	d.codecov(ctx)
	d.webhook(ctx)
	d.mapping()
	d.commit(ctx)
	d.blueprints(ctx)
	d.commits(ctx)
	d.plan(ctx)
}

// Worst gives the cause of the worst failed step: credentials before configuration before others; none where no step
// has failed.
func Worst(steps []Step) Cause {
	rank := map[Cause]int{Other: 1, Configuration: 2, Credentials: 3}
	var worst Cause
	for _, step := range steps {
		if step.State == Failed && rank[step.Cause] > rank[worst] {
			worst = step.Cause
		}
	}
	return worst
}

// doctor remembers what the steps so far have found out.
type doctor struct {
	Options
	tell func(Step)

	portReady    bool
	codecovReady bool
	seen         []string // the owners that the token sees
	repositories []repository
	live         webhook
	compiled     *mapper.Mapping // nil: there is no mapping to try
	samples      []mapper.Mapped // what it made of commits of the accounts
	counted      census
}

// step judges one thing where what it needs is well, and tells the outcome.
func (d *doctor) step(name string, needs string, ready bool, judge func() Step) (good bool) {
	if !ready {
		d.tell(Step{Name: name, State: Skipped, Text: "not looked at: it needs " + needs})
		return false
	}
	step := judge()
	step.Name = name
	d.tell(step)
	return step.State != Failed
}

func well(text string) Step          { return Step{State: OK, Text: text} }
func noted(text, hint string) Step   { return Step{State: OK, Text: text, Hint: hint} }
func warning(text, hint string) Step { return Step{State: Warning, Text: text, Hint: hint} }

func failed(cause Cause, text, hint string) Step {
	return Step{State: Failed, Cause: cause, Text: text, Hint: hint}
}

func (d *doctor) settings() {
	const name = "settings"
	for _, problem := range d.Problems {
		d.tell(failed(Configuration, problem.Text, problem.Hint).named(name))
	}
	if len(d.Problems) == 0 {
		d.tell(well("all that is needed is set").named(name))
	}
}

func (s Step) named(name string) Step {
	s.Name = name
	return s
}
