package check_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/check"
	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/internal/fake/faults"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

func TestHealthySetup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		steps := newBench(t, acme(t), fakecodecov.Access{}).run(t)
		var got []string
		for _, step := range steps {
			if step.State != check.OK {
				t.Errorf("%s is %s: %s", step.Name, step.State, step.Text)
			}
			got = append(got, step.Name+": "+step.Text)
		}
		if cause := worst(steps); cause != "" {
			t.Errorf("the worst cause is %s", cause)
		}
		want := []string{
			"settings: all required settings are set",
			"Port address: https://eu.test responds",
			"Port credentials: Port accepts PORT_CLIENT_ID and PORT_CLIENT_SECRET",
			"Codecov address: https://codecov.test/api/v2 responds",
			"Codecov token: Codecov accepts CODECOV_TOKEN; its user can see 1 account at github: acme",
			"account acme: 60 repositories: 36 private, 7 inactive without coverage",
			"webhook: webhook codecov_mapper is enabled and writes codecov_coverage, codecov_commit_coverage",
			"mapping: 2 entries: codecov_coverage (webhook codecov_mapper), codecov_commit_coverage (webhook codecov_mapper)",
			`mapped commit: ledger-Worker23@17339eb becomes codecov_coverage ledger-Worker23 (author Sasha "S" <s@x>, branch main, coverage 95.02999, createdAt 2026-10-31T04:45:37Z), ` +
				"codecov_commit_coverage ledger-Worker23@17339eb3524a583015b0131a99d2bebe33c280ad",
			"blueprint codecov_coverage: declares everything that is mapped",
			"blueprint codecov_commit_coverage: declares everything that is mapped",
			"entities: Port holds 0 of codecov_coverage and 0 of codecov_commit_coverage for these accounts",
			"commits: 1,573 commits on the default branches of 53 repositories",
			"plan: the next sync creates up to 1,626 entities in 82 bulk requests, within a minute at Port's rate; a free Port account holds 10,000",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWebhookHintNamesBranches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		step := find(t, newBench(t, acme(t), fakecodecov.Access{}).run(t), "webhook")
		if !strings.Contains(step.Hint, "only_pulls: false") || !strings.Contains(step.Hint, "branches:") {
			t.Errorf("got %q", step.Hint)
		}
	})
}

// broken is one problem and the steps that it must lead to.
type broken struct {
	access fakecodecov.Access
	breaks func(*testing.T, *bench)
	step   string
	state  check.State
	cause  check.Cause // the worst one of all steps
	text   string
	hint   string
	skips  []string // steps that must be skipped
	judges []string // steps that must pass
}

var portSteps = []string{"Port credentials", "webhook", "blueprint codecov_coverage", "blueprint codecov_commit_coverage"}

var codecovSteps = []string{"account acme", "mapped commit", "commits", "plan"}

