package main

import (
	"bytes"
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

// standardOutput is the name of --report for standard output.
const standardOutput = "-"

// reportFile is the file of --report. It is written completely or not at all, and not without a name.
type reportFile struct {
	name    string    // as in the flag
	out     io.Writer // standard output
	written bool
}

// newReport refuses a file that could not be written, before a run. A page on standard output has it for itself: the returned
// streams print to standard error instead.
func newReport(name string, streams *terminal.Streams) (reportFile, *terminal.Streams, error) {
	f := reportFile{name: name, out: streams.Out}
	switch name {
	case "":
	case standardOutput:
		others := *streams
		others.Out = streams.Err
		return f, &others, nil
	default:
		temporary, _, err := f.create()
		if err != nil {
			return f, streams, usage(fmt.Errorf("--%s: %w", reportFlag, err), "name a file that you can write")
		}
		if temporary != nil {
			_ = temporary.Close()
			_ = os.Remove(temporary.Name())
		}
	}
	return f, streams, nil
}

// create creates a temporary file, which only its owner may read, beside the place of the page. It returns no file if the place is a
// device or a pipe.
func (f *reportFile) create() (temporary *os.File, place string, err error) {
	place = f.name
	if target, err := filepath.EvalSymlinks(place); err == nil {
		place = target
	}
	info, err := os.Stat(place)
	if err == nil && !info.IsDir() && !info.Mode().IsRegular() {
		return nil, place, nil
	}
	if existing, err := os.OpenFile(place, os.O_WRONLY, 0); err == nil {
		_ = existing.Close() // nothing was written
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, "", err
	}
	temporary, err = os.CreateTemp(filepath.Dir(place), ".codecov-port-report-*")
	if failed := (*fs.PathError)(nil); errors.As(err, &failed) {
		failed.Path = f.name
	}
	return temporary, place, err
}

func (f *reportFile) write(page report.Report) error {
	if f.name == "" {
		return nil
	}
	var text bytes.Buffer
	err := report.Write(&text, page)
	if err == nil {
		err = f.store(&text)
	}
	if err != nil {
		return fmt.Errorf("--%s: write the page: %w", reportFlag, err)
	}
	f.written = true
	return nil
}

func (f *reportFile) store(text *bytes.Buffer) error {
	if f.name == standardOutput {
		_, err := text.WriteTo(f.out)
		return err
	}
	temporary, place, err := f.create()
	if err != nil {
		return err
	}
	if temporary == nil {
		return os.WriteFile(place, text.Bytes(), 0)
	}
	_, err = text.WriteTo(temporary)
	if err = cmp.Or(err, temporary.Close()); err == nil {
		err = os.Rename(temporary.Name(), place)
	}
	if err != nil {
		_ = os.Remove(temporary.Name())
	}
	return err
}

func (f *reportFile) announce(streams *terminal.Streams) {
	if f.written && f.name != standardOutput && !streams.Quiet {
		printMessage(streams, "", reportFlag+":", f.name+"  (open it in a browser)")
	}
}

// reportOf returns the content of the page. err ended the run early, if it is not nil.
func reportOf(s settings, result *backfill.Result, err error) report.Report {
	return report.Report{Result: result, Owners: s.owners, Service: s.codecov.Service, AppURL: s.codecovApp, At: time.Now(), Err: err}
}
