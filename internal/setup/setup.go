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

	// Confirm reports whether the requests may be sent. It is called once if there are any; if it is nil, they are sent.
	Confirm func(*Report) bool
}

// Kind is the kind of thing that a step is about.
type Kind string

// The kinds.
const (
	Blueprint    Kind = "blueprint"
	Webhook      Kind = "webhook"
	RelationKind Kind = "relation"
	Scorecard    Kind = "scorecard"
	Page         Kind = "page"
)

// State is the outcome of a step.
type State string

// The states. In a dry run, created and updated mean what would be done.
const (
	Created State = "created"
	Exists  State = "exists"  // and equals the built-in; a page is not compared
	Differs State = "differs" // from the built-in
	Updated State = "updated"
	Refused State = "refused" // by Port: a page that could not be created
)

// Step is the outcome for one thing.
type Step struct {
	Kind       Kind     `json:"kind"`
	Identifier string   `json:"identifier"`
	State      State    `json:"state"`
	Added      []string `json:"added"`   // parts, like "property hits"; only if State is Updated
	Missing    []string `json:"missing"` // parts of the built-in that are still missing
	Diff       string   `json:"diff"`    // unified diff from Port to the built-in; only if State is Differs
	Error      string   `json:"error"`   // only if State is Refused
}

// Report is what a run found and did.
type Report struct {
	Steps    []Step         `json:"steps"`
	Requests []port.Request `json:"requests"` // those that change Port, in order; without Sent they were not sent
	Sent     bool           `json:"sent"`
	Webhook  port.Webhook   `json:"-"` // as it is in Port; without URL if it was not created
}

// Run creates what is missing in Port. Another run changes nothing; after an error, it continues. Errors are those of
// the client, with what failed.
func Run(ctx context.Context, o Options) (*Report, error) {
	found, err := read(ctx, o.Port, o)
	if err != nil {
		return nil, err
	}
	p, err := newPlan(found, o)
	if err != nil {
		return nil, err
	}
	if o.DryRun || len(p.report.Requests) == 0 || o.Confirm != nil && !o.Confirm(&p.report) {
		return &p.report, nil
	}
	p.report.Sent = true
	return &p.report, p.apply(ctx, o.Port)
}

// state is what Port has. Documents are nil if Port doesn't have them.
type state struct {
	blueprints map[string]json.RawMessage // the built-in ones
	webhook    *port.Webhook
	scorecard  json.RawMessage
	page       json.RawMessage
}

// read reads the built-in blueprints and the webhook, and what else the options name.
func read(ctx context.Context, client *port.Client, o Options) (s state, err error) {
	s.blueprints = make(map[string]json.RawMessage)
	for _, blueprint := range mapper.BuiltinBlueprints() {
		document, err := found(client.RawBlueprint(ctx, blueprint.Identifier))
		if err != nil {
			return s, fmt.Errorf("read blueprint %s: %w", blueprint.Identifier, err)
		}
		if document != nil {
			s.blueprints[blueprint.Identifier] = document
		}
	}
	for _, relation := range o.Relate {
		if _, err := client.RawBlueprint(ctx, relation.Blueprint); err != nil {
			return s, fmt.Errorf("relate to blueprint %s: %w", relation.Blueprint, err)
		}
	}
	webhook, err := client.Webhook(ctx, mapper.WebhookIdentifier)
	if err == nil {
		s.webhook = &webhook
	} else if !errors.Is(err, port.ErrNotFound) {
		return s, fmt.Errorf("read webhook %s: %w", mapper.WebhookIdentifier, err)
	}
	if o.Scorecard != nil && s.blueprints[mapper.CurrentBlueprint] != nil {
		if s.scorecard, err = found(client.Scorecard(ctx, mapper.CurrentBlueprint, scorecardIdentifier)); err != nil {
			return s, fmt.Errorf("read scorecard %s: %w", scorecardIdentifier, err)
		}
	}
	if o.Dashboard {
		if s.page, err = found(client.Page(ctx, pageIdentifier)); err != nil {
			return s, fmt.Errorf("read page %s: %w", pageIdentifier, err)
		}
	}
	return s, nil
}

// found turns ErrNotFound into nil.
func found(document json.RawMessage, err error) (json.RawMessage, error) {
	if errors.Is(err, port.ErrNotFound) {
		return nil, nil
	}
	return document, err
}

// apply sends the requests of the plan. An "already exists" follows a creation whose response was lost. If Port refuses
// the page, its step says so.
func (p *plan) apply(ctx context.Context, client *port.Client) error {
	if _, err := client.CreateBlueprints(ctx, p.missing); err != nil {
		return err
	}
	webhookChanged := false
	for _, a := range p.actions {
		err := client.Send(ctx, a.request)
		apiError := (*port.APIError)(nil)
		switch {
		case err == nil, a.request.Method == http.MethodPost && errors.Is(err, port.ErrExists):
		case a.kind == Page && errors.As(err, &apiError) && apiError.Status != 0:
			step := &p.report.Steps[len(p.report.Steps)-1] // the page is the last one
			step.State, step.Error = Refused, err.Error()
		default:
			return fmt.Errorf("%s: %w", a.title, err)
		}
		webhookChanged = webhookChanged || a.kind == Webhook
	}
	if !webhookChanged {
		return nil
	}
	var err error
	if p.report.Webhook, err = client.Webhook(ctx, mapper.WebhookIdentifier); err != nil {
		return fmt.Errorf("read webhook %s: %w", mapper.WebhookIdentifier, err)
	}
	return nil
}
