// Package report draws what a run brought in as one HTML page: the course of the account's coverage and of each
// repository's, a table to sort and search, what was left out, and the run's figures. The page is self-contained: it
// asks nothing of the network, and its content security policy holds it to that.
package report

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"sync"
	"time"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// Report is what a page tells. Result and At are needed.
type Report struct {
	Result  *backfill.Result
	Owners  []string        // the accounts
	Service codecov.Service // that they are at
	AppURL  string          // address of Codecov's web pages, without a slash at the end; empty: repositories are not linked
	At      time.Time       // when the run ended
	Err     error           // what ended the run too early; nil: nothing did
}

// Write writes the page. Whatever a name from outside holds, the page shows it as text. The error is that of w.
func Write(w io.Writer, r Report) error {
	page, err := page()
	if err != nil {
		return err
	}
	view := newView(r)
	view.Style, view.Script = template.CSS(style), template.JS(script)
	view.Policy = policy
	return page.Execute(w, view)
}

//go:embed page.html
var files embed.FS

//go:embed style.css
var style string

//go:embed script.js
var script string

// policy allows the page its own style and script, and pictures within it, and nothing from elsewhere.
var policy = fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; img-src data:; base-uri 'none'; form-action 'none'",
	digest(style), digest(script))

func digest(source string) string {
	sum := sha256.Sum256([]byte(source))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// page is the template, read once and only where a report is asked for.
var page = sync.OnceValues(func() (*template.Template, error) {
	return template.New("page.html").Funcs(functions).ParseFS(files, "page.html")
})
