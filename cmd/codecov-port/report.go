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

func bindReport(flags *pflag.FlagSet, name *string) {
	flags.StringVar(name, reportFlag, "", "write an HTML page with every repository's trend, and the run's figures, to this file")
}

// reportFile is where --report puts its page: whole, or not at all. A nil one takes everything and keeps nothing.
type reportFile struct {
	name    string   // as it was given
	file    *os.File // what is written to, for its owner alone
	place   string   // where the file is moved to once it is whole; "": it stays, being a device or a pipe
	written bool
}

// createReport makes the file before a run: what cannot be kept is told while there is nothing to keep yet. It gives nil
// without a name.
func createReport(name string) (*reportFile, error) {
	if name == "" {
		return nil, nil
	}
	r, err := openReport(name)
	if err != nil {
		return nil, usage(fmt.Errorf("--%s: %w", reportFlag, err), "name a file that can be written")
	}
	return r, nil
}

// openReport opens a file beside the one that is named. What is no regular file is opened itself.
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

// write puts the page in its place.
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
		return fmt.Errorf("--%s: the page could not be written: %w", reportFlag, err)
	}
	f.written = true
	return nil
}

// discard leaves nothing of a page that is not written.
func (f *reportFile) discard() {
	if f == nil || f.written {
		return
	}
	_ = f.file.Close()
	if f.place != "" {
		_ = os.Remove(f.file.Name())
	}
}

// announce says where the page is.
func (f *reportFile) announce(streams *terminal.Streams) {
	if f != nil && f.written && !streams.Quiet {
		tell(streams, reportFlag+":", f.name)
	}
}

// reportOf is what the page on a run tells. err is what ended the run too early.
func reportOf(s settings, result *backfill.Result, err error) report.Report {
	return report.Report{Result: result, Owners: s.owners, Service: s.service, AppURL: s.codecovApp, At: time.Now(), Err: err}
}

// writeReport writes the page where anything was read, also where the run ended too early.
func (r syncRun) writeReport(result *backfill.Result, err error) error {
	if err != nil && result.Commits.Read == 0 {
		r.report.discard()
		return nil
	}
	return r.report.write(reportOf(r.settings, result, err))
}
