package mapper_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

// What the REST API does not return is neither written nor compared; what it returns is, null included.
func TestUnknownIsNotNull(t *testing.T) {
	for name, test := range map[string]struct {
		expression string
		unknown    string       // the part that it depends on
		shape      mapper.Shape // if the value is known in part
	}{
		"known":                         {expression: ".body.repo.name"},
		"null":                          {expression: ".body.none"},
		"known parts of an object":      {expression: ".body.head.author | {name}"},
		"below an object":               {expression: ".body.head.totals.coverage | tonumber"},
		"a default":                     {expression: `.body.head.author.name // "nobody"`},
		"a condition":                   {expression: `if .body.head.branch == "main" then .body.head.totals.files else null end`},
		"a condition on an object":      {expression: `if .body.head.author then .body.head.author.name else "nobody" end`},
		"a variable":                    {expression: ".body.head as $h | $h.totals.files + $h.totals.lines"},
		"a destructured variable":       {expression: `.body.repo.name | split("-") as [$a, $b] | $b + $a`},
		"a function":                    {expression: "def half: . / 2; .body.head.totals.files | half"},
		"a function with an argument":   {expression: "def add(f; $n): f + $n; .body.head.totals.files | add(.; 1)"},
		"text":                          {expression: `"\(.body.repo.name)@\(.body.head.commitid[0:7])"`},
		"select":                        {expression: `.body.head | select(.branch != null) | .branch`},
		"a constant key":                {expression: `.body["head"]."totals"["files"]`},
		"an array":                      {expression: "[.body.repo.name, .body.owner.username] | join(\"/\")"},
		"reduce":                        {expression: `reduce (.body.head.totals.hits, .body.head.totals.misses) as $n (0; . + $n)`},
		"an object tested for null":     {expression: `if .body.head.author == null then "nobody" else .body.head.author.name end`},
		"a recursive function":          {expression: "def f: if . > 9 then . / 10 | f else . end; .body.head.totals.lines | f"},
		"service_url at GitHub":         {expression: ".body.head.service_url"},
		"service_id of the repository":  {expression: ".body.repo.service_id", unknown: ".body.repo.service_id"},
		"service_id of the owner":       {expression: ".body.owner.service_id", unknown: ".body.owner.service_id"},
		"service_id of the author":      {expression: ".body.head.author.service_id", unknown: ".body.head.author.service_id"},
		"email":                         {expression: ".body.head.author | .email", unknown: ".body.head.author.email"},
		"messages":                      {expression: ".body.head.totals.messages // 0", unknown: ".body.head.totals.messages"},
		"diff":                          {expression: ".body.head.totals.diff[1]", unknown: ".body.head.totals.diff"},
		"base":                          {expression: ".body.base.commitid", unknown: ".body.base"},
		"compare":                       {expression: ".body.compare.coverage", unknown: ".body.compare"},
		"pull":                          {expression: `.body.pull.number // "none"`, unknown: ".body.pull"},
		"a flag":                        {expression: "if .body.pull.merged then 1 else 0 end", unknown: ".body.pull"},
		"there or not":                  {expression: ".body.pull != null", unknown: ".body.pull"},
		"ignored":                       {expression: ".body.pull.number | 1", unknown: ".body.pull"},
		"within text":                   {expression: `"\(.body.repo.name) \(.body.pull.number)"`, unknown: ".body.pull"},
		"in a branch that is not taken": {expression: `if false then .body.pull.number else 1 end`, unknown: ".body.pull"},
		"through a variable":            {expression: ".body as $b | $b.pull.number", unknown: ".body.pull"},
		"in a function":                 {expression: ".body.pull as $p | def n: $p.number; 1 | n", unknown: ".body.pull"},
		"an object through a function":  {expression: "def files: .totals.files; .body.head | files", unknown: ".body.head.author.service_id"},
		"an object taken apart":         {expression: ".body.head as {totals: {$files}} | $files", unknown: ".body.head.author.service_id"},
		"a count of keys":               {expression: ".body.head.totals | length", unknown: ".body.head.totals.messages"},
		"keys":                          {expression: ".body.head.totals | keys", unknown: ".body.head.totals.messages"},
		"tojson":                        {expression: ".body.head | tojson", unknown: ".body.head.author.service_id"},
		"in an array":                   {expression: "[.body.repo]", unknown: ".body.repo.service_id"},
		"in an object":                  {expression: "{repo: .body.repo}", unknown: ".body.repo.service_id"},
		"recursion":                     {expression: "[.. | .email? // empty] | first", unknown: ".body.repo.service_id"},
		"a computed key":                {expression: `.body["re" + "po"].name`, unknown: ".body.repo.service_id"},
		"iteration":                     {expression: ".body.head[]", unknown: ".body.head.author.service_id"},
		"a default of an object":        {expression: ".body.head.author // {}", unknown: ".body.head.author.service_id"},
		"an endless function":           {expression: "def f: .head | f; .body | f", unknown: ".body.repo.service_id"},
		"a whole object":                {expression: ".body.head.author", shape: headShape["author"]},
		"a whole object with objects":   {expression: ".body.head", shape: headShape},
		"a whole object by text":        {expression: `.body["head"]."author"`, shape: headShape["author"]},
		"the whole payload":             {expression: ".", shape: mapper.Shape{"body": bodyShape}},
	} {
		t.Run(name, func(t *testing.T) {
			mapping := compile(t, []mapper.Entry{entry(test.expression)})
			info, limits := mapping.Entries()[0], mapping.Limits()
			if diff := cmp.Diff(test.shape, info.Partial["p"]); diff != "" {
				t.Errorf("%s: shape (-want +got):\n%s", test.expression, diff)
			}
			if test.unknown == "" {
				if len(limits) > 0 || len(info.Properties) != 1 {
					t.Errorf("%s: limits %+v, want none", test.expression, limits)
				}
				return
			}
			if len(limits) != 1 || !strings.Contains(limits[0].Reason, "depends on "+test.unknown+",") || len(info.Properties) != 0 {
				t.Errorf("%s: limits %+v, want one that names %s", test.expression, limits, test.unknown)
			}
			mapped := mapOne(t, entry(test.expression), samplePayload())
			if value, ok := mapped.Entity.Properties["p"]; ok {
				t.Errorf("%s: the property is %v, want it left out", test.expression, value)
			}
		})
	}
}

