package setup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// planProperties plans to remove the properties and relations of the current blueprint that Run has added, as far as they
// are unchanged. A patch can't remove properties, so the blueprint is replaced. keepPercent keeps percentProperty.
func (r *remover) planProperties(builtin port.Blueprint, keepPercent bool) error {
	document := r.found.blueprints[builtin.Identifier]
	if document == nil {
		return nil
	}
	document, relations, err := withoutMarked(document)
	if err != nil {
		return err
	}
	before := len(r.removal.Parts)
	for _, name := range slices.Sorted(maps.Keys(relations)) {
		r.removal.Parts = append(r.removal.Parts, "relation "+name+" of blueprint "+builtin.Identifier)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(document, &fields); err != nil {
		return fmt.Errorf("read blueprint %s: %w", builtin.Identifier, err)
	}
	for _, part := range []struct {
		field, title string
		ours         json.RawMessage
	}{
		{"calculationProperties", "calculation property", builtin.CalculationProperties},
		{"aggregationProperties", "aggregation property", builtin.AggregationProperties},
	} {
		if part.field == "calculationProperties" && keepPercent {
			continue
		}
		rest, err := r.withoutOurs(part.field, part.title+" %s of blueprint "+builtin.Identifier, fields[part.field], part.ours)
		if err != nil {
			return err
		}
		fields[part.field] = rest
	}
	if len(r.removal.Parts) == before {
		return nil
	}
	for _, stamp := range []string{"createdAt", "createdBy", "updatedAt", "updatedBy"} {
		delete(fields, stamp)
	}
	body, err := encode(fields, "")
	r.actions = append(r.actions, action{Blueprint, builtin.Identifier, "remove properties of blueprint " + builtin.Identifier, port.PutBlueprintRequest(builtin.Identifier, body)})
	return err
}

// withoutOurs returns the properties in existing without those that equal ours, and notes the removed and the changed ones.
func (r *remover) withoutOurs(field, title string, existing, ours json.RawMessage) (json.RawMessage, error) {
	var have, want named
	if len(existing) == 0 {
		return nil, nil
	}
	if err := errors.Join(json.Unmarshal(existing, &have), json.Unmarshal(ours, &want)); err != nil {
		return nil, fmt.Errorf("read the %s: %w", field, err)
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if have[name] == nil {
			continue
		}
		same, err := meansTheSame(field, named{name: have[name]}, named{name: want[name]})
		if err != nil {
			return nil, err
		}
		if !same {
			r.removal.Kept = append(r.removal.Kept, fmt.Sprintf(title, name)+": it was changed")
			continue
		}
		r.removal.Parts = append(r.removal.Parts, fmt.Sprintf(title, name))
		delete(have, name)
	}
	return encode(have, "")
}

// meansTheSame compares two values of a field of a blueprint or webhook.
func meansTheSame(field string, a, b any) (bool, error) {
	existing, err := encode(map[string]any{field: a}, "")
	if err != nil {
		return false, err
	}
	wanted, err := encode(map[string]any{field: b}, "")
	if err != nil {
		return false, err
	}
	difference, err := unifiedDiff(existing, wanted, field)
	return difference == "", err
}

// withoutMarked returns a blueprint without the relations that Run has added, and their expressions.
func withoutMarked(document json.RawMessage) (json.RawMessage, map[string]string, error) {
	var fields map[string]json.RawMessage
	var have declarations
	var blueprint port.Blueprint
	if err := errors.Join(json.Unmarshal(document, &fields), json.Unmarshal(document, &have), json.Unmarshal(document, &blueprint)); err != nil {
		return nil, nil, fmt.Errorf("read blueprint: %w", err)
	}
	marked := mapper.MarkedRelations(blueprint)
	if len(marked) == 0 {
		return document, nil, nil
	}
	for name := range marked {
		delete(have.Relations, name)
	}
	var err error
	if fields["relations"], err = encode(have.Relations, ""); err != nil {
		return nil, nil, err
	}
	document, err = encode(fields, "")
	return document, marked, err
}

// planWebhook plans to remove the built-in entries for what goes and the relations that Run has added, or the whole
// webhook if nothing else is in it.
func (r *remover) planWebhook() error {
	if r.found.webhook == nil {
		return nil
	}
	webhook := *r.found.webhook
	title := "webhook " + webhook.Identifier
	entries, err := readEntries(webhook.Mappings)
	if err != nil {
		return fmt.Errorf("%s: %w", title, err)
	}
	before := len(r.removal.Parts)
	if err := r.dropRelations(entries, title); err != nil {
		return err
	}
	if webhook.Mappings, err = documentsOf(entries); err != nil {
		return err
	}
	difference, err := diffWebhooks(webhook, builtinWebhook())
	if err != nil {
		return err
	}
	if difference == "" && r.options.All && r.going[mapper.CurrentBlueprint] {
		r.removal.Parts = append(r.removal.Parts, title)
		r.actions = append(r.actions, action{Webhook, webhook.Identifier, "delete " + title, port.DeleteWebhookRequest(webhook.Identifier)})
		return nil
	}
	rest, err := r.dropEntries(entries, title)
	if err != nil || len(r.removal.Parts) == before {
		return err
	}
	mappings, err := documentsOf(rest)
	if err != nil {
		return err
	}
	patch, err := encode(map[string]any{"mappings": mappings}, "")
	r.actions = append(r.actions, action{Webhook, webhook.Identifier, "remove entries of " + title, port.UpdateWebhookRequest(webhook.Identifier, patch)})
	return err
}

func documentsOf(entries []entry) (json.RawMessage, error) {
	documents := make([]json.RawMessage, len(entries))
	for i, e := range entries {
		documents[i] = e.document
	}
	return encode(documents, "")
}

// dropRelations removes the relations that Run has added to the entries for the current blueprint.
func (r *remover) dropRelations(entries []entry, title string) error {
	document := r.found.blueprints[mapper.CurrentBlueprint]
	if document == nil {
		return nil
	}
	_, marked, err := withoutMarked(document)
	if err != nil {
		return err
	}
	for i, e := range entries {
		if e.blueprint != mapper.CurrentBlueprint || e.deletes || len(marked) == 0 {
			continue
		}
		changed, err := changeRelations(e.document, func(relations map[string]json.RawMessage) (bool, error) {
			before := len(relations)
			for _, name := range slices.Sorted(maps.Keys(marked)) {
				expression, exists := relations[name]
				if !exists {
					continue
				}
				var text string
				if json.Unmarshal(expression, &text) != nil || text != marked[name] {
					r.refuse("entry %d of %s sets relation %s by an expression of its own: remove it in Port first", i+1, title, name)
				}
				r.removal.Parts = append(r.removal.Parts, fmt.Sprintf("relation %s in entry %d of %s", name, i+1, title))
				delete(relations, name)
			}
			return len(relations) < before, nil
		})
		if err != nil {
			return fmt.Errorf("entry %d of %s: %w", i+1, title, err)
		}
		if changed != nil {
			entries[i].document = changed
		}
	}
	return nil
}

// dropEntries returns the entries without those for the blueprints that go.
func (r *remover) dropEntries(entries []entry, title string) (rest []entry, err error) {
	builtin, err := readEntries(mapper.BuiltinMappingJSON())
	if err != nil {
		return nil, err
	}
	for i, e := range entries {
		ours := slices.IndexFunc(builtin, func(b entry) bool { return b.blueprint == e.blueprint })
		if ours < 0 || !r.going[e.blueprint] {
			rest = append(rest, e)
			continue
		}
		same, err := meansTheSame("mappings", []any{e.document}, []any{builtin[ours].document})
		if err != nil {
			return nil, err
		}
		if !same {
			r.refuse("entry %d of %s writes %s and was changed: remove it in Port first", i+1, title, e.blueprint)
		}
		r.removal.Parts = append(r.removal.Parts, fmt.Sprintf("entry for %s of %s", e.blueprint, title))
	}
	return rest, nil
}

// planPage plans to delete the page if it is unchanged.
func (r *remover) planPage() {
	if r.found.page == nil {
		return
	}
	var content struct {
		Widgets []struct {
			Widgets []struct {
				Dataset struct{ Rules []struct{ Value any } }
			}
		}
	}
	ours := false // with any threshold
	if json.Unmarshal(r.found.page, &content) == nil && len(content.Widgets) == 1 {
		for _, widget := range content.Widgets[0].Widgets {
			for _, rule := range widget.Dataset.Rules {
				threshold, isNumber := rule.Value.(float64)
				ours = ours || isNumber && containsJSON(r.found.page, page(Thresholds{threshold}))
			}
		}
	}
	if !ours {
		r.removal.Kept = append(r.removal.Kept, "page "+pageIdentifier+": it was changed")
		return
	}
	r.removal.Parts = append(r.removal.Parts, "page "+pageIdentifier)
	r.actions = append(r.actions, action{Page, pageIdentifier, "delete page " + pageIdentifier, port.DeletePageRequest(pageIdentifier)})
}

// namedScorecard is a scorecard and its identifier.
type namedScorecard struct {
	Identifier string
	document   json.RawMessage
}

// otherScorecards returns the scorecards of a blueprint that Run hasn't made.
func (r *remover) otherScorecards(ctx context.Context, blueprint string) ([]namedScorecard, error) {
	documents, err := found(r.options.Port.Scorecards(ctx, blueprint))
	if documents == nil || err != nil {
		return nil, err
	}
	var list []json.RawMessage
	if err := json.Unmarshal(documents, &list); err != nil {
		return nil, fmt.Errorf("read the scorecards of blueprint %s: %w", blueprint, err)
	}
	var others []namedScorecard
	for _, document := range list {
		s := namedScorecard{document: document}
		if err := json.Unmarshal(document, &s); err != nil {
			return nil, fmt.Errorf("read the scorecards of blueprint %s: %w", blueprint, err)
		}
		if blueprint != mapper.CurrentBlueprint || s.Identifier != scorecardIdentifier || !isOurScorecard(document) {
			others = append(others, s)
		}
	}
	return others, nil
}

// isOurScorecard reports whether a scorecard is the one of Run, with any thresholds.
func isOurScorecard(document json.RawMessage) bool {
	var content struct {
		Rules []struct {
			Query struct{ Conditions []struct{ Value float64 } }
		}
	}
	var t Thresholds
	if json.Unmarshal(document, &content) != nil || len(content.Rules) != len(t) {
		return false
	}
	for i, rule := range content.Rules {
		if len(rule.Query.Conditions) != 1 {
			return false
		}
		t[i] = rule.Query.Conditions[0].Value
	}
	ours, err := scorecard(t)
	return err == nil && containsJSON(document, ours)
}

// planScorecard plans to delete the scorecard if it is unchanged. It reports whether another one needs percentProperty.
func (r *remover) planScorecard(ctx context.Context) (keepPercent bool, err error) {
	if r.found.blueprints[mapper.CurrentBlueprint] == nil {
		return false, nil
	}
	if r.found.scorecard != nil && isOurScorecard(r.found.scorecard) {
		r.removal.Parts = append(r.removal.Parts, "scorecard "+scorecardIdentifier)
		r.actions = append(r.actions, action{Scorecard, scorecardIdentifier, "delete scorecard " + scorecardIdentifier, port.DeleteScorecardRequest(mapper.CurrentBlueprint, scorecardIdentifier)})
	}
	others, err := r.otherScorecards(ctx, mapper.CurrentBlueprint)
	for _, s := range others {
		if s.Identifier == scorecardIdentifier {
			r.removal.Kept = append(r.removal.Kept, "scorecard "+scorecardIdentifier+": it was changed")
		}
		if strings.Contains(string(s.document), percentProperty) {
			r.removal.Kept = append(r.removal.Kept, fmt.Sprintf("calculation property %s of blueprint %s: scorecard %s uses it", percentProperty, mapper.CurrentBlueprint, s.Identifier))
			keepPercent = true
		}
	}
	return keepPercent, err
}
