package report_test

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/report"
)

// browser is a headless browser.
type browser struct{ program, profile string }

// findBrowser skips the test without a browser.
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
	t.Skip("no chromium, chromium-browser or google-chrome on the PATH: the page is not tested in a browser")
	return browser{}
}

// open returns the document after its scripts have run, and the messages of the console.
func (b browser) open(t *testing.T, address string) (document, console string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, b.program, "--headless=new", "--disable-gpu", "--no-sandbox", "--disable-dev-shm-usage", "--no-first-run",
		"--disable-background-networking", "--user-data-dir="+b.profile, "--enable-logging=stderr", "--virtual-time-budget=2000", "--dump-dom", address)
	cmd.WaitDelay = 10 * time.Second
	var messages strings.Builder
	cmd.Stderr = &messages
	dom, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, messages.String())
	}
	return string(dom), strings.Join(regexp.MustCompile(`.*CONSOLE.*`).FindAllString(messages.String(), -1), "\n")
}

// run opens a page that frames the given pages, 360 pixels wide, and runs a script when all are loaded. The script gets the
// frames, and reports lines with say. run returns the lines, and fails if the pages sent a request or logged a message.
func (b browser) run(t *testing.T, script string, pages ...string) []string {
	t.Helper()
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		i, err := strconv.Atoi(r.URL.Path[1:])
		switch {
		case r.URL.Path == "/":
			_, _ = fmt.Fprintf(w, framing, strings.Repeat("<iframe width=360 height=600></iframe>", len(pages)), script)
		case err == nil && i < len(pages):
			_, _ = w.Write([]byte(pages[i]))
		default:
			requests.Add(1)
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	document, console := b.open(t, server.URL+"/")
	found := regexp.MustCompile(`(?s)<pre>(.*)</pre>`).FindStringSubmatch(document)
	if found == nil {
		t.Fatalf("the script did not reach its end: %s", console)
	}
	if requests.Load() > 0 || console != "" {
		t.Errorf("%d requests; console: %s", requests.Load(), console)
	}
	return strings.Split(html.UnescapeString(found[1]), "\n")
}

const framing = `<!doctype html><link rel="icon" href="data:,">%s<script>
(async () => {
  const frames = [...document.querySelectorAll("iframe")], lines = [];
  const say = (line) => lines.push(line);
  await Promise.all(frames.map((frame, i) => new Promise((resolve) => {
    frame.addEventListener("load", resolve, { once: true });
    frame.src = "/" + i;
  })));
  %s
  const pre = document.createElement("pre");
  pre.textContent = lines.join("\n");
  document.body.append(pre);
})();
</script>`

func inBrowser() report.Report {
	return reportOf(history("alpha", 30, 50, 60), history("beta-10", 10, 90, 40), history("beta-9", 20, 70, 95), history("Gamma", 40, 80))
}

// TestAddress: the table shows what the address selects; at first, what fell most comes first.
func TestAddress(t *testing.T) {
	const byChange = "change ascending: beta-10 Gamma alpha beta-9"
	want := map[string]string{
		"":                                byChange,
		"sort=name":                       "name ascending: alpha beta-9 beta-10 Gamma",
		"sort=coverage":                   "coverage ascending: beta-10 alpha Gamma beta-9",
		"sort=lines":                      "lines descending: Gamma alpha beta-9 beta-10",
		"sort=change&dir=descending":      "change descending: beta-9 alpha Gamma beta-10",
		"sort=coverage&q=BETA":            "coverage ascending: beta-10 beta-9",
		"q=nothing":                       "change ascending: ",
		"sort=%3Cb%3E&dir=x&q=%22%3E":     "change ascending: ",
		"period=7&repo=unknown":           byChange,
		"sort=constructor&repo=__proto__": byChange,
	}
	fragments := slices.Sorted(maps.Keys(want))
	encoded, err := json.Marshal(fragments)
	if err != nil {
		t.Fatal(err)
	}
	got := findBrowser(t).run(t, `
  const { contentDocument: page, contentWindow: view } = frames[0];
  const rows = () => [...page.querySelectorAll("#table tbody tr:not([hidden])")].map((row) => row.cells[0].textContent).join(" ");
  const order = () => [...page.querySelectorAll("[aria-sort]")].map((head) => head.dataset.key + " " + head.getAttribute("aria-sort")).join();
  say(order() + ": " + rows());
  for (const fragment of `+string(encoded)+`) {
    const changed = new Promise((resolve) => view.addEventListener("hashchange", resolve, { once: true }));
    view.location.hash = "x=" + fragment.length;
    await changed;
    const again = new Promise((resolve) => view.addEventListener("hashchange", resolve, { once: true }));
    view.location.hash = fragment;
    await again;
    say(order() + ": " + rows());
  }
  const named = new Promise((resolve) => view.addEventListener("hashchange", resolve, { once: true }));
  view.location.hash = "failures";
  await named;
  say(order() + ": " + rows());`, write(t, inBrowser()))
	lines := []string{byChange}
	for _, fragment := range fragments {
		lines = append(lines, want[fragment])
	}
	lines = append(lines, want[fragments[len(fragments)-1]]) // a place on the page changes nothing
	if diff := cmp.Diff(lines, got); diff != "" {
		t.Errorf("rows at the start, for %q, and for a place (-want +got):\n%s", fragments, diff)
	}
}

// TestAxes: the axes have round values and a few dates, for an hour as for two thousand years.
func TestAxes(t *testing.T) {
	starts := []time.Time{
		now.Add(-time.Hour), now.AddDate(0, 0, -2), now.Add(-94 * time.Hour), now.AddDate(0, 0, -170), now.AddDate(-6, 0, 0),
		now.AddDate(-30, 0, 0), time.Date(1, time.January, 1, 0, 0, 0, 0, time.UTC),
	}
	var pages []string
	for _, start := range starts {
		pages = append(pages, write(t, reportOf(backfill.History{Owner: "acme", Repository: "app", Points: []backfill.Point{
			{At: start, Coverage: 61, Lines: 1}, {At: now, Coverage: 78, Lines: 1},
		}})))
	}
	got := findBrowser(t).run(t, `
  for (const { contentDocument: page } of frames) {
    const texts = (kind) => [...page.querySelectorAll("text." + kind)].map((text) => text.textContent).join(", ");
    if (/="[^"]*NaN/.test(page.querySelector(".chart").innerHTML)) say("NaN");
    say(texts("level") + "; " + texts("date"));
  }`, pages...)
	want := []string{
		"60%, 65%, 70%, 75%, 80%; ",
		"60%, 65%, 70%, 75%, 80%; 22 Nov, 23 Nov",
		"60%, 65%, 70%, 75%, 80%; 21 Nov, 23 Nov",
		"60%, 65%, 70%, 75%, 80%; Jul 2026, Sep 2026, Nov 2026",
		"60%, 65%, 70%, 75%, 80%; 2022, 2024, 2026",
		"60%, 65%, 70%, 75%, 80%; 2000, 2010, 2020",
		"60%, 65%, 70%, 75%, 80%; 1000, 2000",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("axes (-want +got):\n%s", diff)
	}
}

// TestClicks: the page answers to clicks, text, the pointer and the keyboard.
func TestClicks(t *testing.T) {
	got := findBrowser(t).run(t, clicking, write(t, inBrowser()))
	want := []string{
		"coverage up: beta-10 alpha Gamma beta-9",
		"coverage down: beta-9 Gamma alpha beta-10",
		"search beta: beta-9 beta-10, 2 of 4",
		"address: #sort=coverage&dir=descending&q=beta",
		"open: beta-10, 90.00% on 21 Nov 2026, 40.00% on 22 Nov 2026, Lines10Commits2Last commit22 Nov 2026, https://codecov.example/gh/acme/beta-10",
		"pointer: 21 Nov 2026: 90.00% of 10 lines, inside true",
		"keys: 22 Nov 2026: 40.00% of 10 lines, aria 22 Nov 2026: 40.00% of 10 lines",
		"period: 3 months, address #sort=coverage&dir=descending&q=beta&period=91&repo=acme%2Fbeta-10",
		"sorted: beta-10 open beta-9",
		"list: acme/alpha",
		"closed: true",
		"print: 3 of 3 open, then 0",
		"fits: true",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("after the clicks (-want +got):\n%s", diff)
	}
}

const clicking = `
  const { contentDocument: page, contentWindow: view } = frames[0];
  const all = (selector) => [...page.querySelectorAll(selector)];
  const one = (selector) => page.querySelector(selector);
  const names = () => all("#table tbody tr:not([hidden])").map((tr) => tr.id || tr.cells[0].textContent).join(" ");
  const click = (selector) => one(selector).dispatchEvent(new MouseEvent("click", { bubbles: true }));
  click("[data-key=coverage] button");
  say("coverage up: " + names());
  click("[data-key=coverage] button");
  say("coverage down: " + names());
  const search = one("#search");
  search.value = "beta";
  search.dispatchEvent(new Event("input", { bubbles: true }));
  say("search beta: " + names() + ", " + one("#shown").textContent);
  say("address: " + view.location.hash);

  click("#table tr[data-key='acme/beta-10'] button");
  say("open: " + one("#open").previousElementSibling.cells[0].textContent + ", " + one("#open .head p").textContent + ", " +
    one("#open dl").textContent + ", " + one("#open a").href);
  const chart = one("#open svg[role=slider]"), box = chart.getBoundingClientRect(), value = one("#open .value");
  chart.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, clientX: box.left + 1, clientY: box.top + 50 }));
  const inside = value.getBoundingClientRect().left >= box.left && value.getBoundingClientRect().right <= box.right + 1;
  say("pointer: " + value.textContent + ", inside " + inside);
  chart.dispatchEvent(new KeyboardEvent("keydown", { bubbles: true, key: "ArrowRight" }));
  say("keys: " + value.textContent + ", aria " + chart.getAttribute("aria-valuetext"));
  click("#open .periods button");
  say("period: " + all("#open [aria-pressed=true]").map((b) => b.textContent).join() + ", address " + view.location.hash);
  click("[data-key=coverage] button");
  say("sorted: " + names());
  click(".lists li[data-key='acme/alpha'] button");
  say("list: " + one("#open").dataset.key);
  click("#open .links button");
  say("closed: " + (one("#open") === null));

  const folded = () => all("details[open]").length;
  view.dispatchEvent(new Event("beforeprint"));
  const opened = folded();
  view.dispatchEvent(new Event("afterprint"));
  say("print: " + opened + " of " + all("details").length + " open, then " + folded());
  click("#table tr[data-key='acme/beta-10'] button");
  say("fits: " + (page.documentElement.scrollWidth <= page.documentElement.clientWidth));`
