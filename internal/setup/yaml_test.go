package setup_test

import (
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/codecov-port/codecov-port/internal/setup"
)

const address = "https://ingest.getport.io/a?b=c&d#e"

func TestYAML(t *testing.T) {
	want := `coverage:
  notify:
    webhook:
      default:
        only_pulls: false
        url: "https://ingest.getport.io/a?b=c&d#e"
        branches:
          - "main"
          - "release/*"
`
	if diff := cmp.Diff(want, setup.YAML(address, []string{"main", "release/*"})); diff != "" {
		t.Error(diff)
	}
}

func FuzzYAML(f *testing.F) {
	for _, branch := range []string{"main", "release/*", "*", "no", "1.0", "a: b", "- a", "#", `"`, `\`, "'", "é 日本 ⚡", "a\nb\t\r\x00\x7f\u0085\u2028\ufeff", ""} {
		f.Add(address, branch)
	}
	f.Fuzz(func(t *testing.T, url, branch string) {
		if !utf8.ValidString(url) || !utf8.ValidString(branch) {
			t.Skip("not text")
		}
		for _, branches := range [][]string{nil, {branch}, {"main", branch}} {
			var got map[string]any
			if err := yaml.Unmarshal([]byte(setup.YAML(url, branches)), &got); err != nil {
				t.Fatal(err)
			}
			settings := map[string]any{"only_pulls": false, "url": url}
			for _, branch := range branches {
				list, _ := settings["branches"].([]any)
				settings["branches"] = append(list, branch)
			}
			want := map[string]any{"coverage": map[string]any{"notify": map[string]any{"webhook": map[string]any{"default": settings}}}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%q: %s", branch, diff)
			}
		}
	})
}