func TestAFilterOverAnUnknownPartRunsWithNull(t *testing.T) {
	e := entry(".body.repo.name")
	e.Filter = ".body.pull == null"
	mapping := compile(t, []mapper.Entry{e})
	if limits := mapping.Limits(); len(limits) != 1 || limits[0].Field != "filter" || limits[0].Skipped {
		t.Errorf("limits %+v, want the filter to be named", limits)
	}
	if result, err := mapping.Map(t.Context(), samplePayload(), takeAll); err != nil || len(result.Entities) != 1 {
		t.Errorf("entities %+v, error %v, want one entity", result.Entities, err)
	}
}

func TestAnIdentifierOverAnUnknownPartSkipsTheEntry(t *testing.T) {
	e := entry(".body.repo.name")
	e.Entity.Identifier = ".body.repo.service_id"
	mapping := compile(t, []mapper.Entry{e})
	if limits := mapping.Limits(); len(limits) != 1 || !limits[0].Skipped || len(mapping.Entries()) != 0 {
		t.Errorf("limits %+v, entries %+v, want the entry skipped", limits, mapping.Entries())
	}
}

// The address at the provider is known for the providers' own sites only.
func TestServiceURLOfASelfHostedProvider(t *testing.T) {
	mapping, err := mapper.Compile([]mapper.Entry{entry(".body.head.service_url")}, mapper.Options{Service: codecov.GitLabEnterprise})
	if err != nil {
		t.Fatal(err)
	}
	if limits := mapping.Limits(); len(limits) != 1 || !strings.Contains(limits[0].Reason, ".body.head.service_url") {
		t.Errorf("limits %+v, want one that names .body.head.service_url", limits)
	}
}

func TestProject(t *testing.T) {
	stored := map[string]any{"files": 3, "diff": []any{1}, "author": map[string]any{"name": "Ann", "email": "a@b"}, "x": nil}
	shape := mapper.Shape{"files": nil, "author": {"name": nil, "username": nil}, "absent": nil}
	want := map[string]any{"files": 3, "author": map[string]any{"name": "Ann"}}
	if diff := cmp.Diff(want, shape.Project(stored)); diff != "" {
		t.Errorf("Project (-want +got):\n%s", diff)
	}
	for _, value := range []any{nil, "text", []any{1}} {
		if diff := cmp.Diff(value, shape.Project(value)); diff != "" {
			t.Errorf("Project of a value that is not an object (-want +got):\n%s", diff)
		}
	}
}

// TestKnownExpressionsIgnoreUnknownParts runs every recorded expression that is considered known on a payload with the
// unknown parts and on one without them: the results must be equal, or equal in their known keys.
func TestKnownExpressionsIgnoreUnknownParts(t *testing.T) {
	data, err := os.ReadFile("jq/testdata/port-1.7.1.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows []struct {
		Expression string `json:"expr"`
	}
	if err := json.Unmarshal(data, &rows); err != nil {
		t.Fatal(err)
	}
	live, rebuilt := recorded(t, "webhook-sample.json"), samplePayload()
	known := 0
	for _, row := range rows {
		mapping, err := mapper.Compile([]mapper.Entry{entry(row.Expression)}, mapper.Options{Now: sampleNow})
		if err != nil || len(mapping.Entries()[0].Properties) == 0 {
			continue
		}
		known++
		value := func(mapping *mapper.Mapping, payload map[string]any) any {
			result, err := mapping.Map(t.Context(), payload, takeAll)
			if err != nil {
				t.Fatal(err)
			}
			return result.Entities[0].Entity.Properties["p"]
		}
		want := mapping.Entries()[0].Partial["p"].Project(value(mapping.Live(), live))
		if diff := cmp.Diff(want, value(mapping, rebuilt), bigInts); diff != "" {
			t.Errorf("%s is considered known, but differs (-with unknown parts +without):\n%s", row.Expression, diff)
		}
	}
	if known < 700 {
		t.Errorf("%d of %d expressions are known, want most of them", known, len(rows))
	}
}
