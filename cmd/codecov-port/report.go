package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/report"
	"github.com/codecov-port/codecov-port/internal/terminal"
)

const reportFlag = "report"

func addReportFlag(flags *pflag.FlagSet, name *string) {
	flags.StringVar(name, reportFlag, "", "Write an HTML page with charts of all repositories to this `file`")
}

// reportFile is the file of --report. It is written completely or not at all. A nil one ignores everything.
type reportFile struct {
	name    string   // as in the flag
	file    *os.File // written to, and only readable by its owner
	place   string   // the file is renamed to this when it is complete; "" for a device or a pipe
	written bool
}

// createReport creates the file before a run, so that errors come early. It returns nil without a name.
func createReport(name string) (*reportFile, error) {
	if name == "" {
		return nil, nil
	}
	r, err := openReport(name)
	if err != nil {
		return nil, usage(fmt.Errorf("--%s: %w", reportFlag, err), "name a file that you can write")
	}
	return r, nil
}

// openReport creates a temporary file beside the named one. Anything but a regular file is opened itself.
func openReport(name string) (*reportFile, error) {
	place := name
	if target, err := filepath.EvalSymlinks(name); err == nil {
		place = target
	}
	existing, err := os.OpenFile(place, os.O_WRONLY, 0)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err == nil {
		if info, err := existing.Stat(); err != nil || !info.Mode().IsRegular() {
			return &reportFile{name: name, file: existing}, err
		}
		_ = existing.Close() // nothing was written
	}
	file, err := os.CreateTemp(filepath.Dir(place), ".codecov-port-report-*")
	if failed := (*fs.PathError)(nil); errors.As(err, &failed) {
		return nil, &fs.PathError{Op: failed.Op, Path: name, Err: failed.Err}
	}
	return &reportFile{name: name, file: file, place: place}, err
}

// write writes the page.
func (f *reportFile) write(page report.Report) error {
	if f == nil {
		return nil
	}
	buffered := bufio.NewWriter(f.file)
	err := errors.Join(cmp.Or(report.Write(buffered, page), buffered.Flush()), f.file.Close())
	if err == nil && f.place != "" {
		err = os.Rename(f.file.Name(), f.place)
	}
	if err != nil {
		f.discard()
		return fmt.Errorf("--%s: write the page: %w", reportFlag, err)
	}
	f.written = true
	return nil
}

// discard removes the temporary file if the page was not written.
func (f *reportFile) discard() {
	if f == nil || f.written {
		return
	}
	_ = f.file.Close()
	if f.place != "" {
		_ = os.Remove(f.file.Name())
	}
}

// announce prints where the page is.
func (f *reportFile) announce(streams *terminal.Streams) {
	if f != nil && f.written && !streams.Quiet {
		printMessage(streams, reportFlag+":", f.name+"  (open it in a browser)")
	}
}

// reportOf returns the content of the page. err ended the run early, if it is not nil.
func reportOf(s settings, result *backfill.Result, err error) report.Report {
	return report.Report{Result: result, Owners: s.owners, Service: s.service, AppURL: s.codecovApp, At: time.Now(), Err: err}
}

// writeReport writes the page where anything was read, also where the run ended too early.
func (r *syncRun) writeReport(result *backfill.Result, err error) error {
	if err != nil && result.Commits.Read == 0 {
		r.report.discard()
		return nil
	}
	page := reportOf(r.settings, result, err)
	page.PortURL = portURL(r.settings.portURL, r.options.Mapping)
	return r.report.write(page)
}
