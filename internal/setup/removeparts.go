package setup

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/codecov-port/codecov-port/pkg/mapper"
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
