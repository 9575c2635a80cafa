package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// inTheAccount replaces what an example needs to run in the test: the names of the recorded account, for one.
var inTheAccount = strings.NewReplacer("my-app", "ledger-worker23", "1a2b3c4", "17339eb", "'app-*'", "'ledger-*'", "!app-legacy", "!monolith",
	"--relate service", "--relate service --yes") // there is no terminal to ask on

// preparedFiles are what a user of the examples has in the working directory.
func preparedFiles(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{
		"my-settings.yaml": "since: 1y\nevery: week\n",
		".env":             "export CODECOV_TOKEN='" + scriptToken + "'\n",
	}
	for _, name := range []string{"examples/payload.json", "examples/mapping.json"} {
		text, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(text)
	}
	return files
}

// TestExamples runs every line of every command's examples, as it is written, against both emulators.
func TestExamples(t *testing.T) {
	files := preparedFiles(t)
	ran := 0
	eachCommand(func(cmd *cobra.Command) {
		for line := range strings.Lines(cmd.Example) {
			line = strings.TrimSpace(line)
			if strings.HasPrefix(line, "#") || line == "" {
				continue
			}
			ran++
			t.Run(line, func(t *testing.T) {
				account, err := recordedCodecov()
				if err != nil {
					t.Fatal(err)
				}
				inFolder(t, files)
				portURL := listen(t, fakeport.New(fakeport.Options{}))
				createService(t, portURL)
				export(t, listen(t, account), portURL, nil)
				runExample(t, line)
			})
		}
	})
	if ran < 15 {
		t.Errorf("only %d examples", ran)
	}
}

// createService creates the blueprint that the examples relate repositories to.
func createService(t *testing.T, portURL string) {
	t.Helper()
	client, err := newPort(settings{port: port.Options{BaseURL: portURL, ClientID: fakeport.DefaultClientID, ClientSecret: fakeport.DefaultClientSecret}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.CreateBlueprints(t.Context(), []port.Blueprint{{Identifier: "service", Title: "Service"}}); err != nil {
		t.Fatalf("create the blueprint: %v", err)
	}
}

// runExample runs a line as a shell would: its words, < and >.
func runExample(t *testing.T, line string) {
	t.Helper()
	words := shellWords(t, inTheAccount.Replace(line))
	var out, errs bytes.Buffer
	streams := &terminal.Streams{In: strings.NewReader(""), Out: &out, Err: &errs}
	var args []string
	var target string
	for i := 0; i < len(words); i++ {
		switch word := words[i]; {
		case word == "<":
			i++
			data, err := os.ReadFile(words[i])
			if err != nil {
				t.Fatal(err)
			}
			streams.In = bytes.NewReader(data)
		case strings.HasPrefix(word, ">"):
			target = strings.TrimPrefix(word, ">")
		default:
			args = append(args, word)
		}
	}
	if args[0] != "codecov-port" {
		t.Fatalf("runs %s", args[0])
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	if slices.Contains(args, "--keep") { // runs until it is stopped: once the variables are printed
		streams.Out = &stopping{Writer: &out, at: "export ", stop: stop}
	}
	if code := run(ctx, args[1:], streams); code != exitDone {
		t.Errorf("exit code %d: %s", code, errs.String())
	}
	if out.Len() == 0 {
		t.Error("said nothing")
	}
	if target != "" && strings.ContainsAny(target, " /<>") {
		t.Errorf("writes to %q", target)
	}
}

// stopping ends a context once a text is written.
type stopping struct {
	io.Writer
	at   string
	stop func()
}

func (s *stopping) Write(data []byte) (int, error) {
	if bytes.Contains(data, []byte(s.at)) {
		s.stop()
	}
	return s.Writer.Write(data)
}

// shellWords takes a line apart at its blanks; single and double quotes keep them together.
func shellWords(t *testing.T, line string) []string {
	t.Helper()
	var words []string
	var word strings.Builder
	var quote rune
	for _, r := range line + " " {
		switch {
		case quote == 0 && (r == '\'' || r == '"'):
			quote = r
		case r == quote:
			quote = 0
		case quote == 0 && r == ' ':
			if word.Len() > 0 {
				words = append(words, word.String())
			}
			word.Reset()
		default:
			word.WriteRune(r)
		}
	}
	if quote != 0 {
		t.Fatalf("%s: a quote is not closed", line)
	}
	return words
}
