package setup

import (
	"fmt"
	"maps"
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
	for _, relation := range o.Relate {
		existing := relationPart.of(found.blueprints[mapper.CurrentBlueprint])[relation.name()]
		p.addCreation(RelationKind, relation.name(), existing, relation.declaration(), "title", "target", "required", "many", "description")
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
func (p *plan) addBlueprint(builtin port.Blueprint, existing object) (err error) {
	wanted := builtinBlueprint(builtin.Identifier)
	step := Step{Kind: Blueprint, Identifier: builtin.Identifier}
	if existing == nil {
		p.missing = append(p.missing, builtin)
		step.State, existing = Created, wanted
	} else if step.Diff, err = unifiedDiff(existing, wanted, blueprintFields...); err != nil {
		return err
	}
	step.Missing, _ = compareBlueprints(existing, wanted)
	added, patch := compareBlueprints(existing, p.additions(wanted))
	body, err := encode(patch, "")
	p.addStep(step, added, port.PatchBlueprintRequest(builtin.Identifier, body))
	return err
}

// additions returns the parts that may be added to an existing blueprint: the built-in ones with Update, and what the
// options ask for.
func (p *plan) additions(builtin object) object {
	additions := make(object)
	if p.options.Update {
		additions = maps.Clone(builtin)
	}
	if builtin["identifier"] == mapper.CurrentBlueprint {
		if p.options.Scorecard != nil || p.options.Dashboard {
			additions[calculationPart.field] = builtin[calculationPart.field] // they need percentProperty, the only one
		}
		relations := make(object)
		for _, relation := range p.options.Relate {
			relations[relation.name()] = relation.declaration()
		}
		additions[relationPart.field] = relations
	}
	return additions
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

// addCreation adds a step for a thing that is only created, never changed, and reports whether it has to be. existing is
// nil if Port doesn't have it; else the fields are compared.
func (p *plan) addCreation(kind Kind, identifier string, existing any, wanted object, fields ...string) bool {
	step := Step{Kind: kind, Identifier: identifier, Added: []string{}, Missing: []string{}, State: Created}
	if document, ok := existing.(object); ok && document != nil {
		step.State = Exists
		if len(fields) > 0 && !contains(document, wanted) {
			step.State = Differs
			step.Diff, _ = unifiedDiff(document, wanted, fields...)
		}
	}
	p.report.Steps = append(p.report.Steps, step)
	return step.State == Created
}

// addWebhook plans the webhook. existing is nil if Port doesn't have it.
func (p *plan) addWebhook(existing *port.Webhook) error {
	step := Step{Kind: Webhook, Identifier: mapper.WebhookIdentifier}
	p.report.Webhook = builtinWebhook()
	if existing != nil {
		p.report.Webhook = *existing
	}
	entries, added, missing, err := p.addToMapping(p.report.Webhook.Mappings)
	if err != nil {
		return err
	}
	if existing == nil {
		if p.report.Webhook.Mappings, err = encode(entries, ""); err != nil {
			return err
		}
		p.addCreation(Webhook, step.Identifier, nil, nil)
		request, err := port.CreateWebhookRequest(p.report.Webhook)
		p.actions = append(p.actions, action{Webhook, step.Identifier, "create webhook " + step.Identifier, request})
		return err
	}
	if step.Diff, err = diffFromBuiltinWebhook(*existing); err != nil {
		return err
	}
	step.Missing = missing
	patch, err := encode(object{"mappings": entries}, "")
	p.addStep(step, added, port.UpdateWebhookRequest(step.Identifier, patch))
	return err
}

// addVisuals plans the scorecard, and the page as the last step.
func (p *plan) addVisuals(found state) error {
	thresholds := DefaultThresholds
	if p.options.Scorecard != nil {
		thresholds = *p.options.Scorecard
		wanted, err := scorecard(thresholds)
		if err != nil {
			return err
		}
		if p.addCreation(Scorecard, scorecardIdentifier, found.scorecard, wanted, "title", "filter", "levels", "rules") {
			body, err := encode(wanted, "")
			if err != nil {
				return err
			}
			p.actions = append(p.actions, action{Scorecard, scorecardIdentifier, "create scorecard " + scorecardIdentifier,
				port.CreateScorecardRequest(mapper.CurrentBlueprint, body)})
		}
	}
	if !p.options.Dashboard || !p.addCreation(Page, pageIdentifier, found.page, nil) {
		return nil
	}
	wanted, err := page(thresholds)
	if err != nil {
		return err
	}
	body, err := encode(wanted, "")
	p.actions = append(p.actions, action{Page, pageIdentifier, "create page " + pageIdentifier, port.CreatePageRequest(body)})
	return err
}
