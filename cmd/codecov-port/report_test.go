package main

import (
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/codecov-port/codecov-port/internal/fake/faults"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
)

// reported is what --report has left: the page, and nothing beside it.
func reported(t *testing.T, file string) string {
	t.Helper()
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(filepath.Dir(file)); err != nil || len(left) != 1 {
		t.Errorf("there are %v, %v", left, err)
	}
	return string(page)
}

// bothWith serves a Codecov with a repository of one commit, and a Port.
func bothWith(t *testing.T) *fakeport.Server {
	t.Helper()
	source := codecovWith(t, []row{repositoryRow("app")}, map[string][]row{"app": {commitRow(strings.Repeat("a", 40), "one")}})
	catalog := fakeport.New(fakeport.Options{})
	export(t, listen(t, source), listen(t, catalog), nil)
	return catalog
}

// TestReportToStandardOutput: the page has standard output for itself.
func TestReportToStandardOutput(t *testing.T) {
	bothWith(t)
	inEmptyFolder := t.TempDir()
	t.Chdir(inEmptyFolder)
	for _, args := range []string{"sync --dry-run --report -", "sync --report -"} {
		got := say(t, strings.Fields(args)...)
		if got.code != exitDone || !strings.HasPrefix(got.out, "<!doctype html>") || !strings.HasSuffix(got.out, "</html>\n") {
			t.Errorf("%s: exit code %d, want a page alone on standard output:\n%s", args, got.code, got.out)
		}
		if !strings.Contains(got.err, "codecov_coverage") || strings.Contains(got.err, "report:") {
			t.Errorf("%s: want the summary and no name of a file on standard error:\n%s", args, got.err)
		}
	}
	for _, output := range []string{"json", "jsonl"} {
		got := say(t, "sync", "--dry-run", "--report", "-", "--output", output)
		if got.code != exitUsage || got.out != "" || !strings.Contains(got.err, "both print to standard output") {
			t.Errorf("--output %s: exit code %d, want wrong usage: %s%s", output, got.code, got.out, got.err)
		}
	}
	if left, err := os.ReadDir(inEmptyFolder); err != nil || len(left) > 0 {
		t.Errorf("files %v, %v, want none", left, err)
	}
}

func TestReport(t *testing.T) {
	bothWith(t)
	file := filepath.Join(t.TempDir(), "page.html")
	said := say(t, "sync", "--dry-run", "--report", file)
	if said.code != exitDone || !strings.Contains(said.err, "report: "+file+"  (open it in a browser)\n") {
		t.Errorf("exit code %d: %s", said.code, said.err)
	}
	page := reported(t, file)
	for _, want := range []string{"Dry run: nothing was written.", "97.22%", `href="https://app.codecov.io/gh/acme/app"`} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing in %s", want, page)
		}
	}
	if info, err := os.Stat(file); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}

	if said := say(t, "sync", "--quiet", "--report", file); said.code != exitDone || strings.Contains(said.err, "report:") {
		t.Errorf("exit code %d: %s", said.code, said.err)
	}
	if page := reported(t, file); strings.Contains(page, "Dry run") {
		t.Error("the page is still the old one")
	}
}

// TestReportOfARunInPart: what did not arrive is on the page, too.
func TestReportOfARunInPart(t *testing.T) {
	catalog := bothWith(t)
	catalog.Faults.Add(faults.Fault{Times: -1, Status: http.StatusUnprocessableEntity, Body: `{"ok":false,"error":"invalid_request","message":"<b>no</b>"}`,
		Match: func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/codecov_coverage/entities/bulk") }})
	file := filepath.Join(t.TempDir(), "page.html")
	if said := say(t, "sync", "--report", file); said.code != exitPartial {
		t.Errorf("exit code %d: %s", said.code, said.text())
	}
	page := reported(t, file)
	if !strings.Contains(page, "Incomplete:") || strings.Contains(page, "<b>no") {
		t.Errorf("the page is %s", page)
	}
}

// TestReportThatCannotBe is an error before the first request to either side.
func TestReportThatCannotBe(t *testing.T) {
	catalog := bothWith(t)
	folder := t.TempDir()
	for _, file := range []string{folder, filepath.Join(folder, "none", "page.html"), filepath.Join(folder, "\x00")} {
		said := say(t, "sync", "--report", file)
		if said.code != exitUsage || !strings.Contains(said.err, "error: --report: ") || said.out != "" {
			t.Errorf("%q: exit code %d: %s", file, said.code, said.text())
		}
	}
	if asked := catalog.Requests().Requests; asked > 0 {
		t.Errorf("Port was asked %d times", asked)
	}
}

// TestReportOfNothing: a run that read nothing leaves an earlier page as it was.
func TestReportOfNothing(t *testing.T) {
	bothWith(t)
	t.Setenv("CODECOV_TOKEN", "7f3d1c52-0000-4a55-9f0e-2f6f1b1d0a11")
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, []byte("earlier"), 0o600); err != nil {
		t.Fatal(err)
	}
	if said := say(t, "sync", "--report", file); said.code != exitCredentials || strings.Contains(said.err, "report:") {
		t.Errorf("exit code %d: %s", said.code, said.text())
	}
	if page := reported(t, file); page != "earlier" {
		t.Errorf("the page is now %s", page)
	}
}

func TestReportThroughALink(t *testing.T) {
	bothWith(t)
	file, link := filepath.Join(t.TempDir(), "page.html"), filepath.Join(t.TempDir(), "link.html")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Skip(err)
	}
	say(t, "sync", "--report", link)
	if !strings.Contains(reported(t, file), "97.22%") {
		t.Error("the page is not where the link leads")
	}
}

// TestReportOnAFullDisk: the run is done and its result printed, and the exit code says that the page is missing.
func TestReportOnAFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip(err)
	}
	bothWith(t)
	for _, command := range []string{"sync", "demo"} {
		said := say(t, command, "--report", "/dev/full")
		if said.code != exitFailed || !strings.Contains(said.err, "error: --report: write the page: ") || !strings.Contains(said.out, "repositories") {
			t.Errorf("%s: exit code %d: %s", command, said.code, said.text())
		}
		if strings.Contains(said.err, "report: /dev/full") {
			t.Errorf("%s said %s", command, said.err)
		}
	}
}
