package port

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// visual is a scorecard or page at its path, as it was sent.
type visual struct {
	path     string
	document map[string]any
}

func (s *Server) visualAt(path string) int {
	return slices.IndexFunc(s.visuals, func(v visual) bool { return v.path == path })
}

// createVisual stores a scorecard or page below a path.
func (s *Server) createVisual(c call, kind string, check func(map[string]any) error) (int, any, *failure) {
	document := c.object()
	identifier, _ := document["identifier"].(string)
	path := c.URL.Path + "/" + identifier
	if identifier == "" {
		return 0, nil, invalidf("body must have required property 'identifier'")
	}
	if s.visualAt(path) >= 0 {
		return 0, nil, taken(kind, identifier)
	}
	if err := check(document); err != nil {
		return 0, nil, invalidf("%s", err)
	}
	document["createdAt"] = s.options.Now().UTC().Format(storedInstant)
	s.visuals = append(s.visuals, visual{path, document})
	return http.StatusCreated, map[string]any{"ok": true, "identifier": identifier}, nil
}

func (s *Server) createScorecard(c call) (int, any, *failure) {
	return s.createVisual(c, "Scorecard", c.blueprint.declaration.checkScorecard)
}

func (s *Server) createPage(c call) (int, any, *failure) {
	return s.createVisual(c, "Page", s.catalog.checkPage)
}

func (s *Server) listScorecards(c call) (int, any, *failure) {
	scorecards := []any{}
	for _, v := range s.visuals {
		if strings.HasPrefix(v.path, c.URL.Path+"/") {
			scorecards = append(scorecards, v.document)
		}
	}
	return http.StatusOK, map[string]any{"ok": true, "scorecards": scorecards}, nil
}

// readVisual returns the scorecard or page under the key of that name.
func readVisual(key string) func(*Server, call) (int, any, *failure) {
	return func(s *Server, c call) (int, any, *failure) {
		i := s.visualAt(c.URL.Path)
		if i < 0 {
			return 0, nil, notFound(key, c.URL.Path)
		}
		return http.StatusOK, map[string]any{"ok": true, key: s.visuals[i].document}, nil
	}
}

func (s *Server) deleteVisual(c call) (int, any, *failure) {
	i := s.visualAt(c.URL.Path)
	if i < 0 {
		return 0, nil, notFound("Document", c.URL.Path)
	}
	s.visuals = slices.Delete(s.visuals, i, i+1)
	return http.StatusOK, map[string]any{"ok": true}, nil
}

// deleteAllEntities removes the entities of a blueprint, and the blueprint if delete_blueprint is set and nothing points
// to it.
func (s *Server) deleteAllEntities(c call) (int, any, *failure) {
	b, identifier := c.blueprint, c.blueprint.declaration.Identifier
	if !c.is("delete_blueprint") {
		s.catalog.size -= len(b.rows)
		b.rows, b.order = map[string]*row{}, nil
		return http.StatusOK, map[string]any{"ok": true}, nil
	}
	if refused := s.catalog.checkUnneeded(identifier); refused != nil {
		return 0, nil, refused
	}
	s.catalog.undefine(identifier)
	s.visuals = slices.DeleteFunc(s.visuals, func(v visual) bool { return strings.HasPrefix(v.path, "/v1/blueprints/"+identifier+"/") })
	return http.StatusOK, map[string]any{"ok": true}, nil
}

// holds reports whether widgets and rules may name a property.
func (d *declaration) holds(property string) bool {
	_, isProperty := d.Schema.Properties[property]
	_, isMirrored := d.MirrorProperties[property]
	_, isCalculated := d.CalculationProperties[property]
	_, isAggregated := d.AggregationProperties[property]
	return isProperty || isMirrored || isCalculated || isAggregated || strings.HasPrefix(property, "$")
}

