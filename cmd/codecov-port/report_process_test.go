//go:build unix

package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
)

// TestReportOfAnInterruptedRun: Ctrl-C in mid-run leaves a whole page that says so.
func TestReportOfAnInterruptedRun(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.html")
	var once sync.Once
	p := newProcess(t, fakeport.New(fakeport.Options{}), func(p *process, r *http.Request, _ int) {
		if strings.HasSuffix(r.URL.Path, "/commits") || strings.HasSuffix(r.URL.Path, "/commits/") {
			once.Do(func() { p.interrupt(r, os.Interrupt, nil) })
		}
	}, "--yes", "--report", file)
	if code := p.end(t); code != exitInterrupted {
		t.Errorf("exit code %d: %s", code, p.errors)
	}
	page := reported(t, file)
	if !strings.Contains(page, "<strong>Interrupted:</strong>") || !strings.HasSuffix(strings.TrimSpace(page), "</html>") {
		t.Errorf("the page is %s", page)
	}
}