var brokenThings = map[string]broken{
	"a variable missing": {
		breaks: func(t *testing.T, b *bench) {
			b.options.Problems = []check.Step{{Text: "missing environment variable: CODECOV_TOKEN", Hint: "find it"}}
			_, b.options.Port = b.clients(t, b.source, b.catalog)
		},
		step: "settings", state: check.Failed, cause: check.Configuration, text: "missing environment variable", hint: "find it",
		skips: append([]string{"Codecov address", "Codecov token"}, codecovSteps...), judges: portSteps,
	},
	"provider wrong": {
		breaks: func(_ *testing.T, b *bench) { b.source.Service = "gitlab" },
		step:   "account acme", state: check.Failed, cause: check.Configuration, text: "Codecov has no account acme at gitlab", hint: "CODECOV_SERVICE_PROVIDER (gitlab)",
		skips: []string{"mapped commit", "commits", "plan"}, judges: portSteps,
	},
	"Port secret wrong": {
		breaks: func(_ *testing.T, b *bench) { b.catalog.ClientSecret = "secret-of-nobody" },
		step:   "Port credentials", state: check.Failed, cause: check.Credentials, text: "Port rejected PORT_CLIENT_ID and PORT_CLIENT_SECRET: ", hint: "Credentials",
		skips: portSteps[1:], judges: codecovSteps,
	},
	"region wrong": {
		breaks: func(_ *testing.T, b *bench) { b.catalog.ClientSecret = "secret-of-us" },
		step:   "Port credentials", state: check.Failed, cause: check.Configuration, text: "https://eu.test rejected the credentials, region us accepts them", hint: "set PORT_REGION=us",
		skips: portSteps[1:], judges: codecovSteps,
	},
	"Port unreachable": {
		breaks: func(_ *testing.T, b *bench) { delete(b.hosts, "eu.test") },
		step:   "Port address", state: check.Failed, cause: check.Other, text: "https://eu.test doesn't respond: no such host", hint: "HTTPS_PROXY",
		skips: portSteps, judges: codecovSteps,
	},
	"Port silent": {
		breaks: func(_ *testing.T, b *bench) {
			b.hosts["eu.test"] = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		},
		step: "Port address", state: check.Failed, cause: check.Other, text: "https://eu.test doesn't respond: no valid response within 40s", hint: "HTTPS_PROXY",
		skips: portSteps, judges: codecovSteps,
	},
	"a page instead of Port": {
		breaks: func(_ *testing.T, b *bench) {
			b.hosts["eu.test"] = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) })
		},
		step: "Port credentials", state: check.Failed, cause: check.Other, text: "unexpected response of Port: ", hint: "check the address",
		skips: portSteps[1:], judges: append([]string{"Port address"}, codecovSteps...),
	},
	"empty answers instead of Port": {
		breaks: func(_ *testing.T, b *bench) {
			b.hosts["eu.test"] = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { time.Sleep(5 * time.Second) })
		},
		step: "Port credentials", state: check.Failed, cause: check.Other, text: "unexpected response of Port: ", hint: "check the address",
		skips: portSteps[1:], judges: append([]string{"Port address"}, codecovSteps...),
	},
	"Port out of order": {
		breaks: func(_ *testing.T, b *bench) { b.eu.Faults.Add(faults.Fault{Times: -1, Status: 503}) },
		step:   "Port credentials", state: check.Failed, cause: check.Other, text: "unexpected response of Port: ", hint: "try again later",
		skips: portSteps[1:], judges: codecovSteps,
	},
	"Port forbids": {
		breaks: func(_ *testing.T, b *bench) { b.fail(403, "/v1/blueprints/") },
		step:   "Port credentials", state: check.Failed, cause: check.Credentials, text: "the credentials may not read blueprints in Port", hint: "admin",
		skips: portSteps[1:], judges: codecovSteps,
	},
	"Codecov token wrong": {
		breaks: func(_ *testing.T, b *bench) { b.source.Token = "11111111-2222-3333-4444-555555555555" },
		step:   "Codecov token", state: check.Failed, cause: check.Credentials, text: "Codecov rejected CODECOV_TOKEN: ", hint: "user API token",
		skips: codecovSteps, judges: portSteps,
	},
	"an upload token": { // Codecov's answer is the same: recordings auth-*
		breaks: func(_ *testing.T, b *bench) { b.source.Token = "e1f2a3b4c5d6e7f8a9b0c1d2e3f4a5b6c7d8e9f0" },
		step:   "Codecov token", state: check.Failed, cause: check.Credentials, text: "Codecov rejected CODECOV_TOKEN: ", hint: "upload tokens don't work",
		skips: codecovSteps, judges: portSteps,
	},
	"owner unknown": {
		breaks: func(_ *testing.T, b *bench) { b.options.Owners = []string{"nobody"} },
		step:   "account nobody", state: check.Failed, cause: check.Configuration, text: "Codecov has no account nobody at github", hint: "can see acme",
		skips: codecovSteps[1:], judges: portSteps,
	},
	"one owner of two unknown": {
		breaks: func(_ *testing.T, b *bench) { b.options.Owners = []string{"nobody", "acme"} },
		step:   "account nobody", state: check.Failed, cause: check.Configuration, text: "Codecov has no account nobody", hint: "can see acme",
		judges: codecovSteps,
	},
	"Codecov unreachable": {
		breaks: func(_ *testing.T, b *bench) { delete(b.hosts, "codecov.test") },
		step:   "Codecov address", state: check.Failed, cause: check.Other, text: "https://codecov.test/api/v2 doesn't respond: ", hint: "HTTPS_PROXY",
		skips: append([]string{"Codecov token"}, codecovSteps...), judges: portSteps,
	},
	"no seat": {
		access: fakecodecov.Access{Mode: fakecodecov.NoSeat},
		step:   "commits", state: check.Warning, text: "repositories without a seat for the token's user", hint: "Members",
		judges: portSteps,
	},
	"login at the provider revoked": {
		access: fakecodecov.Access{Mode: fakecodecov.RevokedAtProvider},
		step:   "account acme", state: check.OK, text: "0 private", hint: "hidden from the token's user",
		judges: portSteps,
	},
	"a built-in blueprint missing": {
		breaks: func(_ *testing.T, b *bench) { b.eu.DeleteBlueprint("codecov_commit_coverage") },
		step:   "blueprint codecov_commit_coverage", state: check.Warning, text: "doesn't exist yet", hint: "codecov-port setup",
		judges: codecovSteps,
	},
	"a blueprint missing": {
		breaks: func(_ *testing.T, b *bench) {
			b.options.Choice = document(`[{"blueprint": "mine", "entity": {"identifier": ".body.repo.name"}}]`)
		},
		step: "blueprint mine", state: check.Failed, cause: check.Configuration, text: "doesn't exist", hint: "create it in Port",
		judges: codecovSteps,
	},
	"a mapped property missing": {
		breaks: func(t *testing.T, b *bench) {
			b.change(t, 1, func(bp *port.Blueprint) {
				delete(bp.Schema.Properties, "hits")
				bp.Relations = nil
			})
		},
		step: "blueprint codecov_commit_coverage", state: check.Warning, text: "not declared: property hits, relation repository", hint: "setup --update",
		judges: codecovSteps,
	},
	"a property of a type that cannot fit": {
		breaks: func(t *testing.T, b *bench) {
			b.change(t, 0, func(bp *port.Blueprint) { bp.Schema.Properties["branch"] = port.Property{Type: "boolean"} })
		},
		step: "blueprint codecov_coverage", state: check.Warning, text: "branch is not a boolean", hint: "change",
		judges: codecovSteps,
	},
	"a required property that is not mapped": {
		breaks: func(t *testing.T, b *bench) {
			b.change(t, 0, func(bp *port.Blueprint) {
				bp.Schema.Properties["tier"] = port.Property{Type: "string"}
				bp.Schema.Required = []string{"tier"}
			})
		},
		step: "blueprint codecov_coverage", state: check.Failed, cause: check.Configuration, text: "required, but not mapped: property tier", hint: "optional",
		judges: codecovSteps,
	},
	"a relation to what is not written": {
		breaks: func(t *testing.T, b *bench) {
			b.changeWebhook(t, `{"mappings":[{"blueprint": "codecov_coverage", "entity": {"identifier": ".body.owner.username + \"/\" + .body.repo.name"}}]}`)
		},
		step: "blueprint codecov_commit_coverage", state: check.Warning, text: "relation repository points to a codecov_coverage that the mapping doesn't write (it writes acme/", hint: "change the mapping",
		judges: codecovSteps,
	},
	"coverage that is text": {
		breaks: func(t *testing.T, b *bench) {
			b.change(t, 0, func(bp *port.Blueprint) { bp.CalculationProperties = nil })
		},
		step: "blueprint codecov_coverage", state: check.Warning, text: "coverage is text: Port can't chart it", hint: "setup --update",
		judges: codecovSteps,
	},
	"coverage that is a number": {
		breaks: func(t *testing.T, b *bench) {
			b.change(t, 0, func(bp *port.Blueprint) {
				bp.CalculationProperties = nil
				bp.Schema.Properties["coverage"] = port.Property{Type: "number"}
			})
		},
		step: "blueprint codecov_coverage", state: check.OK, text: "declares everything",
		judges: codecovSteps,
	},
	"an account that was renamed": {
		breaks: func(t *testing.T, b *bench) {
			b.hold(t, "codecov_coverage", "repository", "ledger-Worker23", "https://app.codecov.io/gh/acme-old/ledger-Worker23")
			b.hold(t, "codecov_coverage", "repository", "unlisted", "https://app.codecov.io/gh/acme-old/unlisted")
		},
		step: "entities", state: check.Warning, hint: "--adopt",
		text:   "sync refuses 1 entity of account acme-old with the name of a listed repository (Codecov has no account acme-old any more: it looks renamed to acme)",
		judges: codecovSteps,
	},
	"another account with the same names": {
		breaks: func(t *testing.T, b *bench) {
			b.hold(t, "codecov_coverage", "repository", "ledger-Worker23", "https://app.codecov.io/gl/acme/ledger-Worker23")
		},
		step: "entities", state: check.Warning, hint: "--adopt", text: "sync refuses 1 entity of account acme with the name of a listed repository",
		judges: codecovSteps,
	},
	"entities of a mapping that names them differently": {
		breaks: func(_ *testing.T, b *bench) {
			b.options.Choice = document(`[{"blueprint": "codecov_coverage", "entity": {"identifier": ".body.repo.name"}}]`)
		},
		step: "entities", state: check.Skipped, text: "needs repositories, and a mapping that names entities like the built-in one",
		judges: codecovSteps,
	},
	"repositories without a related entity": {
		breaks: func(t *testing.T, b *bench) {
			b.put(t, port.Blueprint{Identifier: "service", Title: "Service"})
			b.change(t, 0, func(bp *port.Blueprint) {
				bp.Relations = map[string]port.Relation{"service": {Target: "service", Description: mapper.MarkRelation(`if .body.repo.name == "ties" then "lost" else "shared" end`)}}
			})
			if err := b.eu.PutEntity("service", fakeport.Entity{Identifier: "shared"}); err != nil {
				t.Fatal(err)
			}
		},
		step: "relation to service", state: check.Warning, text: "1 repository without a service in Port: ties", hint: "the identifiers it looks for are lost",
		judges: codecovSteps,
	},
	"repositories with their related entities": {
		breaks: func(t *testing.T, b *bench) {
			b.put(t, port.Blueprint{Identifier: "service", Title: "Service"})
			b.change(t, 0, func(bp *port.Blueprint) {
				bp.Relations = map[string]port.Relation{"service": {Target: "service", Description: mapper.MarkRelation(`"shared"`)}}
			})
			if err := b.eu.PutEntity("service", fakeport.Entity{Identifier: "shared"}); err != nil {
				t.Fatal(err)
			}
		},
		step: "relation to service", state: check.OK, text: "every related entity exists",
		judges: codecovSteps,
	},
	"webhook missing": {
		breaks: func(_ *testing.T, b *bench) { b.fail(404, "/v1/webhooks/") },
		step:   "webhook", state: check.Warning, text: "Port has no webhook codecov_mapper", hint: "codecov-port setup",
		judges: codecovSteps,
	},
	"webhook missing, and chosen": {
		breaks: func(_ *testing.T, b *bench) {
			b.fail(404, "/v1/webhooks/")
			b.options.Choice.Name = mapper.ChoiceWebhook
		},
		step: "mapping", state: check.Failed, cause: check.Configuration, text: "Port has no webhook codecov_mapper", hint: "--mapping",
		skips: []string{"mapped commit", "blueprints", "plan"},
	},
	"webhook disabled": {
		breaks: func(t *testing.T, b *bench) { b.changeWebhook(t, `{"enabled":false}`) },
		step:   "webhook", state: check.Warning, text: "codecov_mapper is disabled", hint: "enable it",
		judges: codecovSteps,
	},
	"webhook without the history": {
		breaks: func(t *testing.T, b *bench) {
			b.changeWebhook(t, `{"mappings":[{"blueprint": "codecov_coverage", "entity": {"identifier": ".body.repo.name"}}]}`)
		},
		step: "webhook", state: check.Warning, text: "has no entry for codecov_commit_coverage", hint: "setup --update",
		judges: codecovSteps,
	},
	"webhooks forbidden": {
		breaks: func(_ *testing.T, b *bench) { b.fail(403, "/v1/webhooks/") },
		step:   "webhook", state: check.Warning, text: "the credentials may not read webhooks", hint: "admin",
		judges: append([]string{"mapping"}, codecovSteps...),
	},
	"webhooks refused": {
		breaks: func(_ *testing.T, b *bench) { b.fail(401, "/v1/webhooks/") },
		step:   "webhook", state: check.Warning, text: "the credentials may not read webhooks", hint: "admin",
		judges: append([]string{"mapping"}, codecovSteps...),
	},
	"mapping that does not compile": {
		breaks: func(_ *testing.T, b *bench) {
			b.options.Choice = document(`[{"blueprint": "codecov_coverage", "entity": {"identifier": ".body.repo.name | nonesuch"}}]`)
		},
		step: "mapping", state: check.Failed, cause: check.Configuration,
		text: "mapping entry 1 (codecov_coverage): entity.identifier: function not defined: nonesuch/0 at column 19", hint: "codecov-port map",
		skips: []string{"mapped commit", "blueprints", "plan"}, judges: []string{"webhook", "commits"},
	},
	"mapping that cannot be read": {
		breaks: func(_ *testing.T, b *bench) { b.options.Choice = document(`[{"entity": {}}]`) },
		step:   "mapping", state: check.Failed, cause: check.Configuration, text: "mine.json: mapping entry 1: blueprint: is missing", hint: "codecov-port map",
		skips: []string{"mapped commit", "blueprints", "plan"},
	},
	"mapping with a limit": {
		breaks: func(_ *testing.T, b *bench) {
			b.options.Choice = document(`[{"blueprint": "codecov_coverage", "entity": {"identifier": ".body.repo.name", "title": ".headers.host"}}]`)
		},
		step: "mapping entry 1", state: check.Warning, text: "entity.title of codecov_coverage: it reads .headers",
		judges: codecovSteps,
	},
	"mapping of which nothing can be followed": {
		breaks: func(_ *testing.T, b *bench) {
			b.options.Choice = document(`[{"blueprint": "codecov_coverage", "operation": "delete", "entity": {"identifier": ".body.repo.name"}}]`)
		},
		step: "mapping", state: check.Failed, cause: check.Configuration, text: "no entry of the mapping can be used", hint: "--mapping",
		skips: []string{"mapped commit", "blueprints", "plan"},
	},
	"mapping without entities": {
		breaks: func(_ *testing.T, b *bench) {
			b.options.Choice = document(`[{"blueprint": "codecov_coverage", "entity": {"identifier": ".body.repo.nickname"}}]`)
		},
		step: "mapped commit", state: check.Failed, cause: check.Configuration, text: "the mapping returned no entity for 41 commits", hint: "codecov-port map",
		judges: []string{"commits", "mapping"},
	},
	"mapping with an entry without entities": {
		breaks: func(_ *testing.T, b *bench) {
			b.options.Choice = document(`[{"blueprint": "codecov_coverage", "entity": {"identifier": ".body.repo.name"}},
				{"blueprint": "codecov_coverage", "entity": {"identifier": ".body.repo.nickname"}}]`)
		},
		step: "mapped commit", state: check.Warning, text: "entry 2 of the mapping returned no identifier for 41 commits", hint: "codecov-port map",
		judges: []string{"commits", "mapping"},
	},
	"mapping with an entry for other repositories": {
		breaks: func(_ *testing.T, b *bench) {
			b.options.Choice = document(`[{"blueprint": "codecov_coverage", "entity": {"identifier": ".body.repo.name"}},
				{"blueprint": "codecov_coverage", "entity": {"identifier": "if .body.repo.name == \"ledger-Worker23\" then null else .body.repo.name end"}}]`)
		},
		step: "mapped commit", state: check.OK, text: "ledger-Worker23@17339eb becomes codecov_coverage ledger-Worker23",
		judges: []string{"commits", "mapping"},
	},
	"identifiers that Port forbids": {
		breaks: func(_ *testing.T, b *bench) {
			b.options.Choice = document(`[{"blueprint": "codecov_coverage", "entity": {"identifier": ".body.repo.name + \"#1\""}}]`)
		},
		step: "mapped commit", state: check.Warning, text: "entry 1 of the mapping returns an identifier that Port rejects: ledger-Worker23#1", hint: "codecov-port map",
		judges: []string{"commits", "mapping"},
	},
}

