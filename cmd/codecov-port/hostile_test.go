package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// hostile is text that a terminal would obey, or that reads as another text than it is.
const hostile = "x\x1b[31m\x1b]0;title\x07\r\b\t\x00\x7f\u0085\u009b2J\u202e\u2066\u200b\u200d\u2060\ufeff\u034f\u3164\U000e0041\u2028\u2029\nhint: forged\nerror: forged"

// hostileNames are names of repositories, each with something that is not to reach a terminal, an address or Port.
var hostileNames = []string{
	"ansi\x1b[31mred", "title\x1b]0;x\x07", "bell\x07", "del\x7f", "c1\u009b31m", "rtl\u202etxt.exe", "isolate\u2066x", "zero\u200bwidth", "joined\u2060x",
	"tag\U000e0041x", "line\nhint: forged", "over\rwritten", "nul\x00x", "separator\u2028x", "emoji🚀👨‍👩‍👧", "a blank", "#hash", "100%", "%2e%2e", "~", "?q=1&page=2",
	".", "..", "../../owner", "a/b", strings.Repeat("n", 1200), strings.Repeat("é\x1b", 600),
}

// soundNames look odd, but Codecov has such, and Port takes them: what fills no room is a letter all the same.
var soundNames = []string{"plain", "filler\u3164x", "..a", `back\slash`, "Ünï", "日本"}

// sha returns a commit id for each number.
func sha(n int) string { return fmt.Sprintf("%040x", n+1) }

// hostileCodecov returns an account with all these names, whose commits are no better.
func hostileCodecov(t *testing.T, names ...string) (repositories []row, commits map[string][]row) {
	t.Helper()
	commits = map[string][]row{}
	for i, name := range names {
		repository := repositoryRow(name)
		repository["language"] = hostile
		commit := commitRow(sha(i), strings.Repeat(hostile, 20))
		commit["author"] = row{"service": "github", "username": hostile, "name": strings.Repeat(hostile, 20)}
		repositories, commits[name] = append(repositories, repository), []row{commit}
	}
	return repositories, commits
}

// assertFit checks that the output is safe for a terminal.
func assertFit(t *testing.T, command, output string) {
	t.Helper()
	if !utf8.ValidString(output) {
		t.Errorf("%s: not UTF-8", command)
	}
	for i, r := range output {
		if r != '\n' && unicode.In(r, unicode.C, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point) {
			t.Errorf("%s: prints %U: %.100q", command, r, output[max(0, i-50):])
			return
		}
	}
	for line := range strings.Lines(output) {
		if strings.HasPrefix(line, "hint: forged") || strings.HasPrefix(line, "error: forged") {
			t.Errorf("%s: prints a line that is not its own: %q", command, line)
		}
	}
}

// TestHostileNames brings an account whose every text is hostile into Port, with every command.
func TestHostileNames(t *testing.T) {
	repositories, commits := hostileCodecov(t, append(hostileNames, soundNames...)...)
	catalog := fakeport.New(fakeport.Options{})
	export(t, listen(t, codecovWith(t, repositories, commits)), listen(t, catalog), nil)
	spoken := ""
	for _, command := range [][]string{
		{"sync", "--dry-run"}, {"sync", "--dry-run", "--output", "jsonl"}, {"sync", "--dry-run", "-vv"}, {"sync"}, {"sync", "--output", "json"}, {"check"}, {"check", "--output", "json"}, {"setup"}, {"setup", "--dry-run"},
		{"map", "--repo", "ansi\x1b[31mred", "--commit", sha(0)[:40]}, {"map", "--repo", "no\x1b[31m", "--commit", hostile},
		{"sync", "--owner", hostile}, {"sync", "--repo", hostile}, {"sync", "--branch", hostile}, {"sync", "--service", hostile}, {"sync", "--since", hostile},
		{"sync", "--mapping", "no\x1b[31mfile\u202e"}, {"sync", "--every", hostile}, {"sync", "--port-share", hostile}, {"sync", "--max-commits", hostile}, {"sync", "--color", hostile}, {hostile}, {"sync", hostile}, {"sync", "--" + hostile},
		{"setup", "--branches", "main\u202e\x1b[31m"}, {"check", "--output", hostile},
	} {
		output := say(t, command...).text()
		assertFit(t, fmt.Sprintf("%.60q", command), output)
		spoken += output
	}
	for _, shown := range []string{"ansi�[31mred", `line\nhint: forged`, `title\u001b]0;x\u0007`, "日本", `rtl\u202etxt.exe`, "100%", `\u001b[31m`} {
		if !strings.Contains(spoken, shown) {
			t.Errorf("%s is nowhere to be seen: the names did not come through", shown)
		}
	}
	if got := catalog.Count("codecov_coverage"); got != len(soundNames) {
		t.Errorf("Port holds %d repositories, want %d", got, len(soundNames))
	}
}

