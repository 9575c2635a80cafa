// Package setup prepares Port for coverage: the two built-in blueprints, and the webhook through which new coverage
// arrives. It creates what is missing, and leaves what exists alone unless it is asked to add what is missing there.
package setup

import (
	"context"
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
}

// Kind is the kind of thing that a step is about.
type Kind string

// The kinds.
const (
	Blueprint Kind = "blueprint"
	Webhook   Kind = "webhook"
)

// State is the outcome of a step.
type State string

// The states. In a dry run, created and updated mean what would be done.
const (
	Created State = "created"
	Exists  State = "exists"  // and equals the built-in
	Differs State = "differs" // from the built-in
	Updated State = "updated"
)

// Step is the outcome for one blueprint or for the webhook.
type Step struct {
	Kind       Kind     `json:"kind"`
	Identifier string   `json:"identifier"`
	State      State    `json:"state"`
	Missing    []string `json:"missing"` // parts of the built-in, like "property hits"; if State is Updated, they were added
	Diff       string   `json:"diff"`    // unified diff from Port to the built-in; only if State is Differs
}

// Report is what a run found and did.
type Report struct {
	Steps    []Step         `json:"steps"`
	Requests []port.Request `json:"requests"` // those that change Port, in order; in a dry run none was sent
	Webhook  port.Webhook   `json:"-"`        // as it is in Port; without URL if a dry run would create it
}

// Run creates what is missing in Port. Another run changes nothing; after an error, it continues. Errors are those of
// the client, with what failed.
func Run(ctx context.Context, o Options) (*Report, error) {
	found, err := read(ctx, o.Port)
	if err != nil {
		return nil, err
	}
	p, err := newPlan(found, o.Update)
	if err != nil {
		return nil, err
	}
	if !o.DryRun {
		if err := p.apply(ctx, o.Port); err != nil {
			return nil, err
		}
	}
	return &p.report, nil
}

// state is what Port has.
type state struct {
	blueprints map[string][]byte // built-in ones by identifier, as JSON
	webhook    *port.Webhook     // nil if it is missing
}

func read(ctx context.Context, client *port.Client) (state, error) {
	s := state{blueprints: make(map[string][]byte)}
	for _, blueprint := range mapper.BuiltinBlueprints() {
		document, err := client.RawBlueprint(ctx, blueprint.Identifier)
		if errors.Is(err, port.ErrNotFound) {
			continue
		}
		if err != nil {
			return s, fmt.Errorf("read blueprint %s: %w", blueprint.Identifier, err)
		}
		s.blueprints[blueprint.Identifier] = document
	}
	webhook, err := client.Webhook(ctx, mapper.WebhookIdentifier)
	if errors.Is(err, port.ErrNotFound) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("read webhook %s: %w", mapper.WebhookIdentifier, err)
	}
	s.webhook = &webhook
	return s, nil
}

// apply sends the requests of the plan. An "already exists" follows a creation whose response was lost.
func (p *plan) apply(ctx context.Context, client *port.Client) error {
	if _, err := client.CreateBlueprints(ctx, p.missing); err != nil {
		return err
	}
	webhookChanged := false
	for _, a := range p.actions {
		err := client.Send(ctx, a.request)
		if err != nil && !(a.request.Method == http.MethodPost && errors.Is(err, port.ErrExists)) {
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