func document(text string) mapper.Choice {
	return mapper.Choice{Name: "mine.json", Document: []byte(text)}
}

// fail makes Port respond to requests below a path with a status.
func (b *bench) fail(status int, path string) {
	b.eu.Faults.Add(faults.Fault{Times: -1, Status: status, Match: func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, path) }})
}

func TestBroken(t *testing.T) {
	for name, test := range brokenThings {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test.run(t) })
		})
	}
}

func (w broken) run(t *testing.T) {
	b := newBench(t, acme(t), w.access)
	if w.breaks != nil {
		w.breaks(t, b)
	}
	us := b.catalog
	us.BaseURL = "https://us.test"
	_, b.options.OtherPort = b.clients(t, b.source, us)
	b.options.OtherRegion = "us"
	steps := b.run(t)
	got := find(t, steps, w.step)
	if got.State != w.state || !strings.Contains(got.Text, w.text) || !strings.Contains(got.Hint, w.hint) {
		t.Errorf("got %+v\nwant %s: …%s… (…%s…)", got, w.state, w.text, w.hint)
	}
	if (got.State == check.Failed) != (got.Cause != "") {
		t.Errorf("state %s with cause %q", got.State, got.Cause)
	}
	if cause := worst(steps); cause != w.cause {
		t.Errorf("the worst cause is %q, want %q", cause, w.cause)
	}
	for _, name := range w.skips {
		if step := find(t, steps, name); step.State != check.Skipped && name != w.step {
			t.Errorf("%s is %s, want skipped: %s", name, step.State, step.Text)
		}
	}
	for _, name := range w.judges {
		if step := find(t, steps, name); step.State != check.OK {
			t.Errorf("%s is %s: %s", name, step.State, step.Text)
		}
	}
}

