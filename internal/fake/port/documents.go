package port

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// document is a webhook, scorecard or page at its path.
type document struct {
	path string
	body map[string]any
}

func (s *Server) findDocument(path string) (int, error) {
	i := slices.IndexFunc(s.documents, func(d document) bool { return d.path == path })
	if i < 0 {
		return 0, notFound("Document", path)
	}
	return i, nil
}

// createDocument stores the body below the path and answers it under a key. Check refuses or completes it.
func createDocument(key string, check func(*Server, call) error) func(*Server, call) (map[string]any, error) {
	return func(s *Server, c call) (map[string]any, error) {
		if err := check(s, c); err != nil {
			return nil, err
		}
		identifier, _ := c.body["identifier"].(string)
		path := c.request.URL.Path + "/" + identifier
		if identifier == "" {
			return nil, errors.New("body must have required property 'identifier'")
		}
		if _, err := s.findDocument(path); err == nil {
			return nil, taken("Document", path)
		}
		c.body["createdAt"] = s.options.Now().UTC().Format(storedInstant)
		s.documents = append(s.documents, document{path, c.body})
		return ok(key, c.body), nil
	}
}

// readDocument answers a document under a key.
func readDocument(key string) func(*Server, call) (map[string]any, error) {
	return func(s *Server, c call) (map[string]any, error) {
		i, err := s.findDocument(c.request.URL.Path)
		if err != nil {
			return nil, err
		}
		return ok(key, s.documents[i].body), nil
	}
}

func (s *Server) deleteDocument(c call) (map[string]any, error) {
	i, err := s.findDocument(c.request.URL.Path)
	if err != nil {
		return nil, err
	}
	s.documents = slices.Delete(s.documents, i, i+1)
	return map[string]any{"ok": true}, nil
}

// completeWebhook adds the key and the address of a webhook, as the API does. The contract does not describe this answer.
func (s *Server) completeWebhook(c call) error {
	if c.body["identifier"] == nil {
		c.body["identifier"] = fmt.Sprintf("webhook_%d", len(s.documents)+1)
	}
	key := fmt.Sprintf("%.8x", sha256.Sum256(fmt.Append(nil, c.body["identifier"])))
	c.body["webhookKey"], c.body["url"], c.body["integrationType"] = key, "https://ingest.port.io/"+key, "custom"
	return nil
}

// patchWebhook lays the body over the webhook.
func (s *Server) patchWebhook(c call) (map[string]any, error) {
	i, err := s.findDocument(c.request.URL.Path)
	if err != nil {
		return nil, err
	}
	changed := maps.Clone(s.documents[i].body)
	maps.Copy(changed, c.body)
	s.documents[i].body = changed
	return ok("integration", changed), nil
}

func (s *Server) listScorecards(c call) (map[string]any, error) {
	scorecards := []any{}
	for _, d := range s.documents {
		if strings.HasPrefix(d.path, c.request.URL.Path+"/") {
			scorecards = append(scorecards, d.body)
		}
	}
	return ok("scorecards", scorecards), nil
}

// checkScorecard checks what the contract cannot: that each rule names a level that is declared and properties that exist.
func (s *Server) checkScorecard(c call) error {
	var scorecard struct {
		Levels []struct{ Title string }
		Rules  []struct {
			Level string
			Query struct{ Conditions []struct{ Property string } }
		}
	}
	if err := reread(c.body, &scorecard); err != nil {
		return err
	}
	for i, rule := range scorecard.Rules {
		if !slices.Contains(scorecard.Levels, struct{ Title string }{rule.Level}) {
			return fmt.Errorf("body/rules/%d: level %q is not declared", i, rule.Level)
		}
		for _, condition := range rule.Query.Conditions {
			if !c.blueprint.holds(condition.Property) {
				return fmt.Errorf("body/rules/%d: the blueprint has no property %q", i, condition.Property)
			}
		}
	}
	return nil
}

// widget is what the fake reads of a widget of a dashboard, or of a line of its chart.
type widget struct {
	ID, Blueprint, Property, MeasureTimeBy string
	Properties                             []string
	Lines                                  []widget
	Dataset                                struct{ Rules []struct{ Property string } }
}

// checkPage checks a page, which the contract does not have: rows of at least 400, at most four columns that sum to 12,
// each widget in one of them. Port doesn't refuse unknown blueprints and properties, but would show nothing: the fake
// refuses them.
func (s *Server) checkPage(c call) error {
	var page struct {
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
	if err := reread(c.body, &page); err != nil {
		return err
	}
	if page.Type != "dashboard" || len(page.Widgets) != 1 || page.Widgets[0].Type != "dashboard-widget" {
		return errors.New("body: a dashboard has one root widget of type dashboard-widget")
	}
	root := page.Widgets[0]
	var placed, present []string
	for i, row := range root.Layout {
		sum := 0
		for _, column := range row.Columns {
			if column.Size < 3 {
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
			if err := s.checkWidget(line); err != nil {
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

func (s *Server) checkWidget(w widget) error {
	if w.Blueprint == "" && len(w.Lines) > 0 {
		return nil
	}
	b := s.blueprints[w.Blueprint]
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
		if property != "" && !b.holds(property) {
			return fmt.Errorf("blueprint %s has no property %q", w.Blueprint, property)
		}
	}
	return nil
}