// TestForbiddenIdentifiersAreNamed: each repository is in Port, or named with the reason.
func TestForbiddenIdentifiersAreNamed(t *testing.T) {
	repositories, commits := hostileCodecov(t, append(hostileNames, soundNames...)...)
	export(t, listen(t, codecovWith(t, repositories, commits)), listen(t, fakeport.New(fakeport.Options{})), nil)
	got := say(t, "sync", "--output", "json")
	if got.code != exitPartial {
		t.Fatalf("exit code %d: %s", got.code, got.text())
	}
	named := map[string]bool{}
	for _, failure := range holdToSchema(t, got.out).Failures {
		named[failure.Repository] = true
	}
	for _, name := range hostileNames {
		if !named[name] {
			t.Errorf("%.50q is not named", name)
		}
	}
	if len(named) != len(hostileNames) {
		t.Errorf("%d repositories are named, want %d", len(named), len(hostileNames))
	}
}

// TestHostileCatalog: what somebody has put into Port, which a run reads back and may print.
func TestHostileCatalog(t *testing.T) {
	repositories, commits := hostileCodecov(t, "app")
	catalog := fakeport.New(fakeport.Options{})
	portURL := listen(t, catalog)
	export(t, listen(t, codecovWith(t, repositories, commits)), portURL, nil)
	if say(t, "sync").code != exitDone {
		t.Fatal("sync failed")
	}
	client, err := newPort(settings{port: port.Options{BaseURL: portURL, ClientID: fakeport.DefaultClientID, ClientSecret: fakeport.DefaultClientSecret}})
	if err != nil {
		t.Fatal(err)
	}
	properties := func(name string) map[string]any {
		return map[string]any{"repository": "https://app.codecov.io/gh/acme/" + name, "branch": hostile, "author": hostile, "report": map[string]any{hostile: hostile}}
	}
	var batch port.Batch
	for _, entity := range []port.Entity{
		{Identifier: "app", Title: hostile, Properties: properties("app")},
		{Identifier: "gone", Title: hostile, Properties: properties("gone")},
		{Identifier: "filler\u3164x", Title: hostile, Properties: properties("filler%E3%85%A4x")},
	} {
		if err := batch.Add(entity); err != nil {
			t.Fatal(err)
		}
	}
	result, err := client.UpsertBatch(t.Context(), "codecov_coverage", &batch, port.UpsertOptions{})
	if err != nil || slices.ContainsFunc(result.Outcomes, func(o port.Outcome) bool { return o.Err != nil }) {
		t.Fatalf("%v, %+v", err, result)
	}
	spoken := ""
	for _, command := range [][]string{
		{"sync", "--dry-run"}, {"prune", "--mapping", "builtin", "--dry-run"}, {"check"}, {"prune", "--mapping", "builtin", "--limit", "100%", "--yes"},
	} {
		output := say(t, command...).text()
		assertFit(t, strings.Join(command, " "), output)
		spoken += output
	}
	for _, shown := range []string{"would update  codecov_coverage app: $title from\n              \"x\\u001b[31m", "acme/gone", "acme/filler�x"} {
		if !strings.Contains(spoken, shown) {
			t.Errorf("%s is nowhere to be seen in\n%s", shown, spoken)
		}
	}
}

