package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/backfill"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/internal/fake/recordings"
	"github.com/codecov-port/codecov-port/internal/terminal"
)

var remake = flag.Bool("remake", false, "rewrite the table of testdata/codecov/answers.md")

const (
	operations = "../../testdata/codecov/answers.md"
	tableHead  = "| recorded | what `sync` prints | exit |\n|---|---|---|\n"
)

// TestWhatCodecovMayAnswer holds the table in testdata/codecov/answers.md to what sync says when Codecov answers as recorded.
func TestWhatCodecovMayAnswer(t *testing.T) {
	want := tableHead
	for _, row := range toldOfRecordings(t) {
		want += fmt.Sprintf("| %s | %s | %s |\n", names(row.recordings), row.messages, row.exit)
	}
	text, err := os.ReadFile(operations)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), tableHead)
	if !found {
		t.Fatalf("%s has no table of answers", operations)
	}
	rows, after := rest, ""
	if end := strings.Index(rest, "\n\n"); end >= 0 {
		rows, after = rest[:end+1], rest[end+1:]
	}
	if *remake {
		if err := os.WriteFile(operations, []byte(before+want+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(tableHead+rows, want); diff != "" {
		t.Errorf("%s (-says +is; -remake writes it):\n%s", operations, diff)
	}
}

// outcome is what is said of some recordings alike.
type outcome struct {
	recordings     []string
	messages, exit string
}

// isTold matches the names of the recordings that the table is about.
var isTold = regexp.MustCompile(`^\d+-(poison|auth-|as-)`)

func toldOfRecordings(t *testing.T) []*outcome {
	t.Helper()
	exchanges, err := recordings.HTTP(os.DirFS("../../testdata/codecov"))
	if err != nil {
		t.Fatal(err)
	}
	exchanges = slices.DeleteFunc(exchanges, func(exchange recordings.Exchange) bool { return !isTold.MatchString(exchange.Name) })
	lists := recordedLists(t, exchanges)
	outcomes := describeAll(t, lists)
	var rows []*outcome
	index := make(map[outcomeKey]*outcome)
	for _, exchange := range exchanges {
		name := exchange.Name[strings.IndexByte(exchange.Name, '-')+1:]
		row := outcome{messages: "it does not ask for this", exit: "–"}
		if list := lists[listKey(exchange)]; list != nil {
			row = outcomes[listKey(exchange)]
		}
		key := outcomeKey{row.messages, row.exit}
		if index[key] == nil {
			index[key] = &outcome{messages: row.messages, exit: row.exit}
			rows = append(rows, index[key])
		}
		index[key].recordings = append(index[key].recordings, name)
	}
	return rows
}

// describeAll runs sync on all lists at the same time: some take real retries.
func describeAll(t *testing.T, lists map[string]*recordedList) map[string]outcome {
	t.Helper()
	for _, v := range variables {
		t.Setenv(v.name, "") // each run has a file of its own
	}
	var mu sync.Mutex
	var runs sync.WaitGroup
	outcomeOf := make(map[string]outcome) // by list
	for key, list := range lists {
		runs.Go(func() {
			outcome := list.describe(t)
			mu.Lock()
			defer mu.Unlock()
			outcomeOf[key] = outcome
		})
	}
	runs.Wait()
	return outcomeOf
}

var numbered = regexp.MustCompile(`^(.*-)(\d\d)$`)

// names lists recordings; of those that are numbered one after the other, the first and the last.
func names(recordings []string) string {
	var parts []string
	for i, name := range recordings {
		n := numbered.FindStringSubmatch(name)
		hasPrefix := func(j int) bool {
			return n != nil && j >= 0 && j < len(recordings) && strings.HasPrefix(recordings[j], n[1])
		}
		switch {
		case hasPrefix(i-1) && hasPrefix(i+1):
		case hasPrefix(i - 1):
			parts[len(parts)-1] += " … `-" + n[2] + "`"
		default:
			parts = append(parts, "`"+name+"`")
		}
	}
	return strings.Join(parts, ", ")
}

type outcomeKey struct{ messages, exit string }

// recordedList is one of Codecov's lists as far as it was recorded: each row, or the one answer to everything.
type recordedList struct {
	owner, repository string // repository: of a list of commits
	names             []string
	rows              []json.RawMessage // nil: a row that spoils its page
	only              *recordings.Response
}

// listKey names the list that a recording is of; "" where it is of none that sync reads.
func listKey(exchange recordings.Exchange) string {
	address, err := url.Parse(exchange.Request.Path)
	if err != nil || exchange.Request.Method != http.MethodGet {
		return ""
	}
	query := address.Query()
	segments := strings.Split(strings.TrimPrefix(address.Path, "/api/v2/"), "/")
	isList := len(segments) == 3 && segments[2] == "repos" || len(segments) == 5 && segments[4] == "commits"
	if !isList || query.Has("search") {
		return ""
	}
	query.Del("page")
	query.Del("page_size")
	if status := exchange.Response.Status; status != http.StatusOK && status != http.StatusInternalServerError {
		return exchange.Name // the same answer to everything
	}
	return address.Path + "?" + query.Encode() + " " + exchange.Request.Headers["Authorization"]
}

// recordedLists puts the lists together from their recorded pages.
func recordedLists(t *testing.T, exchanges []recordings.Exchange) map[string]*recordedList {
	t.Helper()
	lists := make(map[string]*recordedList)
	for _, exchange := range exchanges {
		key := listKey(exchange)
		if key == "" {
			continue
		}
		address, _ := url.Parse(exchange.Request.Path)
		list := lists[key]
		if list == nil {
			segments := strings.Split(strings.TrimPrefix(address.Path, "/api/v2/"), "/")
			list = &recordedList{owner: segments[1], names: address.Query()["names"]}
			if len(segments) == 5 {
				list.repository = segments[3]
			}
			lists[key] = list
		}
		list.note(t, exchange, address.Query())
	}
	return lists
}

// note takes in a recorded page. A page of several rows that is spoiled names no row; where no other page does, its
// first row is the one.
func (l *recordedList) note(t *testing.T, exchange recordings.Exchange, query url.Values) {
	t.Helper()
	size, page := number(query.Get("page_size"), 20), number(query.Get("page"), 1)
	isPoisoned := strings.Contains(exchange.Name, "-poison")
	if exchange.Response.Status != http.StatusOK {
		if !isPoisoned {
			l.only = &exchange.Response
		}
		if isPoisoned && (size == 1 || len(l.rows) == 0) {
			l.put((page-1)*size, nil)
		}
		return
	}
	var body struct{ Results []json.RawMessage }
	if err := json.Unmarshal(exchange.Response.Body, &body); err != nil {
		return // an HTML page
	}
	for i, row := range body.Results {
		l.put((page-1)*size+i, row)
	}
}

func (l *recordedList) put(place int, row json.RawMessage) {
	for len(l.rows) <= place {
		l.rows = append(l.rows, nil)
	}
	l.rows[place] = row
}

func number(text string, otherwise int) int {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	return otherwise
}

// describe runs sync on the list and returns its messages.
func (l *recordedList) describe(t *testing.T) outcome {
	t.Helper()
	file := filepath.Join(t.TempDir(), "env")
	var environment strings.Builder
	for name, value := range userEnvironment(listen(t, l), listen(t, fakeport.New(fakeport.Options{}))) {
		fmt.Fprintf(&environment, "%s=%s\n", name, value)
	}
	if err := os.WriteFile(file, []byte(environment.String()), 0o600); err != nil {
		t.Error(err)
	}
	arguments := []string{"sync", "--dry-run", "--output", "json", "--owner", l.owner, "--env-file", file}
	for _, name := range l.names {
		arguments = append(arguments, "--repo", name)
	}
	s := say(t, arguments...)
	result, messages := &backfill.Result{}, []string(nil)
	document := holdToSchema(t, s.out)
	for _, f := range document.Failures {
		result.Failures = append(result.Failures, backfill.Failure{Repository: f.Repository, Blueprint: f.Blueprint, Identifier: f.Identifier, Status: f.Status, Code: f.Code, Message: requestLine.ReplaceAllString(f.Message, "")})
	}
	var text strings.Builder
	if document.Commits.Read > 0 || s.code == exitPartial { // else the error says it all
		if err := terminal.WriteSummary(&terminal.Streams{Out: &text}, result); err != nil {
			t.Fatal(err)
		}
	}
	for line := range strings.Lines(unwrapped.Replace(text.String()) + s.err) {
		line = strings.Join(strings.Fields(line), " ")
		for _, start := range []string{"failed ", "hint", "warning: ", "error: "} {
			if strings.HasPrefix(line, start) && !strings.Contains(line, "no commits on its default branch") { // the recording answers one list only
				messages = append(messages, plain(line))
			}
		}
	}
	if len(messages) == 0 {
		messages = []string{"nothing: all of it is read"}
	}
	return outcome{messages: strings.Join(messages, "<br>"), exit: strconv.Itoa(s.code)}
}

// unwrapped puts a statement of the summary on one line. Hints, examples and what is left out keep lines of their own.
var unwrapped = strings.NewReplacer("\n              hint: ", "\nhint: ", "\n              for example ", "\nfor example ",
	"\n              … and ", "\n… and ", "\n              ", " ")

var requestLine = regexp.MustCompile(`GET http://\S+: `)

// plain takes out what differs from run to run, and what a table cannot hold.
func plain(line string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "*", `\*`, "_", `\_`).Replace(requestLine.ReplaceAllString(line, ""))
}

// ServeHTTP answers with the pages of the list. What else sync asks for is a repository without commits, or the
// repository that the commits are of.
func (l *recordedList) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	segments := strings.Split(strings.TrimPrefix(r.URL.Path, "/api/v2/"), "/")
	asksForCommits := len(segments) == 5
	switch {
	case asksForCommits != (l.repository != "") && asksForCommits:
		_, _ = w.Write([]byte(`{"count":0,"results":[]}`))
	case asksForCommits != (l.repository != ""):
		_ = json.NewEncoder(w).Encode(map[string]any{"count": 1, "results": []any{repositoryRow(l.repository)}})
	case l.only != nil:
		for name, value := range l.only.Headers {
			if name != "Content-Length" {
				w.Header().Set(name, value)
			}
		}
		body, _ := l.only.Bytes()
		w.WriteHeader(l.only.Status)
		_, _ = w.Write(body)
	default:
		l.servePage(w, number(r.URL.Query().Get("page"), 1), number(r.URL.Query().Get("page_size"), 20))
	}
}

func (l *recordedList) servePage(w http.ResponseWriter, page, size int) {
	from := (page - 1) * size
	if from >= len(l.rows) && page > 1 {
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"detail":"Invalid page."}`))
		return
	}
	rows := l.rows[from:min(from+size, len(l.rows))]
	for _, row := range rows {
		if row == nil {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = w.Write([]byte(`{"error": "Server Error (500)"}`))
			return
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"count": len(l.rows), "results": rows})
}
