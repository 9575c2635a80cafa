package setup

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// plan is what a run does.
type plan struct {
	options Options
	found   map[Thing]object // what Port has
	missing []port.Blueprint // created first
	actions []action         // then sent in order
	report  Report
}

// action is a request that changes a thing in Port.
type action struct {
	thing   Thing
	request port.Request
}

// send sends the request. An "already exists" follows a creation whose response was lost, a "not found" such a deletion if
// the thing is really gone. The error names what failed.
func (a action) send(ctx context.Context, client *port.Client) error {
	err := client.Send(ctx, a.request)
	switch {
	case err == nil, a.request.Method == http.MethodPost && errors.Is(err, port.ErrExists):
		return nil
	case a.request.Method == http.MethodDelete && errors.Is(err, port.ErrNotFound):
		if _, err := read(ctx, client, a.thing); errors.Is(err, port.ErrNotFound) {
			return nil
		}
	}
	verbs := map[string]string{http.MethodPost: "create", http.MethodPut: "change", http.MethodPatch: "change", http.MethodDelete: "delete"}
	return fmt.Errorf("%s %s: %w", verbs[a.request.Method], a.thing, err)
}

func newPlan(found map[Thing]object, o Options) (*plan, error) {
	p := &plan{options: o, found: found}
	for _, blueprint := range mapper.BuiltinBlueprints() {
		p.addBlueprint(blueprint)
	}
	slices.Reverse(p.actions) // the aggregation of the repositories needs the properties of the commits
	for _, relation := range o.Relate {
		existing, _ := relationPart.of(found[currentThing])[relation.name()].(object)
		p.add(Step{Thing: Thing{RelationKind, relation.name()}}, existing, relation.declaration(), port.Request{})
	}
	if err := p.addWebhook(); err != nil {
		return nil, fmt.Errorf("%s: %w", webhookThing, err)
	}
	thresholds := DefaultThresholds
	if o.Scorecard != nil {
		thresholds = *o.Scorecard
		wanted := scorecard(thresholds)
		p.add(Step{Thing: scorecardThing}, found[scorecardThing], wanted, scorecardThing.request(http.MethodPost, wanted))
	}
	if o.Dashboard { // the last one, since Port may refuse it
		wanted := page(thresholds)
		p.add(Step{Thing: pageThing}, found[pageThing], wanted, pageThing.request(http.MethodPost, wanted))
	}
	requests, err := port.CreateBlueprintsRequests(p.missing)
	p.report.Requests = append([]port.Request{}, requests...)
	for _, a := range p.actions {
		p.report.Requests = append(p.report.Requests, a.request)
	}
	return p, err
}

// add adds a step, and its request if that creates the thing or adds something to it. existing is nil if Port doesn't have
// the thing.
func (p *plan) add(step Step, existing, wanted object, request port.Request) {
	step.Added, step.Missing = append([]string{}, step.Added...), append([]string{}, step.Missing...)
	switch {
	case existing == nil:
		step.State = Created
	case len(step.Added) > 0:
		step.State = Updated
	default:
		step.State = Exists
		if step.Diff = difference(step.Kind, existing, wanted); step.Diff != "" {
			step.State = Differs
		}
	}
	if len(step.Added) > 0 || step.State == Created && request.Method == http.MethodPost {
		p.actions = append(p.actions, action{step.Thing, request})
	}
	p.report.Steps = append(p.report.Steps, step)
}

// addBlueprint plans a built-in blueprint and the relations of the options.
func (p *plan) addBlueprint(builtin port.Blueprint) {
	step := Step{Thing: Thing{Blueprint, builtin.Identifier}}
	existing, wanted, full := p.found[step.Thing], toObject(builtin), toObject(builtin)
	base, isCurrent := existing, step.Thing == currentThing
	if existing == nil {
		p.missing = append(p.missing, builtin)
		base = wanted
	}
	if isCurrent {
		relations := make(object)
		for _, relation := range p.options.Relate {
			relations[relation.name()] = relation.declaration()
		}
		full["relations"] = relations // the built-in has none
	}
	needsPercent := p.options.Scorecard != nil || p.options.Dashboard // coveragePercent is the only calculation property
	added, missing, patch := complete(base, full, func(part part) bool {
		return p.options.Update || isCurrent && (part == relationPart || part == calculationPart && needsPercent)
	})
	step.Added, step.Missing = added, missing
	p.add(step, existing, wanted, step.request(http.MethodPatch, patch))
}

// addWebhook plans the webhook.
func (p *plan) addWebhook() (err error) {
	existing, webhook := p.found[webhookThing], builtinWebhook()
	wanted := toObject(webhook)
	if existing != nil {
		if webhook, err = decode[port.Webhook](encode(existing, "")); err != nil {
			return err
		}
	}
	step := Step{Thing: webhookThing}
	entries, added, missing, err := p.addToMapping(webhook.Mappings)
	if err != nil {
		return err
	}
	request := step.request(http.MethodPatch, object{"mappings": entries})
	if existing != nil {
		step.Added, step.Missing = added, missing
	} else {
		webhook.Mappings = encode(entries, "")
		request = step.request(http.MethodPost, webhook)
	}
	p.report.Webhook = webhook
	p.add(step, existing, wanted, request)
	return nil
}

// apply sends the requests of the plan. If Port refuses the page, its step says so.
func (p *plan) apply(ctx context.Context, client *port.Client) error {
	if _, err := client.CreateBlueprints(ctx, p.missing); err != nil {
		return err
	}
	for _, a := range p.actions {
		err := a.send(ctx, client)
		switch {
		case a.thing.Kind == Page && isRefusal(err):
			step := &p.report.Steps[len(p.report.Steps)-1]
			step.State, step.Error = Refused, err.Error()
		case err != nil:
			return err
		case a.thing.Kind == Webhook:
			if p.report.Webhook, err = client.Webhook(ctx, a.thing.Identifier); err != nil {
				return fmt.Errorf("read %s: %w", a.thing, err)
			}
		}
	}
	return nil
}
