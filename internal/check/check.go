// Package check examines, step by step, everything that a sync needs, and says what to do about each problem. It only
// reads: neither side is changed.
package check

import (
	"context"
	"time"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// State is the outcome of a step.
type State string

// The states. A sync works in spite of a warning. A step is skipped if an earlier one that it needs has failed.
const (
	OK      State = "ok"
	Warning State = "warning"
	Failed  State = "failed"
	Skipped State = "skipped"
)

// Cause is the kind of problem that made a step fail.
type Cause string

// The causes of failed steps.
const (
	Credentials   Cause = "credentials"   // Codecov or Port refuses them
	Configuration Cause = "configuration" // settings, mapping and blueprints don't fit together
	Other         Cause = "other"         // a server that doesn't answer, for example
)

// Step is one thing that was examined.
type Step struct {
	Name  string `json:"name"`
	State State  `json:"state"`
	Cause Cause  `json:"cause,omitempty"` // of a failed step
	Text  string `json:"text"`            // one line; may contain text from outside
	Hint  string `json:"hint,omitempty"`  // what to do, or what is good to know
}

// Options configures Run.
type Options struct {
	Problems    []Step          // in the settings, which were found before any request: Text and Hint
	Codecov     *codecov.Client // nil if the settings are not sufficient for one
	Port        *port.Client    // nil if the settings are not sufficient for one
	CodecovURL  string          // the address that Codecov uses
	PortURL     string          // the address that Port uses
	OtherPort   *port.Client    // of OtherRegion, tried if Port refuses the credentials; nil if Port is not a region's
	OtherRegion string
	Owners      []string
	AppURL      string // address of Codecov's web pages, without a slash at the end
	Choice      mapper.Choice
	Now         time.Time
}

// Run examines everything that can be examined and passes each step to report when it is done. A failed step doesn't
// end it, but skips the steps that need it. When ctx ends, the remaining steps fail.
func Run(ctx context.Context, o Options, report func(Step)) {
	d := &doctor{options: o, report: report, declared: make(map[string]port.Blueprint)}
	for _, problem := range o.Problems {
		problem.Name, problem.State, problem.Cause = "settings", Failed, Configuration
		report(problem)
	}
	if len(o.Problems) == 0 {
		report(Step{Name: "settings", State: OK, Text: "all required settings are set"})
	}
	var err error // of the first request to the API
	answers := d.step("Port address", "the settings of Port", o.Port != nil, func() Step {
		var current port.Blueprint
		if current, err = readBlueprint(ctx, o.Port, mapper.CurrentBlueprint); err == nil {
			d.declared[mapper.CurrentBlueprint] = current
		}
		return address(o.PortURL, err, o.Port.Counts().Answered)
	})
	d.portReady = d.step("Port credentials", "an address of Port that responds", answers, func() Step { return d.portCredentials(ctx, err) })
	answers = d.step("Codecov address", "the settings of Codecov", o.Codecov != nil, func() Step {
		err = d.readOwners(ctx)
		return address(o.CodecovURL, err, o.Codecov.Counts().Answered)
	})
	codecovReady := d.step("Codecov token", "an address of Codecov that responds", answers, func() Step { return d.codecovToken(err) })
	for _, owner := range o.Owners {
		d.step("account "+owner, "a valid Codecov token", codecovReady, func() Step { return d.account(ctx, owner) })
	}
	d.step("webhook", "valid Port credentials", d.portReady, func() Step { return d.webhook(ctx) })
	hasMapping := d.step("mapping", "the webhook", d.portReady || o.Choice.Name != mapper.ChoiceWebhook, d.mapping)
	hasRepositories := len(d.repositories) > 0
	d.step("mapped commit", "a mapping and repositories", hasMapping && hasRepositories, func() Step { return d.sample(ctx) })
	if hasMapping {
		for _, identifier := range d.compiled.Blueprints() {
			d.step("blueprint "+identifier, "valid Port credentials", d.portReady, func() Step { return d.blueprint(ctx, identifier) })
		}
	} else {
		d.step("blueprints", "a mapping", false, nil)
	}
	d.step("entities", "repositories, and a mapping that names entities like the built-in one",
		d.portReady && hasRepositories && hasMapping && d.compiled.NamesAsBuiltin(), func() Step { return d.entities(ctx) })
	if hasMapping && d.portReady {
		d.relations(ctx)
	}
	d.step("commits", "repositories", hasRepositories, func() Step { return d.countCommits(ctx) })
	d.step("plan", "a mapping and commits", hasMapping && d.commits > 0, func() Step { return d.plan(ctx) })
}

// doctor holds what the steps have found so far.
type doctor struct {
	options Options
	report  func(Step)

	portReady    bool
	visible      []string // owners that the token can see
	repositories []repository
	live         []byte          // mapping of Port's webhook; nil if there is none, or if it can't be read
	compiled     *mapper.Mapping // nil if there is no mapping to try
	samples      []mapper.Mapped // entities of some commits of the accounts
	declared     map[string]port.Blueprint
	stored       int // entities of the accounts in Port
	counted      int // repositories, and
	commits      int // on their default branches
}

// step runs examine if what it needs is ready, and reports the outcome. It reports whether the step didn't fail.
func (d *doctor) step(name, needs string, ready bool, examine func() Step) bool {
	step := Step{State: Skipped, Text: "needs " + needs}
	if ready {
		step = examine()
	}
	step.Name = name
	d.report(step)
	return ready && step.State != Failed
}

func passed(text, hint string) Step  { return Step{State: OK, Text: text, Hint: hint} }
func warning(text, hint string) Step { return Step{State: Warning, Text: text, Hint: hint} }

func failed(cause Cause, text, hint string) Step {
	return Step{State: Failed, Cause: cause, Text: text, Hint: hint}
}

// unexpected is a failure that may pass.
func unexpected(action string, err error) Step {
	return failed(Other, action+": "+err.Error(), "try again later")
}
