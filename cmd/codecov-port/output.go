package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/summary"
	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// What a command may put on the standard output.
const (
	outputText  = "text"
	outputJSON  = "json"  // one document; that of sync: see docs/output.md
	outputJSONL = "jsonl" // of sync, under --dry-run: each entity that would be written, a line each
)

func checkSyncOutput(output string, dryRun bool) error {
	if output == outputJSONL && !dryRun {
		return usage(errors.New("--output jsonl gives what would be written: it goes with --dry-run alone"), "add --dry-run; --output json tells what became of a run")
	}
	return checkOutput("sync", output)
}

// previewLine is an entity that would be written, as it would be sent to Port.
type previewLine struct {
	Action     string      `json:"action"` // create or update
	Blueprint  string      `json:"blueprint"`
	Repository string      `json:"repository"`
	Entity     port.Entity `json:"entity"`
}

// errReaderGone ends a run whose entities nobody reads any more.
var errReaderGone = errors.New("write the entities")

// previewTo gives the function that writes each entity that would be written to w, a line each.
func previewTo(w io.Writer) func(backfill.Preview) error {
	encoder := json.NewEncoder(legibleJSON{w})
	encoder.SetEscapeHTML(false)
	return func(p backfill.Preview) error {
		line := previewLine{Action: "create", Blueprint: p.Blueprint, Repository: p.Repository, Entity: p.Entity}
		if p.Exists {
			line.Action = "update"
		}
		if err := encoder.Encode(line); err != nil {
			return fmt.Errorf("%w: %w", errReaderGone, err)
		}
		return nil
	}
}

// print tells what became of the run, in the form that was asked for. err is what backfill.Run gave, failure the
// error that the run ends with.
func (r syncRun) print(result *backfill.Result, err, failure error) error {
	places := summary.Places{Port: portLink(r.settings.portURL, r.options.Mapping), Failures: r.failures.name()}
	switch {
	case r.output == outputJSON:
		return writeDocument(r.streams.Out, result, places.Port, failure)
	case !worthTelling(result, err):
		return nil
	case r.output == outputJSONL:
		streams := *r.streams
		streams.Out = r.streams.Err
		return summary.Write(&streams, places, result)
	}
	return summary.Write(r.streams, places, result)
}

// worthTelling tells whether there is a result that somebody wants to see.
func worthTelling(result *backfill.Result, err error) bool {
	if flood := (*backfill.FloodError)(nil); errors.As(err, &flood) || errors.Is(err, errReaderGone) {
		return false
	}
	return err == nil || result.Commits.Read > 0
}

// refused is an error that ends sync before its run: with a document that says so, where one was asked for.
func refused(streams *terminal.Streams, flags syncFlags, err error) error {
	if flags.output != outputJSON {
		return err
	}
	result := backfill.NewResult()
	result.DryRun = flags.dryRun
	return cmp.Or(err, writeDocument(streams.Out, &result, "", err))
}

// writeDocument writes the result as the document of --output json. failure is the error that the run ends with.
func writeDocument(w io.Writer, result *backfill.Result, portURL string, failure error) error {
	document := *result
	document.Version, document.ExitCode = version().Version, exitCode(failure)
	document.Interrupted = document.Interrupted || document.ExitCode == exitInterrupted
	document.Complete = document.Complete && failure == nil
	if failure != nil {
		hint := hinted{}
		errors.As(failure, &hint)
		document.Error = &backfill.ErrorSummary{Message: failure.Error(), Hint: hint.hint}
	}
	if portURL != "" {
		document.PortURL = &portURL
	}
	return writeJSON(w, document)
}
