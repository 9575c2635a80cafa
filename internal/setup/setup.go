// Package setup prepares Port for coverage: the two built-in blueprints, the webhook through which new coverage arrives,
// and on request a scorecard, a dashboard page and relations. It creates what is missing, leaves what exists alone unless
// it is asked to add to it, and removes what it has made.
package setup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// Options configures Run. Port is required.
type Options struct {
	Port   *port.Client
	Update bool // add the missing parts of the built-in to what exists; everything else is kept
	DryRun bool // change nothing, and report the requests that would be sent

	Scorecard  *Thresholds // create a scorecard with these thresholds; nil means none
	Dashboard  bool        // create a page, through an API of Port that is in beta
	Relate     []Relation  // add these relations to the current blueprint
	RelateLive bool        // add them to the webhook, too: Port may refuse a whole event if the related entity is missing

	// Confirm is called once if there are requests, before they are sent. An error ends the run. It may be nil.
	Confirm func(*Report) error
}

// Kind is the kind of a Thing.
type Kind string

// The kinds.
const (
	Blueprint    Kind = "blueprint"
	Webhook      Kind = "webhook"
	RelationKind Kind = "relation"
	Scorecard    Kind = "scorecard"
	Page         Kind = "page"
)

// Thing is something in Port that Run makes.
type Thing struct {
	Kind       Kind   `json:"kind"`
	Identifier string `json:"identifier"`
}

// String returns kind and identifier.
func (t Thing) String() string { return string(t.Kind) + " " + t.Identifier }

// path returns the path of things like this one in Port's API.
func (t Thing) path() []string {
	if t.Kind == Scorecard {
		return []string{"blueprints", mapper.CurrentBlueprint, "scorecards"}
	}
	return []string{string(t.Kind) + "s"}
}

// request returns a request for the thing. body may be nil.
func (t Thing) request(method string, body any) port.Request {
	path, text := t.path(), json.RawMessage(nil)
	if method != http.MethodPost {
		path = append(path, t.Identifier)
	}
	if body != nil {
		text = encode(body, "")
	}
	return port.NewRequest(method, text, path...)
}

var (
	currentThing   = Thing{Blueprint, mapper.CurrentBlueprint}
	historyThing   = Thing{Blueprint, mapper.HistoryBlueprint}
	webhookThing   = Thing{Webhook, mapper.WebhookIdentifier}
	scorecardThing = Thing{Scorecard, "test_coverage"}
	pageThing      = Thing{Page, "codecov_coverage_overview"}
)

// State is the outcome of a step.
type State string

// The states. In a dry run, created and updated mean what would be done.
const (
	Created State = "created"
	Exists  State = "exists"  // and equals the built-in
	Differs State = "differs" // from the built-in
	Updated State = "updated"
	Refused State = "refused" // by Port: a page that could not be created
)

// Step is the outcome for one thing.
type Step struct {
	Thing
	State   State    `json:"state"`
	Added   []string `json:"added"`   // parts, like "property hits"
	Missing []string `json:"missing"` // parts of the built-in that are still missing
	Diff    string   `json:"diff"`    // unified diff from Port to the built-in; only if State is Differs
	Error   string   `json:"error"`   // only if State is Refused
}

// Report is what a run found and did.
type Report struct {
	Steps    []Step         `json:"steps"`
	Requests []port.Request `json:"requests"` // those that change Port, in order; without Sent they were not sent
	Sent     bool           `json:"sent"`
	Webhook  port.Webhook   `json:"-"` // as it is in Port; without URL if it was not created
}

