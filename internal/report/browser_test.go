package report_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/report"
)

// browser is a headless browser.
type browser struct{ program, profile string }

// findBrowser skips the test where there is none.
func findBrowser(t *testing.T) browser {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if program, err := exec.LookPath(name); err == nil {
			return browser{program, t.TempDir()}
		}
	}
	t.Skip("no chromium, chromium-browser or google-chrome on the PATH: the page is not looked at in a browser")
	return browser{}
}

// open gives the document after its scripts have run, and what the browser has to say.
func (b browser) open(t *testing.T, address string) (document, console string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, b.program, "--headless=new", "--disable-gpu", "--no-sandbox", "--disable-dev-shm-usage", "--no-first-run",
		"--disable-background-networking", "--user-data-dir="+b.profile, "--enable-logging=stderr", "--virtual-time-budget=2000", "--dump-dom", address)
	cmd.WaitDelay = 10 * time.Second
	var said strings.Builder
	cmd.Stderr = &said
	dom, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	return string(dom), strings.Join(regexp.MustCompile(`.*CONSOLE.*`).FindAllString(said.String(), -1), "\n")
}

// shown are the table's names as they stand, without those that are hidden.
func shown(document string) []string {
	var names []string
	for _, row := range regexp.MustCompile(`<tr><th scope="row"><bdi><a [^>]*>([^<]*)<`).FindAllStringSubmatch(document, -1) {
		names = append(names, row[1])
	}
	return names
}

// save writes the page to a file and gives its address.
func save(t *testing.T, page string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	return "file://" + file
}

func inBrowser() report.Report {
	return reportOf(history("alpha", 30, 50, 60), history("beta-10", 10, 90, 40), history("beta-9", 20, 70, 95), history("Gamma", 40, 80))
}

// TestSortsAndSearches in a real browser: what the address says is what the table shows.
func TestSortsAndSearches(t *testing.T) {
	browser := findBrowser(t)
	address := save(t, write(t, inBrowser()))
	for fragment, want := range map[string][]string{
		"":                             {"alpha", "beta-9", "beta-10", "Gamma"},
		"#sort=coverage":               {"beta-10", "alpha", "Gamma", "beta-9"},
		"#sort=lines":                  {"Gamma", "alpha", "beta-9", "beta-10"},
		"#sort=change&dir=descending":  {"beta-9", "alpha", "Gamma", "beta-10"},
		"#sort=coverage&q=BETA":        {"beta-10", "beta-9"},
		"#q=nothing":                   nil,
		"#sort=%3Cb%3E&dir=x&q=%22%3E": nil,
		"#failures":                    {"alpha", "beta-9", "beta-10", "Gamma"},
	} {
		document, console := browser.open(t, address+fragment)
		if diff := cmp.Diff(want, shown(document)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", fragment, diff)
		}
		if console != "" {
			t.Errorf("%q: %s", fragment, console)
		}
	}
	document, _ := browser.open(t, address+"#sort=lines")
	ordered := regexp.MustCompile(`<th [^>]*aria-sort="[^>]*>`).FindAllString(document, -1)
	if len(ordered) != 1 || !strings.Contains(ordered[0], `data-key="lines"`) || !strings.Contains(ordered[0], `aria-sort="descending"`) {
		t.Errorf("those who cannot see the order are told %q", ordered)
	}
}

// TestClicks: a page that frames the report clicks and types in it as a reader does.
func TestClicks(t *testing.T) {
	browser := findBrowser(t)
	var requests atomic.Int64
	page := write(t, inBrowser())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		switch r.URL.Path {
		case "/":
			_, _ = w.Write([]byte(clicking))
		case "/report.html":
			_, _ = w.Write([]byte(page))
		default:
			if !strings.HasPrefix(r.URL.Path, "/favicon") {
				requests.Add(1)
			}
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	document, console := browser.open(t, server.URL+"/")
	found := regexp.MustCompile(`(?s)<pre>(.*)</pre>`).FindStringSubmatch(document)
	if found == nil {
		t.Fatalf("the page did not get to its end: %s", console)
	}
	want := "coverage up: beta-10 alpha Gamma beta-9\ncoverage down: beta-9 Gamma alpha beta-10\nbeta: beta-9 beta-10, 2 of 4\n#sort=coverage&amp;dir=descending&amp;q=beta\nreadout: true\nfits: true"
	if diff := cmp.Diff(want, found[1]); diff != "" {
		t.Error(diff)
	}
	if requests.Load() > 0 || strings.Contains(console, "Content Security Policy") {
		t.Errorf("%d requests; %s", requests.Load(), console)
	}
}

const clicking = `<!doctype html><link rel="icon" href="data:,"><iframe src="report.html" width="360" height="600"></iframe><script>
document.querySelector("iframe").addEventListener("load", (event) => {
  const page = event.target.contentDocument, said = [];
  const names = () => [...page.querySelectorAll("#table tbody tr:not([hidden]) a")].map((a) => a.textContent).join(" ");
  const coverage = page.querySelector("[data-key=coverage] button");
  coverage.click();
  said.push("coverage up: " + names());
  coverage.click();
  said.push("coverage down: " + names());
  const search = page.querySelector("#search");
  search.value = "beta";
  search.dispatchEvent(new Event("input", { bubbles: true }));
  said.push("beta: " + names() + ", " + page.querySelector("#shown").textContent);
  said.push(event.target.contentWindow.location.hash);
  page.querySelector(".moment rect").dispatchEvent(new PointerEvent("pointermove", { bubbles: true }));
  said.push("readout: " + page.querySelector("#readout").textContent.includes("lines"));
  said.push("fits: " + (page.documentElement.scrollWidth <= page.documentElement.clientWidth));
  const pre = document.createElement("pre");
  pre.textContent = said.join("\n");
  document.body.append(pre);
});
</script>`
