package setup

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// plan is what a run does.
type plan struct {
	missing []port.Blueprint // created first
	actions []action         // then sent in order
	report  Report
}

// action is one request that changes Port.
type action struct {
	kind    Kind
	title   string // for errors, like "add to blueprint codecov_coverage"
	request port.Request
}

func newPlan(found state, update bool) (*plan, error) {
	p := &plan{}
	for _, blueprint := range mapper.BuiltinBlueprints() {
		if err := p.addBlueprint(blueprint, found.blueprints[blueprint.Identifier], update); err != nil {
			return nil, fmt.Errorf("blueprint %s: %w", blueprint.Identifier, err)
		}
	}
	slices.Reverse(p.actions) // the aggregation of the repositories needs the properties of the commits
	if err := p.addWebhook(found.webhook, update); err != nil {
		return nil, fmt.Errorf("webhook %s: %w", mapper.WebhookIdentifier, err)
	}
	requests, err := port.CreateBlueprintsRequests(p.missing)
	if err != nil {
		return nil, err
	}
	for _, a := range p.actions {
		requests = append(requests, a.request)
	}
	p.report.Requests = requests
	return p, nil
}

// addBlueprint plans a built-in blueprint. existing is nil if Port doesn't have it.
func (p *plan) addBlueprint(builtin port.Blueprint, existing json.RawMessage, update bool) error {
	step := Step{Kind: Blueprint, Identifier: builtin.Identifier}
	if existing == nil {
		p.missing = append(p.missing, builtin)
		step.State = Created
		p.report.Steps = append(p.report.Steps, step)
		return nil
	}
	wanted, err := json.Marshal(builtin)
	if err != nil {
		return err
	}
	missing, patch, err := compareBlueprints(existing, wanted)
	if err != nil {
		return err
	}
	if step.Diff, err = diffBlueprints(existing, wanted); err != nil {
		return err
	}
	step.Missing = missing
	p.addExisting(step, update, port.PatchBlueprintRequest(builtin.Identifier, patch))
	return nil
}

// addWebhook plans the webhook. existing is nil if Port doesn't have it.
func (p *plan) addWebhook(existing *port.Webhook, update bool) error {
	step := Step{Kind: Webhook, Identifier: mapper.WebhookIdentifier}
	if existing == nil {
		p.report.Webhook = builtinWebhook()
		request, err := port.CreateWebhookRequest(p.report.Webhook)
		step.State = Created
		p.report.Steps = append(p.report.Steps, step)
		p.actions = append(p.actions, action{Webhook, "create webhook " + step.Identifier, request})
		return err
	}
	p.report.Webhook = *existing
	missing, patch, err := compareWebhooks(*existing)
	if err != nil {
		return err
	}
	if step.Diff, err = diffWebhooks(*existing, builtinWebhook()); err != nil {
		return err
	}
	step.Missing = missing
	p.addExisting(step, update, port.UpdateWebhookRequest(step.Identifier, patch))
	return nil
}

// addExisting plans a thing that Port has already. patch adds what is missing.
func (p *plan) addExisting(step Step, update bool, patch port.Request) {
	switch {
	case update && len(step.Missing) > 0:
		step.State, step.Diff = Updated, ""
		p.actions = append(p.actions, action{step.Kind, fmt.Sprintf("add to %s %s", step.Kind, step.Identifier), patch})
	case step.Diff != "":
		step.State = Differs
	default:
		step.State = Exists
	}
	p.report.Steps = append(p.report.Steps, step)
}