func find(t *testing.T, steps []check.Step, name string) check.Step {
	t.Helper()
	for _, step := range steps {
		if step.Name == name {
			return step
		}
	}
	t.Fatalf("there is no step %q in %+v", name, steps)
	return check.Step{}
}

// worst returns the most severe cause of the failed steps, or "".
func worst(steps []check.Step) check.Cause {
	for _, cause := range []check.Cause{check.Credentials, check.Configuration, check.Other} {
		if slices.ContainsFunc(steps, func(s check.Step) bool { return s.Cause == cause }) {
			return cause
		}
	}
	return ""
}

func TestPlanWarnsAboutManyEntities(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := fakecodecov.Synthetic(fakecodecov.SyntheticOptions{Repositories: 3, CommitsPerRepository: 100_000})
		step := find(t, newBench(t, account, fakecodecov.Access{}).run(t), "plan")
		want := check.Step{
			Name: "plan", State: check.Warning,
			Text: "the next sync creates up to 300,003 entities in 15,001 bulk requests, about 19 minutes at Port's rate; a free Port account holds 10,000",
			Hint: "sync with --since 1y, --every week, --max-commits 50, --no-history or --repo to create less; --yes creates all of them",
		}
		if diff := cmp.Diff(want, step); diff != "" {
			t.Error(diff)
		}
	})
}

