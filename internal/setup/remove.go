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

	// Confirm reports whether the removal may go on. It is called once; if it is nil, nothing is removed.
	Confirm func(*Removal) bool
}

// Removal is what Remove removes, or would remove in a dry run.
type Removal struct {
	Blueprints []RemovedBlueprint `json:"blueprints"` // with all their entities
	Parts      []string           `json:"parts"`      // other things, like "calculation property coveragePercent of blueprint codecov_coverage"
	Kept       []string           `json:"kept"`       // things that remain although this program may have made them, with the reason
	Requests   []port.Request     `json:"requests"`   // in order
	Removed    bool               `json:"removed"`
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

// Remove removes what Run and a sync have made: the history with its entities and its entry in the webhook, and the
// added properties. With All, it also removes the current blueprint and the webhook if they equal the built-in. It
// returns a *RefusedError if something of the user's depends on what would go. After an error, another call continues.
func Remove(ctx context.Context, o RemoveOptions) (*Removal, error) {
	found, err := read(ctx, o.Port, Options{Scorecard: &DefaultThresholds, Dashboard: true})
	if err != nil {
		return nil, err
	}
	r := &remover{options: o, found: found, going: make(map[string]bool)}
	if err := r.plan(ctx); err != nil {
		return nil, err
	}
	if len(r.reasons) > 0 {
		return &r.removal, &RefusedError{r.reasons}
	}
	if len(r.actions) == 0 || o.DryRun || o.Confirm == nil || !o.Confirm(&r.removal) {
		return &r.removal, nil
	}
	if err := r.apply(ctx); err != nil {
		return &r.removal, err
	}
	r.removal.Removed = true
	return &r.removal, nil
}

// apply sends the requests. A "not found" follows a deletion whose response was lost, if the thing is really gone.
func (r *remover) apply(ctx context.Context) error {
	for _, a := range r.actions {
		err := r.options.Port.Send(ctx, a.request)
		if a.request.Method == http.MethodDelete && errors.Is(err, port.ErrNotFound) && r.isGone(ctx, a) {
			err = nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", a.title, err)
		}
	}
	return nil
}

func (r *remover) isGone(ctx context.Context, a action) bool {
	var err error
	switch a.kind {
	case Blueprint:
		_, err = r.options.Port.Blueprint(ctx, a.identifier)
	case Webhook:
		_, err = r.options.Port.Webhook(ctx, a.identifier)
	case Scorecard:
		_, err = r.options.Port.Scorecard(ctx, mapper.CurrentBlueprint, a.identifier)
	case Page:
		_, err = r.options.Port.Page(ctx, a.identifier)
	}
	return errors.Is(err, port.ErrNotFound)
}

// remover plans a removal.
type remover struct {
	options RemoveOptions
	found   state
	marked  map[string]string // expressions of the relations that Run has added to the current blueprint
	going   map[string]bool   // blueprints
	actions []action
	reasons []string
	removal Removal
}

// plan orders the requests so that nothing points to what is gone: webhook, page and scorecard first, then the
// properties, then the target of the aggregation property.
func (r *remover) plan(ctx context.Context) error {
	r.going[mapper.HistoryBlueprint] = r.found.blueprints[mapper.HistoryBlueprint] != nil
	if current := r.found.blueprints[mapper.CurrentBlueprint]; current != nil {
		r.takeMarked(current)
		difference, err := unifiedDiff(current, builtinBlueprint(mapper.CurrentBlueprint), blueprintFields...)
		if err != nil {
			return err
		}
		r.going[mapper.CurrentBlueprint] = r.options.All && difference == ""
		if r.options.All && difference != "" {
			r.keep("blueprint %s: it differs from the built-in", mapper.CurrentBlueprint)
		}
	}
	if err := r.planWebhook(); err != nil {
		return err
	}
	if err := r.planPage(); err != nil {
		return err
	}
	if err := r.planCurrent(ctx); err != nil {
		return err
	}
	for _, identifier := range []string{mapper.HistoryBlueprint, mapper.CurrentBlueprint} {
		if r.going[identifier] {
			if err := r.planBlueprint(ctx, identifier); err != nil {
				return err
			}
		}
	}
	if err := r.checkReferences(ctx); err != nil {
		return err
	}
	for _, a := range r.actions {
		r.removal.Requests = append(r.removal.Requests, a.request)
	}
	return nil
}

// takeMarked removes the relations that Run has added from the document of the current blueprint.
func (r *remover) takeMarked(current object) {
	r.marked = make(map[string]string)
	relations := relationPart.of(current)
	for name := range relations {
		description, _ := child(relations, name)["description"].(string)
		if expression, marked := mapper.MarkedExpression(description); marked {
			r.marked[name] = expression
			delete(relations, name)
		}
	}
}

// planBlueprint plans the removal of a blueprint with its entities.
func (r *remover) planBlueprint(ctx context.Context, identifier string) error {
	document := r.found.blueprints[identifier]
	own, _ := compareBlueprints(builtinBlueprint(identifier), document)
	scorecards, err := r.otherScorecards(ctx, identifier)
	if err != nil {
		return err
	}
	for _, scorecard := range scorecards {
		own = append(own, fmt.Sprintf("scorecard %s", scorecard["identifier"]))
	}
	if len(own) > 0 {
		r.refuse("blueprint %s has a %s that codecov-port hasn't made", identifier, strings.Join(own, ", "))
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
		r.refuse("blueprint %s has entities of other accounts (%s); --all removes them, too", identifier, strings.Join(others, ", "))
	}
	r.removal.Blueprints = append(r.removal.Blueprints, removed)
	r.send(Blueprint, identifier, "delete", port.DeleteBlueprintRequest(identifier))
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
		document, err := toObject(b)
		if err != nil {
			return err
		}
		for _, p := range []part{relationPart, aggregationPart} {
			declared := p.of(document)
			for _, name := range sortedKeys(declared) {
				title := fmt.Sprintf("%s %s of blueprint %s", p.title, name, b.Identifier)
				target, _ := child(declared, name)["target"].(string)
				if r.going[target] && !r.going[b.Identifier] && !slices.Contains(r.removal.Parts, title) {
					r.refuse("%s points to %s", title, target)
				}
			}
		}
	}
	return nil
}

func (r *remover) refuse(format string, args ...any) {
	r.reasons = append(r.reasons, fmt.Sprintf(format, args...))
}

func (r *remover) keep(format string, args ...any) {
	r.removal.Kept = append(r.removal.Kept, fmt.Sprintf(format, args...))
}

// drop notes a part that is removed.
func (r *remover) drop(format string, args ...any) {
	r.removal.Parts = append(r.removal.Parts, fmt.Sprintf(format, args...))
}

// send adds a request; what says what it does to the thing.
func (r *remover) send(kind Kind, identifier, what string, request port.Request) {
	r.actions = append(r.actions, action{kind, identifier, fmt.Sprintf("%s %s %s", what, kind, identifier), request})
}
