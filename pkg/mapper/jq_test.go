package mapper_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/fake/recordings"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

// remake has the installed jq write its table anew: go test ./pkg/mapper -run RealJQ -remake.
var remake = flag.Bool("remake", false, "have the installed jq write its table of testdata/jq anew")

// jqTable is what a version of the C jq makes of the expressions in testdata/jq/expressions.txt.
type jqTable struct {
	Version string            `json:"version"` // as jq --version gives it, without what a distribution adds
	Results map[string]result `json:"results"` // by expression
}

// result is the first result of an expression on each of the payloads, null where there is none or an error; one alone
// stands for all where they are the same. None: the expression does not compile.
type result []any

// on gives the result on one of the payloads.
func (r result) on(payload int) any {
	switch len(r) {
	case 0:
		return nil
	case 1:
		return r[0]
	default:
		return r[payload]
	}
}

// deviation is where this program differs from every version of jq that there is a table of, and why.
type deviation struct {
	Expression string `json:"expression"`
	Here       result `json:"here"`
	Reason     string `json:"reason"`
}

func TestAsTheCJQ(t *testing.T) {
	tables := jqTables(t)
	payloads := jqPayloads(t)
	deviations := map[string]deviation{}
	for _, d := range readJSON[[]deviation](t, "deviations.json") {
		deviations[d.Expression] = d
	}
	for _, expression := range jqExpressions(t) {
		here := evaluate(t, expression, payloads)
		d, deviates := deviations[expression]
		delete(deviations, expression)
		for i := range payloads {
			got := normal(t, here.on(i))
			as := asInJQ(tables, expression, i, got)
			switch {
			case !deviates && !as:
				t.Errorf("%s: payload %d: %s", expression, i, jqResults(t, tables, expression, i, got))
			case deviates && as:
				t.Errorf("%s: payload %d: listed as a deviation, and is none", expression, i)
			case deviates && !cmp.Equal(got, d.Here.on(i)):
				t.Errorf("%s: payload %d: got %v, and the list of deviations has %v", expression, i, got, d.Here.on(i))
			}
		}
	}
	for expression := range deviations {
		t.Errorf("%s: a deviation of no expression in the list", expression)
	}
}

// asInJQ tells whether a version of jq gives this result.
func asInJQ(tables []jqTable, expression string, payload int, got any) bool {
	return slices.ContainsFunc(tables, func(table jqTable) bool {
		return cmp.Equal(table.Results[expression].on(payload), got)
	})
}

func jqResults(t *testing.T, tables []jqTable, expression string, payload int, got any) string {
	t.Helper()
	text := "here " + encode(t, got)
	for _, table := range tables {
		text += ", " + table.Version + " " + encode(t, table.Results[expression].on(payload))
	}
	return text
}

// A pattern that would be sought for ever, and one of each commit's data, do no harm.
func TestRegexesAreBounded(t *testing.T) {
	for expression, want := range map[string]any{
		`"a" * 60 + "c" | test("^(a|aa)+$")`:                     nil,
		`[range(300) as $i | "x\($i)" | test("^x\($i)$")] | all`: true,
	} {
		if got := mapOne(t, entry(expression), samplePayload()).Entity.Properties["p"]; got != want {
			t.Errorf("%s: got %v, want %v", expression, got, want)
		}
	}
}

// TestRealJQ holds the table against the jq that is installed.
func TestRealJQ(t *testing.T) {
	path, err := exec.LookPath("jq")
	if err != nil {
		t.Skip("no jq is installed: the tables in testdata/jq stand in for it")
	}
	installed := realJQ{path: path, payloads: jqPayloads(t)}
	version := installed.version(t)
	file := filepath.Join("testdata", "jq", version+".json")
	if *remake {
		write(t, file, installed.table(t, version))
		return
	}
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		t.Skipf("there is no table of %s, which is installed; make one with -remake", version)
	}
	want := readJSON[jqTable](t, version+".json")
	expressions := jqExpressions(t)
	compiling := slices.DeleteFunc(slices.Clone(expressions), func(e string) bool { return len(want.Results[e]) == 0 })
	got := installed.results(t, compiling)
	for _, expression := range compiling {
		if diff := cmp.Diff(want.Results[expression], got[expression]); diff != "" {
			t.Errorf("%s (-table +jq): %s", expression, diff)
		}
	}
}

// realJQ runs the C jq.
type realJQ struct {
	path     string
	payloads []map[string]any
}

// version gives jq-1.6 for jq-1.6-2.1+deb12u1.
func (j realJQ) version(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), j.path, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.FieldsFunc(strings.TrimSpace(string(out)), func(r rune) bool { return r == '-' || r == '.' })
	return parts[0] + "-" + parts[1] + "." + parts[2]
}

// table runs every expression alone, for one that does not compile takes others with it.
func (j realJQ) table(t *testing.T, version string) jqTable {
	t.Helper()
	table := jqTable{Version: version, Results: map[string]result{}}
	for _, expression := range jqExpressions(t) {
		rows, err := j.run(t, guarded([]string{expression}))
		if err != nil {
			table.Results[expression] = result{}
			continue
		}
		table.Results[expression] = results(rows, 1)[0]
	}
	return table
}

// results runs all expressions in one go.
func (j realJQ) results(t *testing.T, expressions []string) map[string]result {
	t.Helper()
	rows, err := j.run(t, guarded(expressions))
	if err != nil {
		t.Fatalf("an expression that compiled when the table was made does not: %v", err)
	}
	byExpression := map[string]result{}
	for i, r := range results(rows, len(expressions)) {
		byExpression[expressions[i]] = r
	}
	return byExpression
}

