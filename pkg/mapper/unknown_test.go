package mapper_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

// What the REST API cannot tell is not sent; what it can tell is, null included.
func TestUnknownIsNotNull(t *testing.T) {
	type sent struct {
		Value   any
		There   bool
		Partial bool
	}
	nothing := sent{}
	whole := func(value any) sent { return sent{value, true, false} }
	known := map[string]any{"username": "slanks", "name": "PagesCoffy", "service": "github"}
	tests := []struct {
		name, expression string
		want             sent
	}{
		{"known", ".body.repo.name", whole("codecov-example")},
		{"known null", ".body.none", whole(nil)},
		{"known object", ".body.head.author | {name}", whole(map[string]any{"name": "PagesCoffy"})},
		{"service_id of the repository", ".body.repo.service_id", nothing},
		{"service_id of the owner", ".body.owner.service_id", nothing},
		{"service_id of the author", ".body.head.author.service_id", nothing},
		{"email", ".body.head.author.email", nothing},
		{"messages", ".body.head.totals.messages", nothing},
		{"diff", ".body.head.totals.diff", nothing},
		{"base", ".body.base.commitid", nothing},
		{"compare", ".body.compare.coverage", nothing},
		{"pull", ".body.pull.number", nothing},
		{"a default for it", `.body.pull.number // "none"`, nothing},
		{"a default that could be true", ".body.head.totals.messages // 0", nothing},
		{"a flag", "if .body.pull.merged then 1 else 0 end", nothing},
		{"the opposite flag", ".body.pull.open != false", nothing},
		{"there or not", ".body.pull != null", nothing},
		{"within text", `"\(.body.repo.name) \(.body.pull.number)"`, nothing},
		{"a count of keys", ".body.head.totals | length", nothing},
		{"in a list", "[.body.repo.name, .body.repo.service_id]", nothing},
		{"not needed", ".body.head.author.name // .body.head.author.email", whole("PagesCoffy")},
		{"in a branch not taken", `if .body.head.branch == "x" then .body.pull.number else 1 end`, whole(1)},
		{"in a branch that no sample takes", `if .body.head.branch == "slanks-patch-11" then .body.pull.number else 1 end`, nothing},
		{"sought", "[.. | .email? // empty] | first", nothing},
		{"part of an object", ".body.head.author", sent{known, true, true}},
		{"part of an object by name", ".body | {pull: .pull.number, name: .repo.name}", sent{map[string]any{"name": "codecov-example"}, true, true}},
		{
			"part of an object within", ".body | {name: .repo.name, author: .head.author}",
			sent{map[string]any{"name": "codecov-example", "author": known}, true, true},
		},
		{"no part of an object", ".body | {pull, base}", nothing},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			mapped := mapOne(t, entry(test.expression), samplePayload())
			value, there := mapped.Entity.Properties["p"]
			if diff := cmp.Diff(test.want, sent{value, there, mapped.Partial["p"]}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReportIsKnownInPart(t *testing.T) {
	report := mapBuiltin(t, samplePayload())[0]
	totals := part(t, samplePayload(), "body", "head", "totals")
	if diff := cmp.Diff(totals, report.Entity.Properties["report"]); diff != "" {
		t.Error(diff)
	}
	if !report.Partial["report"] || len(report.Partial) != 1 {
		t.Errorf("partial: %v, want the report alone", report.Partial)
	}
}

// The address at the provider is known on the providers' own sites and unknown elsewhere.
func TestUnknownServiceURL(t *testing.T) {
	for service, want := range map[codecov.Service]any{
		codecov.GitHub:           "https://github.com/slanks/codecov-example/commit/a7794fc92007d3a1b99066c8f6ec66a393bf3520",
		codecov.GitHubEnterprise: nil,
	} {
		account := sampleAccount()
		account.Service = service
		payload := mapper.Payload(account, sampleRepository(), sampleCommit())
		properties := mapOne(t, entry(".body.head.service_url"), payload).Entity.Properties
		got, there := properties["p"]
		if got != want || there != (want != nil) {
			t.Errorf("%s: got %v (there: %t), want %v", service, got, there, want)
		}
	}
}

// Without an author, nothing about it is unknown, yet a null that could be is never sent.
func TestUnknownOfANullAuthor(t *testing.T) {
	commit := sampleCommit()
	commit.Author = nil
	payload := mapper.Payload(sampleAccount(), sampleRepository(), commit)
	if properties := mapOne(t, entry(".body.head.author.email"), payload).Entity.Properties; len(properties) > 0 {
		t.Errorf("email: got %v, want it left out", properties)
	}
	if got, there := mapOne(t, entry(".body.head.author.name"), payload).Entity.Properties["p"]; got != nil || !there {
		t.Errorf("name: got %v (there: %t), want null", got, there)
	}
}

// A payload that came from the webhook itself is known in every part.
func TestNothingIsUnknownInARecordedPayload(t *testing.T) {
	for expression, want := range map[string]any{
		".body.pull.number": "11", ".body.head.author.email": "slanks@email.com", ".body.head.totals | length": 13,
		".body.repo": map[string]any{
			"url": "https://app.codecov.io/gh/slanks/codecov-example", "service_id": "742056150", "name": "codecov-example", "private": false,
		},
	} {
		mapped := mapOne(t, entry(expression), recorded(t, "webhook-sample.json"))
		if diff := cmp.Diff(want, mapped.Entity.Properties["p"]); diff != "" || len(mapped.Partial) > 0 {
			t.Errorf("%s: partial %v, %s", expression, mapped.Partial, diff)
		}
	}
}