// checkScorecard checks that each rule names a level that is declared and properties that exist.
func (d *declaration) checkScorecard(document map[string]any) error {
	var scorecard struct {
		Title  string                   `json:"title"`
		Levels []struct{ Title string } `json:"levels"`
		Rules  []struct {
			Identifier, Title, Level string
			Query                    struct {
				Combinator string
				Conditions []struct{ Property, Operator string }
			}
		} `json:"rules"`
	}
	if err := reread(document, &scorecard); err != nil {
		return err
	}
	if scorecard.Title == "" || len(scorecard.Rules) == 0 {
		return fmt.Errorf("body must have required properties 'title' and 'rules'")
	}
	for _, rule := range scorecard.Rules {
		isLevel := func(level struct{ Title string }) bool { return level.Title == rule.Level }
		if rule.Identifier == "" || !slices.ContainsFunc(scorecard.Levels, isLevel) || len(rule.Query.Conditions) == 0 {
			return fmt.Errorf("body/rules: rule %q needs an identifier, a declared level and conditions", rule.Identifier)
		}
		for _, condition := range rule.Query.Conditions {
			if !d.holds(condition.Property) {
				return fmt.Errorf("body/rules: the blueprint has no property %q", condition.Property)
			}
		}
	}
	return nil
}

// widget is what the emulator reads of a widget of a dashboard, or of a line of its chart.
type widget struct {
	ID, Type, Blueprint, Property, MeasureTimeBy string
	Properties                                   []string
	Lines                                        []widget
	Dataset                                      struct{ Rules []struct{ Property string } }
}

// dashboard is what the emulator reads of a page.
type dashboard struct {
	Type    string
	Widgets []struct {
		Type   string
		Layout []struct {
			Height  int
			Columns []struct {
				ID   string
				Size int
			}
		}
		Widgets []widget
	}
}

// checkPage checks the layout: rows of at least 400, at most four columns that sum to 12, each widget in one of them. Port
// doesn't refuse unknown blueprints and properties, but would show nothing: the emulator refuses them.
func (c *catalog) checkPage(document map[string]any) error {
	var page dashboard
	if err := reread(document, &page); err != nil {
		return err
	}
	if page.Type != "dashboard" || len(page.Widgets) != 1 || page.Widgets[0].Type != "dashboard-widget" {
		return fmt.Errorf("body: a dashboard has one root widget of type dashboard-widget")
	}
	root, placed, present := page.Widgets[0], []string{}, []string{}
	for i, row := range root.Layout {
		sum := 0
		for _, column := range row.Columns {
			if column.Size < 3 || column.Size > 12 {
				return fmt.Errorf("body/widgets/0/layout/%d: column %s has size %d", i, column.ID, column.Size)
			}
			sum += column.Size
			placed = append(placed, column.ID)
		}
		if row.Height < 400 || len(row.Columns) > 4 || sum != 12 {
			return fmt.Errorf("body/widgets/0/layout/%d: height %d, %d columns of %d together", i, row.Height, len(row.Columns), sum)
		}
	}
	for _, w := range root.Widgets {
		present = append(present, w.ID)
		for _, line := range append(w.Lines, w) {
			if err := c.checkWidget(line); err != nil {
				return fmt.Errorf("body/widgets/0/widgets: %s: %w", w.ID, err)
			}
		}
	}
	slices.Sort(placed)
	slices.Sort(present)
	if !slices.Equal(placed, present) || len(slices.Compact(placed)) != len(present) {
		return fmt.Errorf("body/widgets/0: the layout places %v, the widgets are %v", placed, present)
	}
	return nil
}

func (c *catalog) checkWidget(w widget) error {
	if w.Blueprint == "" && len(w.Lines) > 0 {
		return nil
	}
	b := c.blueprints[w.Blueprint]
	if b == nil {
		return fmt.Errorf("no blueprint %q", w.Blueprint)
	}
	used := []string{w.Property, w.MeasureTimeBy}
	for _, property := range w.Properties {
		used = append(used, strings.TrimPrefix(property, "properties."))
	}
	for _, rule := range w.Dataset.Rules {
		used = append(used, rule.Property)
	}
	for _, property := range used {
		if property != "" && !b.declaration.holds(property) {
			return fmt.Errorf("blueprint %s has no property %q", w.Blueprint, property)
		}
	}
	return nil
}

// reread decodes a decoded document into a struct.
func reread(document map[string]any, into any) error {
	text, err := json.Marshal(document)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		return fmt.Errorf("body: %w", err)
	}
	return nil
}