// guarded is a program that gives an array with the first result of each expression, null where it fails.
func guarded(expressions []string) string {
	parts := make([]string, len(expressions))
	for i, expression := range expressions {
		parts[i] = "(try ([first(" + expression + ")] | .[0]) catch null)"
	}
	return "def env: {}; {} as $ENV | [" + strings.Join(parts, ",\n") + "]" // env as Port's own binding of jq has it
}

// run gives a row of results for each payload.
func (j realJQ) run(t *testing.T, program string) (rows [][]any, err error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "program.jq")
	if err := os.WriteFile(file, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	var input, stderr bytes.Buffer
	for _, payload := range j.payloads {
		input.WriteString(encode(t, payload))
	}
	command := exec.CommandContext(t.Context(), j.path, "-c", "-f", file)
	command.Stdin, command.Stderr = &input, &stderr
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, stderr.String())
	}
	decoder := json.NewDecoder(bytes.NewReader(out))
	for range j.payloads {
		var row []any
		if err := decoder.Decode(&row); err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// results turns rows, one a payload, into results, one an expression.
func results(rows [][]any, expressions int) []result {
	all := make([]result, expressions)
	for i := range all {
		for _, row := range rows {
			all[i] = append(all[i], row[i])
		}
		all[i] = all[i].shortened()
	}
	return all
}

func (r result) shortened() result {
	for _, value := range r {
		if !cmp.Equal(value, r[0]) {
			return r
		}
	}
	return r[:1]
}

// evaluate runs an expression as a mapping does. The payload stands where nothing in it counts as unknown.
func evaluate(t *testing.T, expression string, payloads []map[string]any) result {
	t.Helper()
	mapping, err := mapper.Compile([]mapper.Entry{entry(".input | (" + expression + ")")}, mapper.Options{Now: sampleNow})
	if err != nil {
		return nil
	}
	var values result
	for _, payload := range payloads {
		mapped, err := mapping.Map(t.Context(), map[string]any{"input": payload}, takeAll)
		if err != nil || len(mapped.Entities) != 1 {
			t.Fatalf("%s: %+v, %v", expression, mapped, err)
		}
		values = append(values, mapped.Entities[0].Entity.Properties["p"])
	}
	return values
}

// jqPayloads are the payload recorded from Port's guide, and some rebuilt from recorded commits: of each service, one
// without an author, one with a message beyond ASCII, one whose timestamp has decimals.
func jqPayloads(t *testing.T) []map[string]any {
	t.Helper()
	decimals := sampleCommit()
	decimals.Timestamp = decimals.Timestamp.Add(120_034_000)
	decimals.Author, decimals.Branch = nil, nil
	payloads := []map[string]any{
		recorded(t, "webhook-sample.json"),
		mapper.Payload(sampleAccount(), sampleRepository(), decimals),
	}
	for _, pick := range []struct {
		service         codecov.Service
		owner, repo, id string
	}{
		{codecov.GitHub, "acme", "notify-lib22", "2464d4f9c"},
		{codecov.GitHubEnterprise, "initech", "Main.Frame", "05fe924af"},
		{codecov.Bitbucket, "stash_team", "pipes", "c8391e449"},
	} {
		account := mapper.Account{Service: pick.service, Owner: pick.owner, AppURL: "https://app.codecov.io"}
		commit := recordedCommit(t, pick.service, pick.owner, pick.repo, pick.id)
		payloads = append(payloads, mapper.Payload(account, codecov.Repository{Name: pick.repo}, commit))
	}
	return payloads
}

func recordedCommit(t *testing.T, service codecov.Service, owner, repo, id string) codecov.Commit {
	t.Helper()
	data, err := recordings.Accounts.ReadFile(fmt.Sprintf("accounts/%s.%s.json", service, owner))
	if err != nil {
		t.Fatal(err)
	}
	var account struct {
		Commits map[string][]codecov.Commit `json:"commits"`
	}
	if err := json.Unmarshal(data, &account); err != nil {
		t.Fatal(err)
	}
	for _, commit := range account.Commits[repo] {
		if strings.HasPrefix(commit.CommitID, id) {
			return commit
		}
	}
	t.Fatalf("no commit %s of %s is recorded", id, repo)
	return codecov.Commit{}
}

func jqTables(t *testing.T) (tables []jqTable) {
	t.Helper()
	files, err := filepath.Glob("testdata/jq/jq-*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no tables: %v", err)
	}
	for _, file := range files {
		tables = append(tables, readJSON[jqTable](t, filepath.Base(file)))
	}
	return tables
}

// jqExpressions are the lines of the file.
func jqExpressions(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile("testdata/jq/expressions.txt")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(data)), "\n")
}

func readJSON[T any](t *testing.T, name string) (value T) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "jq", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &value); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return value
}

// write writes a table with a line for each expression.
func write(t *testing.T, file string, table jqTable) {
	t.Helper()
	rows := make([]string, 0, len(table.Results))
	for _, expression := range slices.Sorted(maps.Keys(table.Results)) {
		rows = append(rows, encode(t, expression)+": "+encode(t, table.Results[expression]))
	}
	text := fmt.Sprintf("{\"version\": %q, \"results\": {\n%s\n}}\n", table.Version, strings.Join(rows, ",\n"))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// normal gives a value as encoding/json reads it back: numbers as float64, as Port's binding of jq does.
func normal(t *testing.T, value any) (read any) {
	t.Helper()
	if err := json.Unmarshal([]byte(encode(t, value)), &read); err != nil {
		t.Fatal(err)
	}
	return read
}

func encode(t *testing.T, value any) string {
	t.Helper()
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out.String())
}
