package main

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/internal/terminal"
)

// example is one of docs/mapping.md: blueprints to create, and the mapping.
type example struct {
	blueprints []json.RawMessage
	mapping    []byte
}

var (
	headings   = regexp.MustCompile(`(?m)^### (.*)$`)
	jsonBlocks = regexp.MustCompile("(?ms)^```json\n(.*?)^```$")
)

// examples reads the document's examples by their headings.
func examples(t *testing.T) map[string]example {
	t.Helper()
	document, err := os.ReadFile("../../docs/mapping.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, found := strings.Cut(string(document), "\n## Examples\n")
	if !found {
		t.Fatal("docs/mapping.md has no examples")
	}
	part, _, _ = strings.Cut(part, "\n## ")
	all := make(map[string]example)
	places := headings.FindAllStringSubmatchIndex(part, -1)
	for i, place := range places {
		end := len(part)
		if i+1 < len(places) {
			end = places[i+1][0]
		}
		all[part[place[2]:place[3]]] = readExample(t, part[place[1]:end])
	}
	return all
}

func readExample(t *testing.T, text string) example {
	t.Helper()
	var e example
	for _, block := range jsonBlocks.FindAllStringSubmatch(text, -1) {
		switch body := []byte(block[1]); body[0] {
		case '{':
			e.blueprints = append(e.blueprints, body)
		case '[':
			e.mapping = body
		}
	}
	if e.mapping == nil {
		t.Fatalf("an example without a mapping: %s", text)
	}
	return e
}

// TestDocumentedExamples runs each example as it is written, with the arguments that the document names.
func TestDocumentedExamples(t *testing.T) {
	all := examples(t)
	for heading, test := range map[string]struct {
		arguments []string
		prepare   func(*testing.T, *fakeport.Server)
		verify    func(*testing.T, *fakeport.Server)
	}{
		"One entity per branch": {
			arguments: []string{"--branch", "*"},
			verify: func(t *testing.T, catalog *fakeport.Server) {
				branches := map[string]bool{}
				for _, entity := range catalog.Entities("branch_coverage") {
					branch, _ := entity.Properties["branch"].(string)
					branches[branch] = true
					if _, ok := entity.Properties["coverage"].(float64); !ok {
						t.Errorf("%s: coverage %v", entity.Identifier, entity.Properties["coverage"])
					}
				}
				if catalog.Count("branch_coverage") <= 49 || !branches["main"] || len(branches) < 3 {
					t.Errorf("%d entities of branches %v", catalog.Count("branch_coverage"), branches)
				}
			},
		},
		"A relation to your services": {
			prepare: func(t *testing.T, catalog *fakeport.Server) { putServices(t, catalog) },
			verify: func(t *testing.T, catalog *fakeport.Server) {
				entity, ok := catalog.Entity("service_coverage", "ledger-Worker23")
				if !ok || entity.Relations["service"] != "ledger-worker23" {
					t.Errorf("got %+v", entity)
				}
			},
		},
		"The owner in the identifier": {
			arguments: []string{"--owner", "acme,slanks"},
			verify: func(t *testing.T, catalog *fakeport.Server) {
				if catalog.Count("codecov_coverage") != 50 || catalog.Count("codecov_commit_coverage") != 1506 {
					t.Errorf("%d and %d entities", catalog.Count("codecov_coverage"), catalog.Count("codecov_commit_coverage"))
				}
				for _, entity := range catalog.Entities("codecov_commit_coverage") {
					repository, _ := entity.Relations["repository"].(string)
					if !strings.Contains(repository, "/") || !strings.HasPrefix(entity.Identifier, repository+"@") {
						t.Errorf("%s belongs to %s", entity.Identifier, repository)
					}
				}
			},
		},
	} {
		t.Run(heading, func(t *testing.T) {
			documented, ok := all[heading]
			if !ok {
				t.Fatal("the document has no such example")
			}
			catalog := emulate(t)
			if test.prepare != nil {
				test.prepare(t, catalog)
			}
			for _, blueprint := range documented.blueprints {
				if err := catalog.PutBlueprint(blueprint); err != nil {
					t.Fatal(err)
				}
			}
			file := filepath.Join(t.TempDir(), "mapping.json")
			if err := os.WriteFile(file, documented.mapping, 0o600); err != nil {
				t.Fatal(err)
			}
			execute(t, append([]string{"sync", "--mapping", file}, test.arguments...)...)
			test.verify(t, catalog)
			catalog.ResetCounts()
			execute(t, append([]string{"sync", "--mapping", file}, test.arguments...)...)
			if again := catalog.Requests().ByKind[fakeport.Bulk]; again != 0 {
				t.Errorf("a second run wrote %d times", again)
			}
			execute(t, "check", "--mapping", file)
		})
		delete(all, heading)
	}
	for heading := range all {
		t.Errorf("example %q is not tested", heading)
	}
}

func putServices(t *testing.T, catalog *fakeport.Server) {
	t.Helper()
	service := `{"identifier": "service", "title": "Service", "schema": {"properties": {}, "required": []}, "relations": {}}`
	if err := catalog.PutBlueprint([]byte(service)); err != nil {
		t.Fatal(err)
	}
	account, err := loadAccount("accounts/github.acme.json")
	if err != nil {
		t.Fatal(err)
	}
	for i := range account.Repositories {
		identifier := strings.ToLower(account.Repositories[i].Name)
		if err := catalog.PutEntity("service", fakeport.Entity{Identifier: identifier}); err != nil {
			t.Fatal(err)
		}
	}
}

// emulate starts both emulators and sets the environment to them.
func emulate(t *testing.T) *fakeport.Server {
	t.Helper()
	source, err := recordedCodecov()
	if err != nil {
		t.Fatal(err)
	}
	catalog := fakeport.New(fakeport.Options{})
	codecovServer, portServer := httptest.NewServer(source), httptest.NewServer(catalog)
	t.Cleanup(codecovServer.Close)
	t.Cleanup(portServer.Close)
	for name, value := range userEnvironment(codecovServer.URL, portServer.URL) {
		t.Setenv(name, value)
	}
	return catalog
}

// execute runs a command line, which must succeed, and returns its standard output.
func execute(t *testing.T, arguments ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(t.Context(), arguments, &terminal.Streams{In: strings.NewReader(""), Out: &out, Err: &errs}); code != exitDone {
		t.Fatalf("%s: exit code %d\n%s%s", strings.Join(arguments, " "), code, out.String(), errs.String())
	}
	return out.String()
}

func TestMapPrintsWhatTheGuideShows(t *testing.T) {
	for _, variable := range variables {
		t.Setenv(variable.name, "")
	}
	out := execute(t, "map", "../../testdata/port/webhook-sample.json")
	var got []map[string]any
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	document, err := os.ReadFile("../../testdata/port/webhook-sample-entity.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]any
	if err := json.Unmarshal(document, &want); err != nil {
		t.Fatal(err)
	}
	delete(want, "filter") // the guide shows the filter's result beside the entity
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Error(diff)
	}
	if blueprint := got[1]["blueprint"]; len(got) != 2 || blueprint != "codecov_commit_coverage" {
		t.Errorf("got %d entities, the second of %v", len(got), blueprint)
	}
	if body := bodyOfSample(t); execute(t, "map", body) != out {
		t.Error("without the body around it, the payload maps to something else")
	}
}

func TestWriteJSONEscapesWhatIsUnprintable(t *testing.T) {
	var out bytes.Buffer
	value := "a\u202eb\x7f\u2028\U000e0001 é<&>\n"
	if err := writeJSON(&out, []string{value}); err != nil {
		t.Fatal(err)
	}
	if want := "[\n  \"a\\u202eb\\u007f\\u2028\\udb40\\udc01 é<&>\\n\"\n]\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
	var back []string
	if err := json.Unmarshal(out.Bytes(), &back); err != nil || !slices.Equal(back, []string{value}) {
		t.Errorf("reads back as %q, %v", back, err)
	}
}

// bodyOfSample writes the sample without the body around it to a file.
func bodyOfSample(t *testing.T) string {
	t.Helper()
	document, err := os.ReadFile("../../testdata/port/webhook-sample.json")
	if err != nil {
		t.Fatal(err)
	}
	var wrapped struct {
		Body json.RawMessage `json:"body"`
	}
	if err := json.Unmarshal(document, &wrapped); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "body.json")
	if err := os.WriteFile(file, wrapped.Body, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
