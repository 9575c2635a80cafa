package setup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
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
	going   map[string]bool // blueprints
	actions []action
	reasons []string
	removal Removal
}

// plan orders the requests so that nothing points to what is gone: webhook, page and scorecard first, then the
// properties, then the target of the aggregation property.
func (r *remover) plan(ctx context.Context) error {
	current, history := mapper.BuiltinBlueprints()[0], mapper.BuiltinBlueprints()[1]
	r.going[history.Identifier] = r.found.blueprints[history.Identifier] != nil
	if document := r.found.blueprints[current.Identifier]; r.options.All && document != nil {
		document, _, err := withoutMarked(document)
		if err != nil {
			return err
		}
		difference, err := diffFromBuiltin(document, current)
		if err != nil {
			return err
		}
		r.going[current.Identifier] = difference == ""
		if difference != "" {
			r.removal.Kept = append(r.removal.Kept, "blueprint "+current.Identifier+": it differs from the built-in")
		}
	}
	if err := r.planWebhook(); err != nil {
		return err
	}
	r.planPage()
	keepPercent, err := r.planScorecard(ctx)
	if err != nil {
		return err
	}
	if err := r.planProperties(current, keepPercent); err != nil {
		return err
	}
	for _, blueprint := range []port.Blueprint{history, current} {
		if r.going[blueprint.Identifier] {
			if err := r.planBlueprint(ctx, blueprint); err != nil {
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

func diffFromBuiltin(document json.RawMessage, builtin port.Blueprint) (string, error) {
	wanted, err := json.Marshal(builtin)
	if err != nil {
		return "", err
	}
	return diffBlueprints(document, wanted)
}

// planBlueprint plans the removal of a blueprint with its entities.
func (r *remover) planBlueprint(ctx context.Context, builtin port.Blueprint) error {
	document, _, err := withoutMarked(r.found.blueprints[builtin.Identifier])
	if err != nil {
		return err
	}
	own, err := ownNames(document, builtin)
	if err != nil {
		return fmt.Errorf("blueprint %s: %w", builtin.Identifier, err)
	}
	scorecards, err := r.otherScorecards(ctx, builtin.Identifier)
	if err != nil {
		return err
	}
	for _, scorecard := range scorecards {
		own = append(own, "scorecard "+scorecard.Identifier)
	}
	if len(own) > 0 {
		r.refuse("blueprint %s has a %s that codecov-port hasn't made", builtin.Identifier, strings.Join(own, ", "))
	}
	var declared port.Blueprint
	if err := json.Unmarshal(r.found.blueprints[builtin.Identifier], &declared); err != nil {
		return fmt.Errorf("read blueprint %s: %w", builtin.Identifier, err)
	}
	removed := RemovedBlueprint{Identifier: builtin.Identifier, Accounts: make(map[string]int)}
	options := port.SearchOptions{Include: []string{"$identifier"}}
	if property := addressProperties[builtin.Identifier]; declared.Schema.Properties[property].Type != "" {
		options.Include = append(options.Include, property)
	}
	for entity, err := range r.options.Port.Search(ctx, builtin.Identifier, options) {
		if err != nil {
			return fmt.Errorf("read the entities of %s: %w", builtin.Identifier, err)
		}
		removed.Entities++
		removed.Accounts[r.accountOf(entity, addressProperties[builtin.Identifier])]++
	}
	var others []string
	for _, account := range slices.Sorted(maps.Keys(removed.Accounts)) {
		if !r.isOurs(account) {
			others = append(others, fmt.Sprintf("%s: %d", account, removed.Accounts[account]))
		}
	}
	if len(others) > 0 && !r.options.All {
		r.refuse("blueprint %s has entities of other accounts (%s); --all removes them, too", builtin.Identifier, strings.Join(others, ", "))
	}
	r.removal.Blueprints = append(r.removal.Blueprints, removed)
	r.actions = append(r.actions, action{Blueprint, builtin.Identifier, "delete blueprint " + builtin.Identifier, port.DeleteBlueprintRequest(builtin.Identifier)})
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

// ownNames returns the properties and relations of a blueprint that the built-in doesn't have.
func ownNames(document json.RawMessage, builtin port.Blueprint) ([]string, error) {
	wanted, err := json.Marshal(builtin)
	if err != nil {
		return nil, err
	}
	own, _, err := compareBlueprints(wanted, document)
	return own, err
}

// checkReferences refuses the removal if a blueprint that stays points to one that goes.
func (r *remover) checkReferences(ctx context.Context) error {
	blueprints, err := r.options.Port.Blueprints(ctx)
	if err != nil {
		return fmt.Errorf("read the blueprints: %w", err)
	}
	for _, b := range blueprints {
		if r.going[b.Identifier] {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(b.Relations)) {
			if target := b.Relations[name].Target; r.going[target] {
				r.refuse("relation %s of blueprint %s points to %s", name, b.Identifier, target)
			}
		}
		var aggregations map[string]struct{ Target string }
		if len(b.AggregationProperties) > 0 {
			if err := json.Unmarshal(b.AggregationProperties, &aggregations); err != nil {
				return fmt.Errorf("read the aggregation properties of blueprint %s: %w", b.Identifier, err)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(aggregations)) {
			removed := slices.Contains(r.removal.Parts, fmt.Sprintf("aggregation property %s of blueprint %s", name, b.Identifier))
			if target := aggregations[name].Target; r.going[target] && !removed {
				r.refuse("aggregation property %s of blueprint %s points to %s", name, b.Identifier, target)
			}
		}
	}
	return nil
}

func (r *remover) refuse(format string, args ...any) {
	r.reasons = append(r.reasons, fmt.Sprintf(format, args...))
}
