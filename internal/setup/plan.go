package setup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// found is what Port has.
type found struct {
	blueprints map[string]json.RawMessage // by identifier; those that are missing are not in it
	webhook    *port.Webhook              // nil: missing
}

// plan is what a run does about what it found.
type plan struct {
	missing       []port.Blueprint // to be created
	additions     []addition       // to blueprints that exist
	createWebhook bool             // report.Webhook
	webhookPatch  json.RawMessage  // nil: none
	report        Report
}

// addition is a patch that adds to a blueprint what it lacks.
type addition struct {
	identifier string
	patch      json.RawMessage
}

func look(ctx context.Context, client *port.Client) (found, error) {
	f := found{blueprints: make(map[string]json.RawMessage)}
	for _, blueprint := range mapper.BuiltinBlueprints() {
		held, err := client.RawBlueprint(ctx, blueprint.Identifier)
		if errors.Is(err, port.ErrNotFound) {
			continue
		}
		if err != nil {
			return f, fmt.Errorf("read blueprint %s: %w", blueprint.Identifier, err)
		}
		f.blueprints[blueprint.Identifier] = held
	}
	webhook, err := client.Webhook(ctx, mapper.WebhookIdentifier)
	if errors.Is(err, port.ErrNotFound) {
		return f, nil
	}
	if err != nil {
		return f, fmt.Errorf("read webhook %s: %w", mapper.WebhookIdentifier, err)
	}
	f.webhook = &webhook
	return f, nil
}

func (f found) plan(update bool) (*plan, error) {
	p := &plan{}
	for _, blueprint := range mapper.BuiltinBlueprints() {
		if err := p.blueprint(blueprint, f.blueprints[blueprint.Identifier], update); err != nil {
			return nil, fmt.Errorf("blueprint %s: %w", blueprint.Identifier, err)
		}
	}
	// The repositories' aggregation needs what may have to be added to the commits first.
	slices.Reverse(p.additions)
	if err := p.webhook(f.webhook, update); err != nil {
		return nil, fmt.Errorf("webhook %s: %w", mapper.WebhookIdentifier, err)
	}
	return p, p.tellRequests()
}

func (p *plan) blueprint(builtin port.Blueprint, held json.RawMessage, update bool) error {
	if held == nil {
		p.missing = append(p.missing, builtin)
		p.step(Step{Kind: Blueprint, Identifier: builtin.Identifier, State: Created})
		return nil
	}
	wanted, err := json.Marshal(builtin)
	if err != nil {
		return err
	}
	lacks, patch, err := blueprintLacks(held, wanted)
	if err != nil {
		return err
	}
	difference, err := diffBlueprints(held, wanted)
	if err != nil {
		return err
	}
	if update && patch != nil {
		p.additions = append(p.additions, addition{builtin.Identifier, patch})
	}
	p.existing(Step{Kind: Blueprint, Identifier: builtin.Identifier, Lacks: lacks, Diff: difference}, update)
	return nil
}

func (p *plan) webhook(held *port.Webhook, update bool) error {
	if held == nil {
		p.createWebhook, p.report.Webhook = true, builtinWebhook()
		p.step(Step{Kind: Webhook, Identifier: mapper.WebhookIdentifier, State: Created})
		return nil
	}
	p.report.Webhook = *held
	lacks, patch, err := webhookLacks(*held)
	if err != nil {
		return err
	}
	difference, err := diffWebhooks(*held, builtinWebhook())
	if err != nil {
		return err
	}
	if update {
		p.webhookPatch = patch
	}
	p.existing(Step{Kind: Webhook, Identifier: mapper.WebhookIdentifier, Lacks: lacks, Diff: difference}, update)
	return nil
}

// existing tells of what Port has already.
func (p *plan) existing(s Step, update bool) {
	switch {
	case update && len(s.Lacks) > 0:
		s.State, s.Diff = Updated, ""
	case s.Diff != "":
		s.State = Differs
	default:
		s.State = Exists
	}
	p.step(s)
}

func (p *plan) step(s Step) { p.report.Steps = append(p.report.Steps, s) }

// tellRequests lists what carrying out the plan sends.
func (p *plan) tellRequests() error {
	requests, err := port.CreateBlueprintsRequests(p.missing)
	if err != nil {
		return err
	}
	for _, addition := range p.additions {
		requests = append(requests, port.PatchBlueprintRequest(addition.identifier, addition.patch))
	}
	switch {
	case p.createWebhook:
		request, err := port.CreateWebhookRequest(p.report.Webhook)
		if err != nil {
			return err
		}
		requests = append(requests, request)
	case p.webhookPatch != nil:
		requests = append(requests, port.UpdateWebhookRequest(mapper.WebhookIdentifier, p.webhookPatch))
	}
	p.report.Requests = requests
	return nil
}
