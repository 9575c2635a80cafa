package setup

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// RemoveOptions configures Remove. Port is required.
type RemoveOptions struct {
	Port    *port.Client
	Service codecov.Service
	Owners  []string // accounts whose entities may be removed
	AppURL  string   // address of Codecov's web pages, without a slash at the end
	All     bool     // also entities of other accounts, and what else equals the built-in
	DryRun  bool

	// Confirm is called once, before anything is removed. An error ends the removal. If it is nil, nothing is removed.
	Confirm func(*Removal) error
}

// Removal is what Remove removes, or would remove.
type Removal struct {
	Blueprints     []RemovedBlueprint `json:"blueprints"` // with all their entities
	Parts          []string           `json:"parts"`      // other things, like "calculation property coveragePercent of blueprint codecov_coverage"
	Kept           []string           `json:"kept"`       // things that remain although this program may have made them, with the reason
	RefusedBecause []string           `json:"refusedBecause"`
	Requests       []port.Request     `json:"requests"` // in order
	Removed        bool               `json:"removed"`
}

// RemovedBlueprint is a blueprint that goes.
type RemovedBlueprint struct {
	Identifier string         `json:"identifier"`
	Entities   int            `json:"entities"`
	Accounts   map[string]int `json:"accounts"` // entities by account, like "gh/acme"; UnknownAccount for the others
}

// UnknownAccount is the account of entities without an address at Codecov.
const UnknownAccount = "unknown"

// RefusedError is returned if a removal would break or delete what this program hasn't made.
type RefusedError struct{ Reasons []string }

// Error joins the reasons.
func (e *RefusedError) Error() string { return "cannot remove: " + strings.Join(e.Reasons, "; ") }

// Remove removes what Run and a sync have made: the history with its entities and its entry in the webhook, scorecard,
// page, and the added properties and relations. With All, it also removes the current blueprint and the webhook if they
// equal the built-in. It returns a *RefusedError if something of the user's depends on what would go. After an error,
// another call continues.
func Remove(ctx context.Context, o RemoveOptions) (*Removal, error) {
	found, err := readAll(ctx, o.Port, currentThing, historyThing, webhookThing, scorecardThing)
	if err != nil {
		return nil, err
	}
	r := &remover{options: o, found: found, removal: Removal{
		Blueprints: []RemovedBlueprint{}, Parts: []string{}, Kept: []string{}, RefusedBecause: []string{}, Requests: []port.Request{},
	}}
	if err := r.plan(ctx); err != nil {
		return nil, err
	}
	for _, a := range r.actions {
		r.removal.Requests = append(r.removal.Requests, a.request)
	}
	if len(r.removal.RefusedBecause) > 0 {
		return &r.removal, &RefusedError{r.removal.RefusedBecause}
	}
	if len(r.actions) == 0 || o.DryRun || o.Confirm == nil {
		return &r.removal, nil
	}
	if err := o.Confirm(&r.removal); err != nil {
		return &r.removal, err
	}
	err = r.apply(ctx)
	r.removal.Removed = err == nil
	return &r.removal, err
}

