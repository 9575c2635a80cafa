package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf16"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

const (
	outputText  = "text"
	outputJSON  = "json"
	outputJSONL = "jsonl" // sync --dry-run: one line for each entity that would be written
)

// complete adds to the result what only the command knows. failure is the error that the command ends with.
func complete(r *backfill.Result, portURL string, failure error) {
	r.Version, r.ExitCode = version().Version, exitCode(failure)
	r.Interrupted = r.Interrupted || r.ExitCode == exitInterrupted
	if r.ExitCode != exitWouldChange {
		r.Complete = r.Complete && failure == nil
		r.Error = errorSummary(failure)
	}
	if portURL != "" {
		r.PortURL = &portURL
	}
}

func errorSummary(err error) *backfill.ErrorSummary {
	if err == nil {
		return nil
	}
	return &backfill.ErrorSummary{Message: err.Error(), Hint: hintOf(err)}
}

// print prints the result in the selected format, unless nothing was read. err is the error of backfill.Run.
func (r *syncRun) print(result *backfill.Result, err error) error {
	streams := *r.streams
	switch flood := (*backfill.FloodError)(nil); {
	case r.output == outputJSON:
		return writeJSON(streams.Out, result)
	case errors.As(err, &flood), errors.Is(err, errPreview), err != nil && result.Commits.Read == 0:
		return nil
	case r.output == outputJSONL:
		streams.Out = streams.Err
	}
	return terminal.WriteSummary(&streams, result)
}

// refuse returns an error that came before the run, and prints a document about it if --output json was used.
func (r *syncRun) refuse(err error) error {
	if r.output != outputJSON {
		return err
	}
	result := backfill.NewResult()
	result.DryRun = r.options.DryRun
	complete(&result, "", err)
	return cmp.Or(err, writeJSON(r.streams.Out, result))
}

// portApps are the addresses of Port's app by those of its API.
var portApps = map[string]string{port.EUBaseURL: "https://app.port.io", port.USBaseURL: "https://app.us.port.io"}

// portURL returns the page of codecov_coverage in Port, or "" if it is unknown.
func portURL(apiURL string, mapping *mapper.Mapping) string {
	if portApps[apiURL] == "" || mapping == nil || !slices.Contains(mapping.Blueprints(), mapper.CurrentBlueprint) {
		return ""
	}
	return portApps[apiURL] + "/" + mapper.CurrentBlueprint + "s"
}

// previewLine is a line of --output jsonl.
type previewLine struct {
	Action     string      `json:"action"` // create or update
	Blueprint  string      `json:"blueprint"`
	Repository string      `json:"repository"`
	Entity     port.Entity `json:"entity"`
}

// errPreview ends a run whose preview cannot be printed.
var errPreview = errors.New("print the entities")

// previewTo returns a function that prints each entity that would be written as a line of JSON.
func previewTo(w io.Writer) func(backfill.Outgoing) error {
	return func(p backfill.Outgoing) error {
		line := previewLine{"create", p.Blueprint, p.Repository, p.Entity}
		if p.Exists {
			line.Action = "update"
		}
		if err := encodeJSON(w, line, ""); err != nil {
			return fmt.Errorf("%w: %w", errPreview, err)
		}
		return nil
	}
}

// writeJSON writes a value as indented JSON that is safe to print.
func writeJSON(w io.Writer, value any) error { return encodeJSON(w, value, "  ") }

// encodeJSON writes a value as JSON. It escapes characters that must not be printed to a terminal: the value stays the same.
func encodeJSON(w io.Writer, value any, indent string) error {
	var text, escaped bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	if err := encoder.Encode(value); err != nil {
		return err
	}
	for _, r := range text.String() {
		if terminal.Printable(r) || r == '\n' {
			escaped.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&escaped, `\u%04x`, unit)
		}
	}
	_, err := escaped.WriteTo(w)
	return err
}
