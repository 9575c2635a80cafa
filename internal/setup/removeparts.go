package setup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

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
	var all, rest []any
	for i, e := range entries {
		r.dropRelations(e, fmt.Sprintf("entry %d of %s", i+1, webhookThing))
		all = append(all, e)
	}
	webhook["mappings"] = all
	if slices.Contains(r.going, mapper.CurrentBlueprint) && difference(Webhook, webhook, toObject(builtinWebhook())) == "" {
		note(&r.removal.Parts, "%s", webhookThing)
		r.send(webhookThing, port.DeleteWebhookRequest(webhookThing.Identifier))
		return nil
	}
	for i, e := range entries {
		if !r.dropEntry(i, e) {
			rest = append(rest, e)
		}
	}
	if len(r.removal.Parts) > before {
		patch := object{"mappings": append([]any{}, rest...)}
		r.send(webhookThing, port.UpdateWebhookRequest(webhookThing.Identifier, encode(patch, "")))
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

// dropEntry reports whether an entry of the webhook is removed: those for the blueprints that go.
func (r *remover) dropEntry(index int, entry object) bool {
	blueprint, _ := entry["blueprint"].(string)
	if !slices.Contains(r.going, blueprint) {
		return false
	}
	isBuiltin := func(b object) bool { return meansTheSame("mappings", []any{entry}, []any{b}) }
	if !slices.ContainsFunc(builtinEntries(), isBuiltin) {
		note(&r.removal.RefusedBecause, "entry %d of %s writes %s and was changed: remove it in Port first", index+1, webhookThing, blueprint)
	}
	note(&r.removal.Parts, "entry for %s of %s", blueprint, webhookThing)
	return true
}

// planCurrent plans to remove the properties and relations that Run has added to the current blueprint, as far as they are
// unchanged. A patch can't remove properties, so the blueprint is replaced.
func (r *remover) planCurrent(ctx context.Context) error {
	document, before := r.found[currentThing], len(r.removal.Parts)
	if document == nil {
		return nil
	}
	scorecards, err := r.otherScorecards(ctx, mapper.CurrentBlueprint)
	if err != nil {
		return err
	}
	for _, name := range sortedKeys(r.marked) {
		note(&r.removal.Parts, "relation %s of %s", name, currentThing)
	}
	for _, p := range []part{calculationPart, aggregationPart} {
		for _, name := range sortedKeys(p.of(builtinBlueprint(mapper.CurrentBlueprint))) {
			r.dropProperty(p, name, scorecards)
		}
	}
	if len(r.removal.Parts) == before {
		return nil
	}
	for _, stamp := range []string{"createdAt", "createdBy", "updatedAt", "updatedBy"} {
		delete(document, stamp)
	}
	r.send(currentThing, port.PutBlueprintRequest(mapper.CurrentBlueprint, encode(document, "")))
	return nil
}

// dropProperty removes a property of the built-in from the current blueprint if it is unchanged and no scorecard uses it.
func (r *remover) dropProperty(p part, name string, scorecards []object) {
	declared := p.of(r.found[currentThing])
	existing, exists := declared[name]
	if !exists {
		return
	}
	title := fmt.Sprintf("%s %s of %s", p.title, name, currentThing)
	ours := p.of(builtinBlueprint(mapper.CurrentBlueprint))[name]
	if !meansTheSame(p.field, object{name: existing}, object{name: ours}) {
		note(&r.removal.Kept, "%s: it was changed", title)
		return
	}
	for _, scorecard := range scorecards {
		if strings.Contains(string(encode(scorecard, "")), `"`+name+`"`) {
			note(&r.removal.Kept, "%s: scorecard %s uses it", title, scorecard["identifier"])
			return
		}
	}
	note(&r.removal.Parts, "%s", title)
	delete(declared, name)
}

// otherScorecards returns the scorecards of a blueprint that Run hasn't made.
func (r *remover) otherScorecards(ctx context.Context, blueprint string) ([]object, error) {
	documents, err := r.options.Port.Scorecards(ctx, blueprint)
	if errors.Is(err, port.ErrNotFound) {
		return nil, nil
	}
	var scorecards []object
	if err == nil {
		scorecards, err = decode[[]object](documents)
	}
	if err != nil {
		return nil, fmt.Errorf("read the scorecards of blueprint %s: %w", blueprint, err)
	}
	isOurs := func(s object) bool { return blueprint == mapper.CurrentBlueprint && isMade(Scorecard, s, scorecard) }
	return slices.DeleteFunc(scorecards, isOurs), nil
}
