// Package setup makes Port ready for coverage: the two built-in blueprints, and the webhook that brings new coverage in
// from now on. It creates what is missing and leaves alone what exists, unless it is told to add what that lacks.
package setup

import (
	"context"
	"errors"
	"fmt"

	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// Options is what a run works on. Port is needed.
type Options struct {
	Port   *port.Client
	Update bool // add to what exists what it lacks of the built-in; what is the user's stays as it is
	DryRun bool // read, and tell what would be sent
}

// Kind is what a step is about.
type Kind string

// The kinds of steps.
const (
	Blueprint Kind = "blueprint"
	Webhook   Kind = "webhook"
)

// State is how a step found or left what it is about.
type State string

// The states of steps. On a dry run, created and updated tell what would be.
const (
	Created State = "created"
	Exists  State = "exists" // and is the built-in one
	Differs State = "differs"
	Updated State = "updated"
)

// Step tells of one blueprint or of the webhook.
type Step struct {
	Kind       Kind
	Identifier string
	State      State
	Lacks      []string // of the built-in, "property hits"; where State is Updated it has been added
	Diff       string   // lines, from what Port has to the built-in; where State is Differs alone
}

// Report tells what a run found and did.
type Report struct {
	Steps    []Step
	Requests []port.Request // those that change something, in their order; on a dry run none has been sent
	Webhook  port.Webhook   // as Port has it now; it has no URL where a dry run did not create it
}

// Run looks at what Port has and creates what is missing. Doing it again changes nothing; after a failure it creates what
// is missing still. The errors are those of the clients, with what was to be done before them.
func Run(ctx context.Context, o Options) (*Report, error) {
	found, err := look(ctx, o.Port)
	if err != nil {
		return nil, err
	}
	p, err := found.plan(o.Update)
	if err != nil {
		return nil, err
	}
	if !o.DryRun {
		if err := p.carryOut(ctx, o.Port); err != nil {
			return nil, err
		}
	}
	return &p.report, nil
}

// carryOut sends what the plan says.
func (p *plan) carryOut(ctx context.Context, client *port.Client) error {
	if _, err := client.CreateBlueprints(ctx, p.missing); err != nil {
		return err
	}
	for _, addition := range p.additions {
		if err := client.PatchBlueprint(ctx, addition.identifier, addition.patch); err != nil {
			return fmt.Errorf("add to blueprint %s: %w", addition.identifier, err)
		}
	}
	return p.carryOutWebhook(ctx, client)
}

// carryOutWebhook reads the webhook after it was written: "already exists" follows a creation whose answer was lost, and
// the address is Port's to tell.
func (p *plan) carryOutWebhook(ctx context.Context, client *port.Client) (err error) {
	switch {
	case p.createWebhook:
		if _, err = client.CreateWebhook(ctx, p.report.Webhook); err != nil && !errors.Is(err, port.ErrExists) {
			return fmt.Errorf("create webhook %s: %w", mapper.WebhookIdentifier, err)
		}
	case p.webhookPatch != nil:
		if _, err = client.UpdateWebhook(ctx, mapper.WebhookIdentifier, p.webhookPatch); err != nil {
			return fmt.Errorf("add to webhook %s: %w", mapper.WebhookIdentifier, err)
		}
	default:
		return nil
	}
	if p.report.Webhook, err = client.Webhook(ctx, mapper.WebhookIdentifier); err != nil {
		return fmt.Errorf("read webhook %s: %w", mapper.WebhookIdentifier, err)
	}
	return nil
}