// TestHostilePayload: a file that somebody has handed over.
func TestHostilePayload(t *testing.T) {
	payload, err := json.Marshal(row{
		"repo": row{"name": "app", "url": hostile}, "owner": row{"service": hostile},
		"head": row{"commitid": hostile, "branch": hostile, "author": row{"name": hostile}, "timestamp": hostile, "message": hostile, "totals": row{hostile: hostile}},
	})
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for name, document := range map[string]string{
		"payload": string(payload),
		"deep":    strings.Repeat("[", 1e5), "deeper": strings.Repeat(`{"body":`, 1e5), "broken": "{\"a\x1b[31m\": }", "none": hostile,
		"numbers": `{"repo":{"name":"app"},"head":{"totals":{"files":1e999,"lines":99999999999999999999999999,"coverage":-1e-999}}}`,
	} {
		file := filepath.Join(folder, name+".json")
		if err := os.WriteFile(file, []byte(document), 0o600); err != nil {
			t.Fatal(err)
		}
		assertFit(t, "map "+name, say(t, "map", "--mapping", "builtin", file).text())
		assertFit(t, "mapping "+name, say(t, "map", "--mapping", file, file).text())
	}
}

// TestHostileMapping: Port's webhook is anybody's who may edit it.
func TestHostileMapping(t *testing.T) {
	entry := func(blueprint, expression string) row {
		return row{"blueprint": blueprint, "filter": "true", "entity": row{"identifier": ".body.repo.name", "properties": row{"p" + hostile: expression}}}
	}
	folder := t.TempDir()
	for name, mapping := range map[string][]row{
		"blueprint": {entry("b"+hostile, "1")}, "syntax": {entry("b", ".a | | \x1b[31m"+hostile)}, "error": {entry("b", `error("\u001b[31m")`)},
		"headers": {entry("b"+hostile, ".headers")}, "identifier": {{"blueprint": "b", "entity": row{"identifier": `"x\u001b[31m\u202e"`}}},
	} {
		document, err := json.Marshal(mapping)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(folder, name+".json")
		if err := os.WriteFile(file, document, 0o600); err != nil {
			t.Fatal(err)
		}
		repositories, commits := hostileCodecov(t, "app")
		export(t, listen(t, codecovWith(t, repositories, commits)), listen(t, fakeport.New(fakeport.Options{})), nil)
		for _, command := range [][]string{
			{"sync", "--dry-run", "--mapping", file}, {"check", "--mapping", file}, {"map", "--mapping", file, "--repo", "app", "--commit", sha(0)},
		} {
			assertFit(t, name+": "+command[0], say(t, command...).text())
		}
	}
}

// TestHostileAnswers: what the servers say of errors, and what they hold.
func TestHostileAnswers(t *testing.T) {
	for name, test := range gossips {
		t.Run(name, func(t *testing.T) {
			repositories, commits := hostileCodecov(t, "app")
			codecovSide := &gossip{next: codecovWith(t, repositories, commits), where: never, misdeed: test.misdeed, other: hostile}
			catalog := fakeport.New(fakeport.Options{})
			portSide := &gossip{next: catalog, where: never, misdeed: test.misdeed, other: hostile}
			export(t, listen(t, codecovSide), listen(t, portSide), nil)
			if say(t, "setup").code != exitDone {
				t.Fatal("setup failed")
			}
			setMisdeeds(codecovSide, test.codecov)
			setMisdeeds(portSide, test.port)
			for _, command := range [][]string{
				{"sync", "--dry-run"}, {"sync"}, {"sync", "--mapping", "webhook"}, {"setup", "--dry-run"}, {"setup", "--update"}, {"check"}, {"check", "--output", "json"},
				{"map", "--repo", "app", "--commit", sha(0)}, {"sync", "-vv"}, {"setup", "--update", "-vv"}, {"sync", "--output", "json"},
				{"sync", "--dry-run", "--output", "jsonl"},
			} {
				emptyForSync(catalog, command)
				assertFit(t, strings.Join(command, " "), say(t, command...).text())
			}
			if codecovSide.times()+portSide.times() == 0 {
				t.Error("no answer was hostile")
			}
		})
	}
}
