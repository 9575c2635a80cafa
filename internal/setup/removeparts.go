package setup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// planWebhook plans to remove the built-in entries for what goes and the relations that Run has added, or the whole
// webhook if nothing else is in it.
func (r *remover) planWebhook() error {
	if r.found.webhook == nil {
		return nil
	}
	webhook, before := *r.found.webhook, len(r.removal.Parts)
	entries, err := readEntries(webhook.Mappings)
	if err != nil {
		return fmt.Errorf("webhook %s: %w", webhook.Identifier, err)
	}
	for i, e := range entries {
		r.dropRelations(e, fmt.Sprintf("entry %d of webhook %s", i+1, webhook.Identifier))
	}
	if webhook.Mappings, err = encode(entries, ""); err != nil {
		return err
	}
	difference, err := diffFromBuiltinWebhook(webhook)
	if err != nil {
		return err
	}
	if difference == "" && r.going[mapper.CurrentBlueprint] {
		r.drop("webhook %s", webhook.Identifier)
		r.send(Webhook, webhook.Identifier, "delete", port.DeleteWebhookRequest(webhook.Identifier))
		return nil
	}
	rest, err := r.dropEntries(entries, webhook.Identifier)
	if err != nil || len(r.removal.Parts) == before {
		return err
	}
	patch, err := encode(object{"mappings": rest}, "")
	r.send(Webhook, webhook.Identifier, "change", port.UpdateWebhookRequest(webhook.Identifier, patch))
	return err
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
			r.refuse("%s sets relation %s by an expression of its own: remove it in Port first", title, name)
		}
		r.drop("relation %s in %s", name, title)
		delete(relations, name)
	}
	if len(relations) == 0 {
		delete(child(entry, "entity"), "relations")
	}
}

// dropEntries returns the entries without those for the blueprints that go.
func (r *remover) dropEntries(entries []object, webhook string) ([]object, error) {
	builtin, err := readEntries(mapper.BuiltinMappingJSON())
	if err != nil {
		return nil, err
	}
	rest := []object{}
	for i, e := range entries {
		blueprint, _ := e["blueprint"].(string)
		if !r.going[blueprint] {
			rest = append(rest, e)
			continue
		}
		for _, b := range builtin {
			if b["blueprint"] == blueprint && !meansTheSame("mappings", []any{e}, []any{b}) {
				r.refuse("entry %d of webhook %s writes %s and was changed: remove it in Port first", i+1, webhook, blueprint)
			}
		}
		r.drop("entry for %s of webhook %s", blueprint, webhook)
	}
	return rest, nil
}

// planPage plans to delete the page if it is unchanged, with any threshold.
func (r *remover) planPage() error {
	if r.found.page == nil {
		return nil
	}
	roots, _ := r.found.page["widgets"].([]any)
	for _, threshold := range numbers(roots) {
		ours, err := page(Thresholds{threshold})
		if err != nil {
			return err
		}
		if contains(r.found.page, ours) {
			r.drop("page %s", pageIdentifier)
			r.send(Page, pageIdentifier, "delete", port.DeletePageRequest(pageIdentifier))
			return nil
		}
	}
	r.keep("page %s: it was changed", pageIdentifier)
	return nil
}

// planCurrent plans to remove the scorecard, and the properties and relations that Run has added to the current blueprint,
// as far as they are unchanged. A patch can't remove properties, so the blueprint is replaced.
func (r *remover) planCurrent(ctx context.Context) error {
	document := r.found.blueprints[mapper.CurrentBlueprint]
	if document == nil {
		return nil
	}
	switch {
	case r.found.scorecard == nil:
	case isOurScorecard(r.found.scorecard):
		r.drop("scorecard %s", scorecardIdentifier)
		r.send(Scorecard, scorecardIdentifier, "delete", port.DeleteScorecardRequest(mapper.CurrentBlueprint, scorecardIdentifier))
	default:
		r.keep("scorecard %s: it was changed", scorecardIdentifier)
	}
	others, err := r.otherScorecards(ctx, mapper.CurrentBlueprint)
	if err != nil {
		return err
	}
	before := len(r.removal.Parts)
	for _, name := range sortedKeys(r.marked) {
		r.drop("relation %s of blueprint %s", name, mapper.CurrentBlueprint)
	}
	for _, p := range []part{calculationPart, aggregationPart} {
		for _, name := range sortedKeys(p.of(builtinBlueprint(mapper.CurrentBlueprint))) {
			if err := r.dropProperty(document, p, name, others); err != nil {
				return err
			}
		}
	}
	if len(r.removal.Parts) == before {
		return nil
	}
	for _, stamp := range []string{"createdAt", "createdBy", "updatedAt", "updatedBy"} {
		delete(document, stamp)
	}
	body, err := encode(document, "")
	r.send(Blueprint, mapper.CurrentBlueprint, "change", port.PutBlueprintRequest(mapper.CurrentBlueprint, body))
	return err
}

// dropProperty removes a property of the built-in from the document if it is unchanged and no scorecard uses it.
func (r *remover) dropProperty(document object, p part, name string, scorecards []object) error {
	declared := p.of(document)
	existing, exists := declared[name]
	if !exists {
		return nil
	}
	title := fmt.Sprintf("%s %s of blueprint %s", p.title, name, mapper.CurrentBlueprint)
	ours := p.of(builtinBlueprint(mapper.CurrentBlueprint))[name]
	if !meansTheSame(p.field, object{name: existing}, object{name: ours}) {
		r.keep("%s: it was changed", title)
		return nil
	}
	for _, scorecard := range scorecards {
		text, err := encode(scorecard, "")
		if err != nil {
			return err
		}
		if strings.Contains(string(text), `"`+name+`"`) {
			r.keep("%s: scorecard %s uses it", title, scorecard["identifier"])
			return nil
		}
	}
	r.drop("%s", title)
	delete(declared, name)
	return nil
}

// otherScorecards returns the scorecards of a blueprint that Run hasn't made.
func (r *remover) otherScorecards(ctx context.Context, blueprint string) ([]object, error) {
	documents, err := r.options.Port.Scorecards(ctx, blueprint)
	if errors.Is(err, port.ErrNotFound) {
		return nil, nil
	}
	var all []object
	if err == nil {
		all, err = decode[[]object](documents)
	}
	if err != nil {
		return nil, fmt.Errorf("read the scorecards of blueprint %s: %w", blueprint, err)
	}
	var others []object
	for _, s := range all {
		if blueprint != mapper.CurrentBlueprint || !isOurScorecard(s) {
			others = append(others, s)
		}
	}
	return others, nil
}

// isOurScorecard reports whether a scorecard is the one of Run, with any thresholds.
func isOurScorecard(document object) bool {
	rules, _ := document["rules"].([]any)
	found := numbers(rules)
	var t Thresholds
	if len(found) != len(t) {
		return false
	}
	copy(t[:], found)
	ours, err := scorecard(t)
	return err == nil && contains(document, ours)
}

// numbers returns the numbers under "value" in a JSON value, in the order of its arrays.
func numbers(value any) (found []float64) {
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			found = append(found, numbers(item)...)
		}
	case object:
		for _, name := range sortedKeys(value) {
			if number, ok := value[name].(json.Number); ok && name == "value" {
				if f, err := number.Float64(); err == nil {
					found = append(found, f)
				}
			}
			found = append(found, numbers(value[name])...)
		}
	}
	return found
}
