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
	options Options
	missing []port.Blueprint // created first
	actions []action         // then sent in order
	report  Report
}

// action is one request that changes Port.
type action struct {
	kind       Kind
	identifier string
	title      string // for errors, like "add to blueprint codecov_coverage"
	request    port.Request
}

func newPlan(found state, o Options) (*plan, error) {
	p := &plan{options: o, report: Report{Steps: []Step{}}}
	for _, blueprint := range mapper.BuiltinBlueprints() {
		if err := p.addBlueprint(blueprint, found.blueprints[blueprint.Identifier]); err != nil {
			return nil, fmt.Errorf("blueprint %s: %w", blueprint.Identifier, err)
		}
	}
	slices.Reverse(p.actions) // the aggregation of the repositories needs the properties of the commits
	if err := p.addRelations(found.blueprints[mapper.CurrentBlueprint]); err != nil {
		return nil, err
	}
	if err := p.addWebhook(found.webhook); err != nil {
		return nil, fmt.Errorf("webhook %s: %w", mapper.WebhookIdentifier, err)
	}
	if err := p.addVisuals(found); err != nil {
		return nil, err
	}
	requests, err := port.CreateBlueprintsRequests(p.missing)
	if err != nil {
		return nil, err
	}
	p.report.Requests = append([]port.Request{}, requests...)
	for _, a := range p.actions {
		p.report.Requests = append(p.report.Requests, a.request)
	}
	return p, nil
}

// addBlueprint plans a built-in blueprint. existing is nil if Port doesn't have it.
func (p *plan) addBlueprint(builtin port.Blueprint, existing json.RawMessage) error {
	wanted, err := json.Marshal(builtin)
	if err != nil {
		return err
	}
	additions, err := p.additions(builtin, wanted)
	if err != nil {
		return err
	}
	step := Step{Kind: Blueprint, Identifier: builtin.Identifier}
	if existing == nil {
		p.missing = append(p.missing, builtin)
		step.State, existing = Created, wanted
	} else if step.Diff, err = diffBlueprints(existing, wanted); err != nil {
		return err
	}
	if step.Missing, _, err = compareBlueprints(existing, wanted); err != nil {
		return err
	}
	added, patch, err := compareBlueprints(existing, additions)
	if err != nil {
		return err
	}
	p.addStep(step, added, port.PatchBlueprintRequest(builtin.Identifier, patch))
	return nil
}

// additions returns the parts that may be added to an existing blueprint: the built-in ones with Update, and what the
// options ask for.
func (p *plan) additions(builtin port.Blueprint, wanted json.RawMessage) (json.RawMessage, error) {
	parts := make(map[string]json.RawMessage)
	if p.options.Update {
		if err := json.Unmarshal(wanted, &parts); err != nil {
			return nil, err
		}
	}
	if builtin.Identifier == mapper.CurrentBlueprint {
		if p.options.Scorecard != nil || p.options.Dashboard {
			parts["calculationProperties"] = builtin.CalculationProperties // they need percentProperty, the only one
		}
		relations := make(named)
		for _, relation := range p.options.Relate {
			declaration, err := relation.declaration()
			if err != nil {
				return nil, err
			}
			relations[relation.name()] = declaration
		}
		var err error
		if parts["relations"], err = encode(relations, ""); err != nil {
			return nil, err
		}
	}
	return encode(parts, "")
}

// addStep adds a step for a blueprint or the webhook, and the patch if something is added to it.
func (p *plan) addStep(step Step, added []string, patch port.Request) {
	step.Missing = slices.DeleteFunc(append([]string{}, step.Missing...), func(part string) bool { return slices.Contains(added, part) })
	step.Added = append([]string{}, added...)
	if len(added) > 0 {
		p.actions = append(p.actions, action{step.Kind, step.Identifier, fmt.Sprintf("add to %s %s", step.Kind, step.Identifier), patch})
	}
	switch {
	case step.State == Created:
	case len(added) > 0:
		step.State, step.Diff = Updated, ""
	case step.Diff != "":
		step.State = Differs
	default:
		step.State = Exists
	}
	p.report.Steps = append(p.report.Steps, step)
}

