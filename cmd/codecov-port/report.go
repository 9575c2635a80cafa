package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
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
	flags.StringVar(name, reportFlag, "", "Write an HTML page with charts to this `file`; - is standard output")
}

// reportFile is the file of --report. It is written completely or not at all. A nil one ignores everything.
type reportFile struct {
	name      string         // as in the flag
	file      io.WriteCloser // written to
	temporary string         // the name of the file, which only its owner may read; "" for a device, a pipe or standard output
	place     string         // the temporary file is renamed to this when it is complete
	written   bool
}

// standardOutput is the name of --report for standard output.
const standardOutput = "-"

// checkReport refuses to print a page beside another document.
func checkReport(name, output string) error {
	if name == standardOutput && output != outputText {
		return usage(fmt.Errorf("--%s - and --output %s both print to standard output", reportFlag, output), "name a file for the page")
	}
	return nil
}

// createReport creates the file before a run, so that errors come early. It returns nil without a name. A page on standard output has it for
// itself: the returned streams print to standard error instead.
func createReport(name string, streams *terminal.Streams) (*reportFile, *terminal.Streams, error) {
	switch name {
	case "":
		return nil, streams, nil
	case standardOutput:
		others := *streams
		others.Out = streams.Err
		return &reportFile{name: name, file: keepOpen{streams.Out}}, &others, nil
	}
	r, err := openReport(name)
	if err != nil {
		return nil, nil, usage(fmt.Errorf("--%s: %w", reportFlag, err), "name a file that you can write")
	}
	return r, streams, nil
}

// keepOpen is a writer whose Close does nothing.
type keepOpen struct{ io.Writer }

func (keepOpen) Close() error { return nil }

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
	if err != nil {
		return nil, err
	}
	return &reportFile{name: name, file: file, temporary: file.Name(), place: place}, nil
}

// write writes the page.
func (f *reportFile) write(page report.Report) error {
	if f == nil {
		return nil
	}
	buffered := bufio.NewWriter(f.file)
	err := errors.Join(cmp.Or(report.Write(buffered, page), buffered.Flush()), f.file.Close())
	if err == nil && f.temporary != "" {
		err = os.Rename(f.temporary, f.place)
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
	if f.temporary != "" {
		_ = os.Remove(f.temporary)
	}
}

// announce prints where the page is.
func (f *reportFile) announce(streams *terminal.Streams) {
	if f != nil && f.written && f.name != standardOutput && !streams.Quiet {
		printMessage(streams, "", reportFlag+":", f.name+"  (open it in a browser)")
	}
}

// reportOf returns the content of the page. err ended the run early, if it is not nil.
func reportOf(s settings, result *backfill.Result, err error) report.Report {
	return report.Report{Result: result, Owners: s.owners, Service: s.codecov.Service, AppURL: s.codecovApp, At: time.Now(), Err: err}
}

// writeReport writes the page where anything was read, also where the run ended too early.
func (r *syncRun) writeReport(result *backfill.Result, err error) error {
	if err != nil && result.Commits.Read == 0 {
		r.report.discard()
		return nil
	}
	page := reportOf(r.settings, result, err)
	page.PortURL = portURL(r.settings.port.BaseURL, r.options.Mapping)
	return r.report.write(page)
}