// TestPlanAfterASync: what Port holds of the accounts is not created again.
func TestPlanAfterASync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, acme(t), fakecodecov.Access{})
		b.hold(t, "codecov_coverage", "repository", "ledger-Worker23", "https://app.codecov.io/gh/ACME/ledger-Worker23")
		b.hold(t, "codecov_coverage", "repository", "theirs", "https://app.codecov.io/gh/globex/theirs")
		for i := range 1600 {
			name := fmt.Sprintf("ledger-Worker23@%d", i)
			b.hold(t, "codecov_commit_coverage", "url", name, fmt.Sprint("https://app.codecov.io/gh/acme/ledger-Worker23/commit/", i))
		}
		steps := b.run(t)
		if step, want := find(t, steps, "entities"), "Port holds 1 of codecov_coverage and 1,600 of codecov_commit_coverage for these accounts"; step.State != check.OK || step.Text != want {
			t.Errorf("got %s: %s, want %s", step.State, step.Text, want)
		}
		if step, want := find(t, steps, "plan"), "the next sync creates up to 25 entities in "; !strings.Contains(step.Text, want) {
			t.Errorf("got %s, want %s", step.Text, want)
		}
		for i := range 25 {
			b.hold(t, "codecov_commit_coverage", "url", fmt.Sprint("more@", i), "https://app.codecov.io/gh/acme/ledger-Worker23/commit/a")
		}
		if step := find(t, b.run(t), "plan"); step.Text != "the next sync creates no entities" {
			t.Errorf("with all entities in Port: got %s", step.Text)
		}
	})
}

func TestEndOfContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, acme(t), fakecodecov.Access{})
		b.options.Codecov, b.options.Port = b.clients(t, b.source, b.catalog)
		ctx, cancel := context.WithCancel(t.Context())
		var steps []check.Step
		check.Run(ctx, b.options, func(s check.Step) {
			steps = append(steps, s)
			if s.Name == "webhook" {
				cancel()
			}
		})
		for _, name := range []string{"mapped commit", "commits"} {
			if step := find(t, steps, name); step.State != check.Failed {
				t.Errorf("%s is %s after the end: %s", name, step.State, step.Text)
			}
		}
	})
}

// TestUnreadableRows: the other rows are examined all the same.
func TestUnreadableRows(t *testing.T) {
	for poison, want := range map[fakecodecov.Poison]string{
		fakecodecov.Malformed:  "59 repositories",
		fakecodecov.Unreadable: "read the repositories of acme from row",
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, acme(t), fakecodecov.Access{})
			if err := b.codecov.PoisonRepository("github", "acme", "ties", poison); err != nil {
				t.Fatal(err)
			}
			steps := b.run(t)
			step := find(t, steps, "account acme")
			if step.State != check.Warning || !strings.Contains(step.Text, want) || !strings.Contains(step.Text, "row ") {
				t.Errorf("%s: %s; want a warning with %q", step.State, step.Text, want)
			}
			if commits := find(t, steps, "commits"); !strings.Contains(commits.Text, "on the default branches of") {
				t.Errorf("commits: %s", commits.Text)
			}
		})
	}
}