// apply sends the requests. A "not found" follows a deletion whose response was lost, if the thing is really gone.
func (r *remover) apply(ctx context.Context) error {
	for _, a := range r.actions {
		err := a.send(ctx, r.options.Port)
		if a.request.Method == http.MethodDelete && errors.Is(err, port.ErrNotFound) {
			if _, readErr := read(ctx, r.options.Port, a.Thing); errors.Is(readErr, port.ErrNotFound) {
				err = nil
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// remover plans a removal.
type remover struct {
	options RemoveOptions
	found   map[Thing]object
	going   []string          // blueprints
	marked  map[string]string // expressions of the relations that Run has added to the current blueprint
	actions []action
	removal Removal
}

// plan orders the requests so that nothing points to what is gone: webhook, page and scorecard first, then the
// properties, then the target of the aggregation property.
func (r *remover) plan(ctx context.Context) error {
	r.takeMarked()
	if r.found[historyThing] != nil {
		r.going = append(r.going, mapper.HistoryBlueprint)
	}
	if current := r.found[currentThing]; r.options.All && current != nil {
		if difference(Blueprint, current, builtinBlueprint(mapper.CurrentBlueprint)) == "" {
			r.going = append(r.going, mapper.CurrentBlueprint)
		} else {
			note(&r.removal.Kept, "%s: it differs from the built-in", currentThing)
		}
	}
	if err := r.planWebhook(); err != nil {
		return fmt.Errorf("%s: %w", webhookThing, err)
	}
	pages, err := readAll(ctx, r.options.Port, pageThing)
	switch {
	case isRefusal(err):
		note(&r.removal.Kept, "%s: %s", pageThing, err)
	case err != nil:
		return err
	}
	r.found[pageThing] = pages[pageThing]
	r.planVisual(pageThing, page, port.DeletePageRequest(pageThing.Identifier))
	r.planVisual(scorecardThing, scorecard, port.DeleteScorecardRequest(mapper.CurrentBlueprint, scorecardThing.Identifier))
	if err := r.planCurrent(ctx); err != nil {
		return err
	}
	for _, identifier := range r.going {
		if err := r.planBlueprint(ctx, identifier); err != nil {
			return err
		}
	}
	return r.checkReferences(ctx)
}

// takeMarked removes the relations that Run has added from the document of the current blueprint.
func (r *remover) takeMarked() {
	r.marked = make(map[string]string)
	relations := relationPart.of(r.found[currentThing])
	for name := range relations {
		description, _ := child(relations, name)["description"].(string)
		if expression, marked := mapper.MarkedExpression(description); marked {
			r.marked[name] = expression
			delete(relations, name)
		}
	}
}

// planVisual plans to delete the scorecard or page if it is unchanged.
func (r *remover) planVisual(thing Thing, body func(Thresholds) object, request port.Request) {
	document := r.found[thing]
	switch {
	case document == nil:
	case isMade(thing.Kind, document, body):
		note(&r.removal.Parts, "%s", thing)
		r.send(thing, request)
	default:
		note(&r.removal.Kept, "%s: it was changed", thing)
	}
}

// planBlueprint plans the removal of a blueprint with its entities.
func (r *remover) planBlueprint(ctx context.Context, identifier string) error {
	thing := Thing{Blueprint, identifier}
	document := r.found[thing]
	own, _ := compareBlueprints(builtinBlueprint(identifier), document)
	scorecards, err := r.otherScorecards(ctx, identifier)
	if err != nil {
		return err
	}
	for _, scorecard := range scorecards {
		own = append(own, fmt.Sprintf("scorecard %s", scorecard["identifier"]))
	}
	if len(own) > 0 {
		note(&r.removal.RefusedBecause, "%s has a %s that codecov-port hasn't made", thing, strings.Join(own, ", "))
	}
	removed := RemovedBlueprint{Identifier: identifier, Accounts: make(map[string]int)}
	property := addressProperties[identifier]
	options := port.SearchOptions{Include: []string{"$identifier"}}
	if _, declared := schemaPart.of(document)[property]; declared {
		options.Include = append(options.Include, property)
	}
	for entity, err := range r.options.Port.Search(ctx, identifier, options) {
		if err != nil {
			return fmt.Errorf("read the entities of %s: %w", identifier, err)
		}
		removed.Entities++
		removed.Accounts[r.accountOf(entity, property)]++
	}
	var others []string
	for _, account := range sortedKeys(removed.Accounts) {
		if !r.isOurs(account) {
			others = append(others, fmt.Sprintf("%s: %d", account, removed.Accounts[account]))
		}
	}
	if len(others) > 0 && !r.options.All {
		note(&r.removal.RefusedBecause, "%s has entities of other accounts (%s); --all removes them, too", thing, strings.Join(others, ", "))
	}
	r.removal.Blueprints = append(r.removal.Blueprints, removed)
	r.send(thing, port.DeleteBlueprintRequest(identifier))
	return nil
}

// addressProperties hold the address of an entity's page at Codecov, by blueprint.
var addressProperties = map[string]string{mapper.CurrentBlueprint: "repository", mapper.HistoryBlueprint: "url"}

func (r *remover) accountOf(entity port.Entity, property string) string {
	address, _ := entity.Properties[property].(string)
	page, ok := backfill.ParsePage(r.options.AppURL, address)
	if !ok {
		return UnknownAccount
	}
	return page.Service.Short() + "/" + page.Owner
}

func (r *remover) isOurs(account string) bool {
	return slices.ContainsFunc(r.options.Owners, func(owner string) bool {
		return strings.EqualFold(r.options.Service.Short()+"/"+owner, account)
	})
}

// checkReferences refuses the removal if a blueprint that stays points to one that goes.
func (r *remover) checkReferences(ctx context.Context) error {
	blueprints, err := r.options.Port.Blueprints(ctx)
	if err != nil {
		return fmt.Errorf("read the blueprints: %w", err)
	}
	for _, b := range blueprints {
		if slices.Contains(r.going, b.Identifier) {
			continue
		}
		document := toObject(b)
		for _, p := range []part{relationPart, aggregationPart} {
			declared := p.of(document)
			for _, name := range sortedKeys(declared) {
				title := fmt.Sprintf("%s %s of blueprint %s", p.title, name, b.Identifier)
				target, _ := child(declared, name)["target"].(string)
				if slices.Contains(r.going, target) && !slices.Contains(r.removal.Parts, title) {
					note(&r.removal.RefusedBecause, "%s points to %s", title, target)
				}
			}
		}
	}
	return nil
}

// note adds a line to one of the lists of the removal.
func note(list *[]string, format string, args ...any) {
	*list = append(*list, fmt.Sprintf(format, args...))
}

func (r *remover) send(thing Thing, request port.Request) {
	r.actions = append(r.actions, action{thing, request})
}
