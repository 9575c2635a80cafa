package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseConfig(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want map[string][]string
	}{
		"nothing":     {"", map[string][]string{}},
		"a comment":   {"# since: 1y\n", map[string][]string{}},
		"one text":    {"since: 1y", map[string][]string{"since": {"1y"}}},
		"as written":  {"since: 2024-01-01\nport-share: 0.50\nmax-entities: 007\nlatest: true", map[string][]string{"since": {"2024-01-01"}, "port-share": {"0.50"}, "max-entities": {"007"}, "latest": {"true"}}},
		"a list":      {"repo: [a, '!b', 3]", map[string][]string{"repo": {"a", "!b", "3"}}},
		"an alias":    {"owner: &a [x]\nrepo: *a", map[string][]string{"owner": {"x"}, "repo": {"x"}}},
		"windows":     {"\ufeffsince: 1y\r\nevery: week\r\n", map[string][]string{"since": {"1y"}, "every": {"week"}}},
		"dots, cases": {"a.b: c\nA: d", map[string][]string{"a.b": {"c"}, "A": {"d"}}},
	} {
		t.Run(name, func(t *testing.T) {
			file, err := parseConfig("f.yaml", []byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			got := map[string][]string{}
			for key, entry := range file.entries {
				got[key] = entry.values
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("want, got:\n%s", diff)
			}
		})
	}
}

// FuzzParseConfig: whatever stands in the file, it is read or refused as wrong usage.
func FuzzParseConfig(f *testing.F) {
	for _, seed := range []string{"since: 1y", "repo: [a, *b]", "a: &a [*a]", "? [x]\n: y", "<<: {a: b}", "--- 1\n--- 2", "!!binary x: y", "- a"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, err := parseConfig("f.yaml", text); err != nil && !errors.Is(err, errUsage) {
			t.Error(err)
		}
	})
}

// FuzzParseEnv: what cannot be read is refused without a word of what stands there.
func FuzzParseEnv(f *testing.F) {
	for _, seed := range []string{"A=b", "export A='b c'", "A=\"b\nc\"", "no name", "=x", "A: b", "A=$B", "\x00=1"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		_, err := parseEnv("f.env", text)
		if err == nil {
			return
		}
		if !errors.Is(err, errUsage) || !strings.HasPrefix(err.Error(), "f.env:") || !strings.HasSuffix(err.Error(), ": expected NAME=VALUE") {
			t.Error(err)
		}
	})
}

func TestBrokenLine(t *testing.T) {
	for text, want := range map[string]string{
		"A=b\nC D/E f\n":                    "f.env:2: ",
		"A=\"b\nc\"\n# x\n\nC=\"d\nE=f\n":   "f.env:5: ",
		"é!=x":                              "f.env:1: ",
		strings.Repeat("A=b\n", 5000) + "!": "f.env:5001: ",
	} {
		if _, err := parseEnv("f.env", []byte(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.20q: got %v, want %s", text, err, want)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"owner", "service", "since", "repo", "every", "dry-run", "json"}
	for text, want := range map[string]string{
		"ownr": "owner", "Owner": "owner", "repoo": "repo", "dryrun": "dry-run", "jsno": "json", "servise": "service", "sin": "since", "x": "", "nothing": "", "": "",
	} {
		if got := nearest(text, names); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