// Run creates what is missing in Port. Another run changes nothing; after an error, it continues. It returns a
// *backfill.NoMatchError if a blueprint to relate to doesn't exist. Other errors are those of the client, with what failed.
func Run(ctx context.Context, o Options) (*Report, error) {
	if err := checkTargets(ctx, o); err != nil {
		return nil, err
	}
	things := []Thing{currentThing, historyThing, webhookThing}
	if o.Scorecard != nil {
		things = append(things, scorecardThing)
	}
	found := make(map[Thing]object)
	if err := readAll(ctx, o.Port, found, things...); err != nil {
		return nil, err
	}
	if o.Dashboard { // a page that can't be read is refused when it is created
		if err := readAll(ctx, o.Port, found, pageThing); err != nil && !isRefusal(err) {
			return nil, err
		}
	}
	p, err := newPlan(found, o)
	if err != nil {
		return nil, err
	}
	if o.DryRun || len(p.report.Requests) == 0 {
		return &p.report, nil
	}
	if o.Confirm != nil {
		if err := o.Confirm(&p.report); err != nil {
			return &p.report, err
		}
	}
	p.report.Sent = true
	return &p.report, p.apply(ctx, o.Port)
}

// checkTargets checks that the blueprints to relate to exist.
func checkTargets(ctx context.Context, o Options) error {
	if len(o.Relate) == 0 {
		return nil
	}
	blueprints, err := o.Port.Blueprints(ctx)
	if err != nil {
		return fmt.Errorf("read the blueprints: %w", err)
	}
	var known []string
	for _, b := range blueprints {
		known = append(known, b.Identifier)
	}
	for _, relation := range o.Relate {
		if !slices.Contains(known, relation.Blueprint) {
			return fmt.Errorf("--relate: %w", &backfill.NoMatchError{Kind: "blueprint", Value: relation.Blueprint, Known: known})
		}
	}
	return nil
}

// readAll adds things to what was found. Those that Port doesn't have are left out.
func readAll(ctx context.Context, client *port.Client, found map[Thing]object, things ...Thing) error {
	for _, thing := range things {
		document, err := read(ctx, client, thing)
		if err == nil {
			found[thing], err = decode[object](document)
		}
		if err != nil && !errors.Is(err, port.ErrNotFound) {
			return fmt.Errorf("read %s: %w", thing, err)
		}
	}
	return nil
}

func read(ctx context.Context, client *port.Client, thing Thing) (json.RawMessage, error) {
	if thing.Kind == Webhook {
		webhook, err := client.Webhook(ctx, thing.Identifier)
		return encode(webhook, ""), err
	}
	return client.Read(ctx, string(thing.Kind), append(thing.path(), thing.Identifier)...)
}

// isRefusal reports whether Port has answered a request with an error.
func isRefusal(err error) bool {
	apiError := (*port.APIError)(nil)
	return errors.As(err, &apiError) && apiError.Status != 0
}

// Overview is a report in three lines: what is in Port, what is missing there, and the next command.
type Overview struct {
	Present []string `json:"present"` // like "blueprint codecov_commit_coverage (created)"
	Missing []string `json:"missing"` // like "property hits of blueprint codecov_commit_coverage"
	Next    string   `json:"next"`
}

// Overview summarizes the report of a run with these options.
func (r *Report) Overview(o Options) Overview {
	v := Overview{Present: []string{}, Missing: []string{}, Next: "codecov-port sync"}
	for _, step := range r.Steps {
		title, missing, suffix := step.String(), step.Missing, ""
		switch {
		case step.State == Refused, o.DryRun && step.State == Created:
			v.Missing = append(v.Missing, title)
			continue
		case o.DryRun:
			missing = slices.Concat(missing, step.Added)
		case step.State == Created, step.State == Updated:
			suffix = fmt.Sprintf(" (%s)", step.State)
		}
		v.Present = append(v.Present, title+suffix)
		for _, part := range missing {
			v.Missing = append(v.Missing, part+" of "+title)
		}
	}
	switch {
	case len(r.Requests) > 0 && o.DryRun && !o.Update:
		v.Next = "codecov-port setup"
	case len(v.Missing) > 0:
		v.Next = "codecov-port setup --update"
	}
	return v
}