// addRelations adds the steps of the relations; addBlueprint has planned them.
func (p *plan) addRelations(existing json.RawMessage) error {
	var have declarations
	if existing != nil {
		if err := json.Unmarshal(existing, &have); err != nil {
			return fmt.Errorf("read blueprint %s: %w", mapper.CurrentBlueprint, err)
		}
	}
	for _, relation := range p.options.Relate {
		step := Step{Kind: RelationKind, Identifier: relation.name(), Added: []string{}, Missing: []string{}, State: Created}
		if declaration, exists := have.Relations[relation.name()]; exists {
			wanted, err := relation.declaration()
			if err != nil {
				return err
			}
			if step.Diff, err = unifiedDiff(declaration, wanted, "title", "target", "required", "many", "description"); err != nil {
				return err
			}
			step.State = Exists
			if step.Diff != "" {
				step.State = Differs
			}
		}
		p.report.Steps = append(p.report.Steps, step)
	}
	return nil
}

// addWebhook plans the webhook. existing is nil if Port doesn't have it.
func (p *plan) addWebhook(existing *port.Webhook) error {
	step := Step{Kind: Webhook, Identifier: mapper.WebhookIdentifier, Added: []string{}, Missing: []string{}}
	if existing == nil {
		webhook := builtinWebhook()
		_, patched, err := p.addToMapping(webhook.Mappings)
		if err != nil {
			return err
		}
		webhook.Mappings, p.report.Webhook, step.State = patched, webhook, Created
		request, err := port.CreateWebhookRequest(webhook)
		p.report.Steps = append(p.report.Steps, step)
		p.actions = append(p.actions, action{Webhook, step.Identifier, "create webhook " + step.Identifier, request})
		return err
	}
	p.report.Webhook = *existing
	var err error
	if step.Missing, err = missingEntries(existing.Mappings); err != nil {
		return err
	}
	if step.Diff, err = diffWebhooks(*existing, builtinWebhook()); err != nil {
		return err
	}
	added, patched, err := p.addToMapping(existing.Mappings)
	if err != nil {
		return err
	}
	patch, err := encode(map[string]any{"mappings": patched}, "")
	p.addStep(step, added, port.UpdateWebhookRequest(step.Identifier, patch))
	return err
}

// addVisuals plans the scorecard, and the page as the last step.
func (p *plan) addVisuals(found state) error {
	thresholds := DefaultThresholds
	if p.options.Scorecard != nil {
		thresholds = *p.options.Scorecard
		body, err := scorecard(thresholds)
		if err != nil {
			return err
		}
		step := Step{Kind: Scorecard, Identifier: scorecardIdentifier, Added: []string{}, Missing: []string{}, State: Exists}
		switch {
		case found.scorecard == nil:
			step.State = Created
			p.actions = append(p.actions, action{Scorecard, step.Identifier, "create scorecard " + step.Identifier, port.CreateScorecardRequest(mapper.CurrentBlueprint, body)})
		case !containsJSON(found.scorecard, body):
			step.State = Differs
			if step.Diff, err = unifiedDiff(found.scorecard, body, "title", "filter", "levels", "rules"); err != nil {
				return err
			}
		}
		p.report.Steps = append(p.report.Steps, step)
	}
	if p.options.Dashboard {
		step := Step{Kind: Page, Identifier: pageIdentifier, Added: []string{}, Missing: []string{}, State: Exists}
		if found.page == nil {
			step.State = Created
			p.actions = append(p.actions, action{Page, step.Identifier, "create page " + step.Identifier, port.CreatePageRequest(page(thresholds))})
		}
		p.report.Steps = append(p.report.Steps, step)
	}
	return nil
}
