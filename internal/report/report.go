// Package report draws the coverage of a run as one HTML page: the trend of the account and of each repository, what
// fell and what is lowest, a table to sort and search, and the figures of the run. The page contains everything it
// needs: its content security policy forbids all requests.
package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"sync"
	"time"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// Report is the content of a page. Result and At are required.
type Report struct {
	Result  *backfill.Result
	Owners  []string        // the accounts
	Service codecov.Service // of the accounts
	AppURL  string          // of Codecov's web pages, without a slash at the end; empty: no links to Codecov
	PortURL string          // of the repositories in Port; empty: no link
	At      time.Time       // end of the run
	Err     error           // what ended the run early, or nil
}

// Write writes the page. Names from outside are shown as text, whatever they contain. It returns the error of w.
func Write(w io.Writer, r Report) error {
	page, err := page()
	if err != nil {
		return err
	}
	return page.Execute(w, newView(r))
}

//go:embed page.html
var pageSource string

//go:embed style.css
var style string

//go:embed script.js
var script string

// policy allows the page its own style and script, and nothing else.
var policy = fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; img-src data:; base-uri 'none'; form-action 'none'",
	digest(style), digest(script))

func digest(source string) string {
	sum := sha256.Sum256([]byte(source))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// page returns the template, which is parsed once.
var page = sync.OnceValues(func() (*template.Template, error) {
	return template.New("page.html").Funcs(functions).Parse(pageSource)
})
