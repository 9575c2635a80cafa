package mapper_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/pkg/mapper"
)

const (
	documented = `[{"blueprint": "codecov_coverage", "entity": {"identifier": ".body.repo.name", "properties": {"mine": "1"}}}]`
	deletes    = `[{"blueprint": "codecov_coverage", "operation": "delete", "entity": {"identifier": ".body.repo.name"}}]`
	custom     = `{"mappings": [{"blueprint": "service", "entity": {"identifier": ".body.repo.name"}}]}`
	both       = `[{"blueprint": "codecov_commit_coverage", "entity": {"identifier": ".body.head.commitid"}},
		{"blueprint": "codecov_coverage", "entity": {"identifier": ".body.repo.name"}},
		{"blueprint": "codecov_coverage", "entity": {"identifier": ".body.head.branch"}}]`
)

func TestChoiceSetsTheOriginOfEachEntry(t *testing.T) {
	const state, history = "codecov_coverage", "codecov_commit_coverage"
	for name, test := range map[string]struct {
		choice  mapper.Choice
		webhook string
		want    []string
	}{
		"zero":                  {mapper.Choice{}, documented, []string{state + ": built-in mapping", history + ": built-in mapping"}},
		"builtin":               {mapper.Choice{Name: "builtin"}, documented, []string{state + ": built-in mapping", history + ": built-in mapping"}},
		"auto, none":            {mapper.Choice{Name: "auto"}, "", []string{state + ": built-in mapping", history + ": built-in mapping"}},
		"auto, the documented":  {mapper.Choice{Name: "auto"}, documented, []string{state + ": webhook codecov_mapper", history + ": built-in mapping"}},
		"auto, another":         {mapper.Choice{Name: "auto"}, custom, []string{"service: webhook codecov_mapper", state + ": built-in mapping", history + ": built-in mapping"}},
		"auto, one that delete": {mapper.Choice{Name: "auto"}, deletes, []string{state + ": webhook codecov_mapper", state + ": built-in mapping", history + ": built-in mapping"}},
		"auto, both": {mapper.Choice{Name: "auto"}, both,
			[]string{history + ": webhook codecov_mapper", state + ": webhook codecov_mapper", state + ": webhook codecov_mapper"}},
		"webhook":    {mapper.Choice{Name: "webhook"}, documented, []string{state + ": webhook codecov_mapper"}},
		"a document": {mapper.Choice{Name: "my.json", Document: []byte(custom)}, documented, []string{"service: my.json"}},
	} {
		t.Run(name, func(t *testing.T) {
			chosen, err := test.choice.Entries([]byte(test.webhook))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range chosen {
				got = append(got, c.Blueprint+": "+c.Origin)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestChoiceRefuses(t *testing.T) {
	if _, err := (mapper.Choice{Name: "webhook"}).Entries(nil); !errors.Is(err, mapper.ErrNoWebhook) {
		t.Errorf("webhook without a webhook: %v", err)
	}
	for name, test := range map[string]struct {
		choice  mapper.Choice
		webhook string
		want    string
	}{
		"auto":       {mapper.Choice{Name: "auto"}, `[{}]`, "webhook codecov_mapper: mapping entry 1: blueprint: is missing"},
		"webhook":    {mapper.Choice{Name: "webhook"}, `[]`, "webhook codecov_mapper: mapping: it has no entries"},
		"a document": {mapper.Choice{Name: "my.yaml", Document: []byte("- entity: 1")}, documented, "my.yaml: mapping entry 1: blueprint: is missing"},
	} {
		if _, err := test.choice.Entries([]byte(test.webhook)); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %s", name, err, test.want)
		}
	}
}
