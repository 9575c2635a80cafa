package setup

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// RemoveOptions configures Remove. Port is required.
type RemoveOptions struct {
	Port   *port.Client
	Site   backfill.Site // with the accounts whose entities may be removed
	All    bool          // also entities of other accounts, and what else equals the built-in
	DryRun bool

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

// ErrRefused is returned if a removal would break or delete what this program hasn't made.
var ErrRefused = errors.New("cannot remove")

// Remove removes what Run and a sync have made: the history with its entities and its entry in the webhook, scorecard,
// page, and the added properties and relations. With All, it also removes the current blueprint and the webhook if they
// equal the built-in. It returns ErrRefused if something of the user's depends on what would go. After an error, another
// call continues.
func Remove(ctx context.Context, o RemoveOptions) (*Removal, error) {
	r := &remover{options: o, found: make(map[Thing]object), scorecards: make(map[string][]object), marked: make(map[string]string), removal: Removal{
		Blueprints: []RemovedBlueprint{}, Parts: []string{}, Kept: []string{}, RefusedBecause: []string{}, Requests: []port.Request{},
	}}
	if err := r.read(ctx); err != nil {
		return nil, err
	}
	if err := r.plan(ctx); err != nil {
		return nil, err
	}
	for _, a := range r.actions {
		r.removal.Requests = append(r.removal.Requests, a.request)
	}
	if reasons := r.removal.RefusedBecause; len(reasons) > 0 {
		return &r.removal, fmt.Errorf("%w: %s", ErrRefused, strings.Join(reasons, "; "))
	}
	if len(r.actions) == 0 || o.DryRun || o.Confirm == nil {
		return &r.removal, nil
	}
	if err := o.Confirm(&r.removal); err != nil {
		return &r.removal, err
	}
	for _, a := range r.actions {
		if err := a.send(ctx, o.Port); err != nil {
			return &r.removal, err
		}
	}
	r.removal.Removed = true
	return &r.removal, nil
}

// remover plans a removal.
type remover struct {
	options    RemoveOptions
	found      map[Thing]object
	scorecards map[string][]object // of the user's, by blueprint
	marked     map[string]string   // expressions of the relations that Run has added to the current blueprint
	going      []string            // blueprints
	actions    []action
	removal    Removal
}

// read reads what may be removed. Relations that Run has added are marked and taken out of the current blueprint.
func (r *remover) read(ctx context.Context) error {
	if err := readAll(ctx, r.options.Port, r.found, currentThing, historyThing, webhookThing); err != nil {
		return err
	}
	err := readAll(ctx, r.options.Port, r.found, pageThing)
	if isRefusal(err) {
		note(&r.removal.Kept, "%s: %s", pageThing, err)
	} else if err != nil {
		return err
	}
	for _, thing := range []Thing{currentThing, historyThing} {
		if r.found[thing] == nil {
			continue
		}
		documents, err := r.options.Port.Read(ctx, "scorecards", "blueprints", thing.Identifier, "scorecards")
		if err == nil {
			r.scorecards[thing.Identifier], err = decode[[]object](documents)
		}
		if err != nil {
			return fmt.Errorf("read the scorecards of %s: %w", thing, err)
		}
	}
	r.scorecards[mapper.CurrentBlueprint] = slices.DeleteFunc(r.scorecards[mapper.CurrentBlueprint], func(s object) bool {
		if s["identifier"] == scorecardThing.Identifier {
			r.found[scorecardThing] = s
		}
		return isMade(Scorecard, s, scorecard)
	})
	relations := relationPart.of(r.found[currentThing])
	for name := range relations {
		description, _ := child(relations, name)["description"].(string)
		if expression, marked := mapper.MarkedExpression(description); marked {
			r.marked[name] = expression
			delete(relations, name)
		}
	}
	return nil
}

// plan orders the requests so that nothing points to what is gone: webhook, page and scorecard first, then the
// properties, then the target of the aggregation property.
func (r *remover) plan(ctx context.Context) error {
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
	r.planVisual(pageThing, page)
	r.planVisual(scorecardThing, scorecard)
	r.planCurrent()
	for _, identifier := range r.going {
		if err := r.planBlueprint(ctx, identifier); err != nil {
			return err
		}
	}
	return r.checkReferences(ctx)
}

// planVisual plans to delete the scorecard or page if it is unchanged.
func (r *remover) planVisual(thing Thing, body func(Thresholds) object) {
	document := r.found[thing]
	switch {
	case document == nil:
	case isMade(thing.Kind, document, body):
		note(&r.removal.Parts, "%s", thing)
		r.send(thing, http.MethodDelete, nil)
	default:
		note(&r.removal.Kept, "%s: it was changed", thing)
	}
}

// planBlueprint plans the removal of a blueprint with its entities.
func (r *remover) planBlueprint(ctx context.Context, identifier string) error {
	thing := Thing{Blueprint, identifier}
	document := r.found[thing]
	_, own, _ := complete(builtinBlueprint(identifier), document, func(part) bool { return false })
	for _, scorecard := range r.scorecards[identifier] {
		own = append(own, fmt.Sprintf("scorecard %s", scorecard["identifier"]))
	}
	if len(own) > 0 {
		note(&r.removal.RefusedBecause, "%s has a %s that codecov-port hasn't made", thing, strings.Join(own, ", "))
	}
	removed := RemovedBlueprint{Identifier: identifier, Accounts: make(map[string]int)}
	others := make(map[string]bool) // accounts that aren't ours
	declared, err := decode[port.Blueprint](encode(document, ""))
	if err != nil {
		return fmt.Errorf("read %s: %w", thing, err)
	}
	for stored, err := range r.options.Site.Entities(ctx, r.options.Port, declared, port.SearchOptions{}) {
		if err != nil {
			return fmt.Errorf("read the entities of %s: %w", identifier, err)
		}
		account := UnknownAccount
		if page := stored.Page; page.Owner != "" {
			account = page.Service.Short() + "/" + page.Owner
		}
		removed.Entities++
		removed.Accounts[account]++
		if stored.Page.Account == "" {
			others[account] = true
		}
	}
	if len(others) > 0 && !r.options.All {
		var counts []string
		for _, account := range sortedKeys(others) {
			counts = append(counts, fmt.Sprintf("%s: %d", account, removed.Accounts[account]))
		}
		note(&r.removal.RefusedBecause, "%s has entities of other accounts (%s); --all removes them, too", thing, strings.Join(counts, ", "))
	}
	r.removal.Blueprints = append(r.removal.Blueprints, removed)
	request := port.NewRequest(http.MethodDelete, nil, "blueprints", identifier, "all-entities")
	request.Path += "?delete_blueprint=true"
	r.actions = append(r.actions, action{thing, request})
	return nil
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

func (r *remover) send(thing Thing, method string, body any) {
	r.actions = append(r.actions, action{thing, thing.request(method, body)})
}

// planWebhook plans to remove the built-in entries for what goes and the relations that Run has added, or the whole
// webhook if nothing else is in it.
func (r *remover) planWebhook() error {
	webhook, before := r.found[webhookThing], len(r.removal.Parts)
	if webhook == nil {
		return nil
	}
	entries, err := readEntries(encode(webhook["mappings"], ""))
	if err != nil {
		return err
	}
	all, rest := []any{}, []any{}
	for i, e := range entries {
		r.dropRelations(e, fmt.Sprintf("entry %d of %s", i+1, webhookThing))
		all = append(all, e)
	}
	webhook["mappings"] = all
	if slices.Contains(r.going, mapper.CurrentBlueprint) && difference(Webhook, webhook, toObject(builtinWebhook())) == "" {
		note(&r.removal.Parts, "%s", webhookThing)
		r.send(webhookThing, http.MethodDelete, nil)
		return nil
	}
	for i, e := range entries {
		blueprint, _ := e["blueprint"].(string)
		if !slices.Contains(r.going, blueprint) {
			rest = append(rest, e)
			continue
		}
		isBuiltin := func(b object) bool { return meansTheSame("mappings", []any{e}, []any{b}) }
		if !slices.ContainsFunc(must(readEntries(mapper.BuiltinMappingJSON())), isBuiltin) {
			note(&r.removal.RefusedBecause, "entry %d of %s writes %s and was changed: remove it in Port first", i+1, webhookThing, blueprint)
		}
		note(&r.removal.Parts, "entry for %s of %s", blueprint, webhookThing)
	}
	if len(r.removal.Parts) > before {
		r.send(webhookThing, http.MethodPatch, object{"mappings": rest})
	}
	return nil
}

// dropRelations removes the relations that Run has added from an entry for the current blueprint.
func (r *remover) dropRelations(entry object, title string) {
	if entry["blueprint"] != mapper.CurrentBlueprint || deletes(entry) {
		return
	}
	relations := child(entry, "entity", "relations")
	for _, name := range sortedKeys(r.marked) {
		expression, exists := relations[name]
		if !exists {
			continue
		}
		if expression != r.marked[name] {
			note(&r.removal.RefusedBecause, "%s sets relation %s by an expression of its own: remove it in Port first", title, name)
		}
		note(&r.removal.Parts, "relation %s in %s", name, title)
		delete(relations, name)
	}
	if len(relations) == 0 {
		delete(child(entry, "entity"), "relations")
	}
}

// planCurrent plans to remove the properties and relations that Run has added to the current blueprint. Properties that
// were changed or that a scorecard uses are kept. A patch can't remove properties, so the blueprint is replaced.
func (r *remover) planCurrent() {
	document, builtin, before := r.found[currentThing], builtinBlueprint(mapper.CurrentBlueprint), len(r.removal.Parts)
	for _, name := range sortedKeys(r.marked) {
		note(&r.removal.Parts, "relation %s of %s", name, currentThing)
	}
	for _, p := range []part{calculationPart, aggregationPart} {
		declared := p.of(document)
		for _, name := range sortedKeys(p.of(builtin)) {
			title, existing := fmt.Sprintf("%s %s of %s", p.title, name, currentThing), declared[name]
			uses := func(s object) bool { return strings.Contains(string(encode(s, "")), `"`+name+`"`) }
			user := slices.IndexFunc(r.scorecards[mapper.CurrentBlueprint], uses)
			switch {
			case existing == nil:
			case !meansTheSame(p.field, object{name: existing}, object{name: p.of(builtin)[name]}):
				note(&r.removal.Kept, "%s: it was changed", title)
			case user >= 0:
				note(&r.removal.Kept, "%s: scorecard %s uses it", title, r.scorecards[mapper.CurrentBlueprint][user]["identifier"])
			default:
				note(&r.removal.Parts, "%s", title)
				delete(declared, name)
			}
		}
	}
	if len(r.removal.Parts) == before {
		return
	}
	for _, stamp := range []string{"createdAt", "createdBy", "updatedAt", "updatedBy"} {
		delete(document, stamp)
	}
	r.send(currentThing, http.MethodPut, document)
}
