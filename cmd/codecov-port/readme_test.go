package main

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/internal/terminal"
)

const readme = "../../README.md"

// documentedCommand is a command of a document with the lines that are shown below it; … stands for any.
type documentedCommand struct {
	line   string
	output []string
}

// consoles matches the blocks of a document that show a terminal; the first group is how far they are indented.
var consoles = regexp.MustCompile("(?ms)^( *)```console\n(.*?)^ *```$")

// documented returns a document's commands, by block.
func documented(t *testing.T, document string) [][]documentedCommand {
	t.Helper()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	var all [][]documentedCommand
	for _, block := range consoles.FindAllStringSubmatch(string(text), -1) {
		var commands []documentedCommand
		for line := range strings.Lines(block[2]) {
			line = strings.TrimRight(strings.TrimPrefix(line, block[1]), "\n")
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				commands = append(commands, documentedCommand{line: command})
			} else if last := len(commands) - 1; last >= 0 {
				commands[last].output = append(commands[last].output, line)
			}
		}
		all = append(all, commands)
	}
	return all
}

// ourArguments returns the arguments of a shell's line that runs codecov-port, installed or from the source. What its output
// goes to is none of them.
func ourArguments(t *testing.T, line string) (args []string, ours bool) {
	t.Helper()
	line, _, _ = strings.Cut(line, " #")
	line, _, _ = strings.Cut(line, " | ")
	line = strings.TrimPrefix(line, "go run ./cmd/")
	if !strings.HasPrefix(line, "codecov-port ") {
		return nil, false
	}
	words := shellWords(t, line)[1:]
	return slices.DeleteFunc(words, func(word string) bool { return strings.HasPrefix(word, ">") }), true
}

func documents(t *testing.T) []string {
	t.Helper()
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	return append(pages, readme, "../../CONTRIBUTING.md")
}

// inlineCommand matches what a document's text says to run.
var inlineCommand = regexp.MustCompile("`(codecov-port [^`]+)`")

// current returns the documents without the one that names removed flags and commands.
func current(t *testing.T) []string {
	t.Helper()
	return slices.DeleteFunc(documents(t), func(name string) bool { return filepath.Base(name) == "migration.md" })
}

// TestDocumentedCommands holds that every command line in the documents is one that codecov-port understands.
func TestDocumentedCommands(t *testing.T) {
	for _, document := range current(t) {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, command := range slices.Concat(documented(t, document)...) {
			lines = append(lines, command.line)
		}
		for _, found := range inlineCommand.FindAllStringSubmatch(string(text), -1) {
			lines = append(lines, found[1])
		}
		for _, line := range lines {
			if args, ours := ourArguments(t, line); ours {
				if err := understood(args); err != nil {
					t.Errorf("%s: %s: %v", filepath.Base(document), line, err)
				}
			}
		}
	}
}

// understood returns what is wrong with arguments, without running them.
func understood(args []string) error {
	cmd, rest, err := newRoot(&terminal.Streams{}).Find(args)
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(rest); err != nil {
		if errors.Is(err, pflag.ErrHelp) {
			return nil
		}
		return err
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

// namedFlag matches a flag that a document's text names.
var namedFlag = regexp.MustCompile("`(--[a-z][a-z-]+)")

// TestDocumentedFlags holds that every flag that the documents name is one of some command.
func TestDocumentedFlags(t *testing.T) {
	known := make(map[string]bool)
	eachCommand(func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(flag *pflag.Flag) { known["--"+flag.Name] = true })
		cmd.InheritedFlags().VisitAll(func(flag *pflag.Flag) { known["--"+flag.Name] = true })
	})
	for _, document := range current(t) {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range namedFlag.FindAllStringSubmatch(string(text), -1) {
			if !known[found[1]] {
				t.Errorf("%s: no command has %s", filepath.Base(document), found[1])
			}
		}
	}
}

// TestReadme runs the commands of the README, as written, and holds what it shows of them. Only figures of time may differ.
// Each block finds what demo --keep leaves: the demo's account, of which nothing was brought in yet.
func TestReadme(t *testing.T) {
	blocks := documented(t, readme)
	ran := 0
	for _, commands := range blocks {
		account, err := demoAccount(time.Now())
		if err != nil {
			t.Fatal(err)
		}
		source := fakecodecov.New(fakecodecov.Options{
			Accounts: []fakecodecov.Account{account}, Tokens: map[string]fakecodecov.Access{scriptToken: {}},
		})
		inFolder(t, nil)
		export(t, listen(t, source), listen(t, fakeport.New(fakeport.Options{})), nil)
		for _, command := range commands {
			if args, ours := ourArguments(t, command.line); ours {
				ran++
				showAgain(t, command, args)
			}
		}
	}
	if ran < 4 {
		t.Errorf("the README shows only %d commands", ran)
	}
}

func showAgain(t *testing.T, command documentedCommand, args []string) {
	t.Helper()
	said := say(t, args...)
	if said.code != exitDone {
		t.Errorf("%s: exit code %d: %s", command.line, said.code, said.err)
	}
	if diff := cmp.Diff(command.output, asShown(said.out, command.output)); diff != "" {
		t.Errorf("%s (-shown +said):\n%s", command.line, diff)
	}
}

// timeLine matches a line of the result that differs from run to run.
var timeLine = regexp.MustCompile(`^time  +\S`)

// asShown returns as much of the output as is shown: nothing where nothing is, the time as shown, and … for the rest.
func asShown(said string, shown []string) []string {
	if len(shown) == 0 {
		return nil
	}
	lines := strings.Split(strings.TrimRight(said, "\n"), "\n")
	for i := range min(len(lines), len(shown)) {
		switch {
		case shown[i] == "…":
			return append(lines[:i:i], "…")
		case timeLine.MatchString(lines[i]) && timeLine.MatchString(shown[i]):
			lines[i] = shown[i]
		}
	}
	return lines
}
