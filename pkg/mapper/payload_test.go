package mapper_test

import (
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

func TestPayloadIsTheWebhookWithoutTheUnknown(t *testing.T) {
	want := recorded(t, "webhook-sample.json")
	body := want["body"].(map[string]any)
	body["base"], body["compare"], body["pull"] = nil, nil, nil
	for _, object := range []any{body["repo"], body["owner"], part(t, body, "head", "author"), part(t, body, "head", "totals")} {
		for _, unknown := range []string{"service_id", "email", "messages", "diff"} {
			delete(object.(map[string]any), unknown)
		}
	}
	if diff := cmp.Diff(want, samplePayload()); diff != "" {
		t.Error(diff)
	}
}

func TestPayloadAddresses(t *testing.T) {
	tests := []struct {
		service           codecov.Service
		owner, repository string
		page, serviceURL  string
	}{
		{codecov.GitHub, "acme", "web", "https://app.codecov.io/gh/acme/web", "https://github.com/acme/web/commit/abc"},
		{codecov.GitLab, "group:sub", "web", "https://app.codecov.io/gl/group:sub/web", "https://gitlab.com/group/sub/web/commit/abc"},
		{codecov.Bitbucket, "team", "web", "https://app.codecov.io/bb/team/web", "https://bitbucket.org/team/web/commits/abc"},
		{codecov.GitHubEnterprise, "acme", "web", "https://app.codecov.io/ghe/acme/web", ""},
		{codecov.GitLabEnterprise, "acme", "web", "https://app.codecov.io/gle/acme/web", ""},
		{codecov.BitbucketServer, "acme", "web", "https://app.codecov.io/bbs/acme/web", ""},
		{codecov.GitHub, "a b", "100%/#?", "https://app.codecov.io/gh/a%20b/100%25%2F%23%3F", "https://github.com/a%20b/100%25%2F%23%3F/commit/abc"},
	}
	for _, test := range tests {
		t.Run(string(test.service)+" "+test.owner, func(t *testing.T) {
			account := mapper.Account{Service: test.service, Owner: test.owner, AppURL: "https://app.codecov.io"}
			payload := mapper.Payload(account, codecov.Repository{Name: test.repository}, &codecov.Commit{CommitID: "abc"})
			if got := part(t, payload, "body", "repo", "url"); got != test.page {
				t.Errorf("repo.url: got %v, want %v", got, test.page)
			}
			if got, want := part(t, payload, "body", "head", "url"), test.page+"/commit/abc"; got != want {
				t.Errorf("head.url: got %v, want %v", got, want)
			}
			got, known := part(t, payload, "body", "head").(map[string]any)["service_url"]
			if known != (test.serviceURL != "") || known && got != test.serviceURL {
				t.Errorf("head.service_url: got %v, want %q", got, test.serviceURL)
			}
			if got := part(t, payload, "body", "owner", "service"); got != string(test.service) {
				t.Errorf("owner.service: got %v, want the long name %v", got, test.service)
			}
		})
	}
}

func TestPayloadSpellsTheOwnerAsCodecovDoes(t *testing.T) {
	account := mapper.Account{Service: codecov.GitHub, Owner: "ACME", AppURL: "https://app.codecov.io"}
	repository := codecov.Repository{Name: "web", Author: codecov.Author{Username: pointer("Acme")}}
	payload := mapper.Payload(account, repository, &codecov.Commit{})
	if got := part(t, payload, "body", "owner", "username"); got != "Acme" {
		t.Errorf("owner.username: got %v", got)
	}
	if got := part(t, payload, "body", "repo", "url"); got != "https://app.codecov.io/gh/Acme/web" {
		t.Errorf("repo.url: got %v", got)
	}
}

func TestPayloadTimestamp(t *testing.T) {
	tests := map[string]string{
		"2024-02-02T14:21:35Z":        "2024-02-02T14:21:35",
		"2024-06-01T00:00:00.120000Z": "2024-06-01T00:00:00.120000",
		"2024-02-29T23:59:59.000001Z": "2024-02-29T23:59:59.000001",
		"2024-06-01T02:00:00+02:00":   "2024-06-01T00:00:00",
		"0001-01-01T00:00:00Z":        "0001-01-01T00:00:00",
		"9999-12-31T23:59:59Z":        "9999-12-31T23:59:59",
		"1969-12-31T23:59:59.5Z":      "1969-12-31T23:59:59.500000",
	}
	for in, want := range tests {
		at, err := time.Parse(time.RFC3339, in)
		if err != nil {
			t.Fatal(err)
		}
		payload := mapper.Payload(sampleAccount(), sampleRepository(), &codecov.Commit{Timestamp: at})
		if got := part(t, payload, "body", "head", "timestamp"); got != want {
			t.Errorf("%s: got %v, want %v", in, got, want)
		}
	}
}

func TestPayloadCoverage(t *testing.T) {
	tests := []struct {
		name        string
		hits, lines int64
		coverage    *float64
		want        any
	}{
		{"exact", 35, 36, pointer(97.22), "97.22222"},
		{"full", 36, 36, pointer(100.0), "100"},
		{"none", 0, 36, pointer(0.0), "0"},
		{"cut downwards with float error", 29, 10000, pointer(0.28), "0.29000"},
		{"no lines, nothing covered", 0, 0, pointer(0.0), "0"},
		{"no lines, all covered", 0, 0, pointer(100.0), "100"},
		{"nothing covered, all covered", 0, 36, pointer(100.0), "100"},
		{"contradicts itself", 35, 36, pointer(81.5), "81.50000"},
		{"just over the tolerance", 50, 100, pointer(49.98), "49.98000"},
		{"null", 35, 36, nil, nil},
		{"beyond 2^53", 9007199254740992, 9007199254740993, pointer(100.0), "100.00000"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			commit := codecov.Commit{Totals: &codecov.Totals{Hits: &test.hits, Lines: &test.lines, Coverage: test.coverage}}
			payload := mapper.Payload(sampleAccount(), sampleRepository(), &commit)
			if got := part(t, payload, "body", "head", "totals", "coverage"); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestPayloadNumbers(t *testing.T) {
	commit := codecov.Commit{Totals: &codecov.Totals{
		Files: new(int64), Lines: pointer(int64(9007199254740993)), Complexity: pointer(1e12), ComplexityTotal: pointer(2.5), ComplexityRatio: pointer(30.0),
	}}
	totals := part(t, mapper.Payload(sampleAccount(), sampleRepository(), &commit), "body", "head", "totals").(map[string]any)
	for key, want := range map[string]any{
		"lines": 9007199254740993, "files": 0, "complexity": 1_000_000_000_000, "complexity_total": 2.5,
	} {
		if totals[key] != want {
			t.Errorf("%s: got %v (%T), want %v", key, totals[key], totals[key], want)
		}
	}
	if _, ok := totals["complexity_ratio"]; ok {
		t.Error("complexity_ratio: the webhook has no such key")
	}
}

func TestPayloadNulls(t *testing.T) {
	head := part(t, mapper.Payload(sampleAccount(), sampleRepository(), &codecov.Commit{}), "body", "head").(map[string]any)
	for _, key := range []string{"author", "totals", "branch", "message"} {
		if value, ok := head[key]; !ok || value != nil {
			t.Errorf("%s: got %v (there: %t), want null", key, value, ok)
		}
	}
	nameless := codecov.Commit{Author: &codecov.Author{Service: "github"}, Totals: &codecov.Totals{}}
	head = part(t, mapper.Payload(sampleAccount(), sampleRepository(), &nameless), "body", "head").(map[string]any)
	if diff := cmp.Diff(map[string]any{"service": "github", "username": nil, "name": nil}, head["author"]); diff != "" {
		t.Error(diff)
	}
	for _, key := range []string{"files", "lines", "hits", "misses", "partials", "branches", "methods", "sessions", "complexity", "coverage"} {
		if got := part(t, head, "totals", key); got != nil {
			t.Errorf("%s: got %v, want null", key, got)
		}
	}
}

func TestPayloadHasOnlyTypesOfJQ(t *testing.T) {
	commit := sampleCommit()
	commit.Totals.Complexity = pointer(1e300)
	assertJQTypes(t, mapper.Payload(sampleAccount(), sampleRepository(), &commit))
}

func assertJQTypes(t *testing.T, value any) {
	t.Helper()
	switch v := value.(type) {
	case nil, bool, int, float64, *big.Int, string:
	case []any:
		for _, item := range v {
			assertJQTypes(t, item)
		}
	case map[string]any:
		for _, inner := range v {
			assertJQTypes(t, inner)
		}
	default:
		t.Errorf("JQ takes no %T: %v", value, value)
	}
}

func TestSkipReason(t *testing.T) {
	complete := pointer(codecov.StateComplete)
	covered := &codecov.Totals{Coverage: new(float64)}
	tests := []struct {
		name   string
		commit codecov.Commit
		want   mapper.Reason
	}{
		{"usable, though nothing is covered", codecov.Commit{State: complete, Totals: covered}, ""},
		{"pending", codecov.Commit{State: pointer("pending"), Totals: covered}, mapper.Pending},
		{"error", codecov.Commit{State: pointer("error"), Totals: covered}, mapper.Errored},
		{"skipped", codecov.Commit{State: pointer("skipped"), Totals: covered}, mapper.Skipped},
		{"null state", codecov.Commit{Totals: covered}, mapper.NoState},
		{"a state of the future", codecov.Commit{State: pointer("archived"), Totals: covered}, mapper.UnknownState},
		{"a state that is called like a reason", codecov.Commit{State: pointer("no totals"), Totals: covered}, mapper.UnknownState},
		{"no totals", codecov.Commit{State: complete}, mapper.NoTotals},
		{"no coverage", codecov.Commit{State: complete, Totals: &codecov.Totals{Hits: pointer(int64(5)), Lines: pointer(int64(10))}}, mapper.NoCoverage},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if reason := mapper.SkipReason(test.commit); reason != test.want {
				t.Errorf("got %q, want %q", reason, test.want)
			}
		})
	}
}
