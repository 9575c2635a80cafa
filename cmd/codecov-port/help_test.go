package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/codecov-port/codecov-port/internal/terminal"
)

var update = flag.Bool("update", false, "renew the golden files")

// eachCommand calls do for the root and each command that help lists, at every depth.
func eachCommand(do func(*cobra.Command)) {
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		do(cmd)
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() {
				visit(sub)
			}
		}
	}
	visit(newRoot(&terminal.Streams{}))
}

// TestHelp holds the help of every command to its golden file: 'go test ./cmd/codecov-port -run TestHelp -update'
// renews them.
func TestHelp(t *testing.T) {
	inFolderOf := "../../testdata/golden/help"
	known := map[string]bool{}
	eachCommand(func(cmd *cobra.Command) {
		name := strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".txt"
		known[name] = true
		t.Run(name, func(t *testing.T) {
			got := say(t, append(strings.Fields(cmd.CommandPath())[1:], "--help")...)
			if got.code != 0 || got.err != "" {
				t.Fatalf("exit code %d: %s", got.code, got.err)
			}
			golden(t, filepath.Join(inFolderOf, name), got.out)
		})
	})
	files, err := os.ReadDir(inFolderOf)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !known[file.Name()] {
			t.Errorf("%s is of no command", file.Name())
		}
	}
}

// golden holds text to a file.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.ReplaceAll(string(want), "\r\n", "\n"), got); diff != "" {
		t.Errorf("want, got (-update renews the file):\n%s", diff)
	}
}

// TestHelpIsComplete: every command has a short and a long text and examples, its flags are in groups, and help fits a screen.
func TestHelpIsComplete(t *testing.T) {
	eachCommand(func(cmd *cobra.Command) {
		path := cmd.CommandPath()
		if cmd.Short == "" || strings.ContainsAny(cmd.Short, "\n.") || len(strings.Fields(cmd.Short)) > 9 {
			t.Errorf("%s: short text %q", path, cmd.Short)
		}
		if !cmd.HasExample() && !cmd.HasAvailableSubCommands() && !strings.Contains(path, "completion") {
			t.Errorf("%s has no example", path)
		}
		help := say(t, append(strings.Fields(path)[1:], "--help")...).out
		if lines := strings.Count(help, "\n"); lines > 70 {
			t.Errorf("%s: help has %d lines, want at most 70", path, lines)
		}
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			if flag.Name != "help" && flag.Name != "version" && !strings.Contains(help, "--"+flag.Name) {
				t.Errorf("%s: --%s is in no group", path, flag.Name)
			}
		})
	})
	flags := 0
	sync, _, _ := newRoot(&terminal.Streams{}).Find([]string{"sync"})
	count := func(*pflag.Flag) { flags++ }
	sync.LocalFlags().VisitAll(count)
	sync.InheritedFlags().VisitAll(count)
	if flags > 26 {
		t.Errorf("sync has %d flags, want at most 26", flags)
	}
}

// TestHelpTopics: the topics hold what the pages of the commands refer to.
func TestHelpTopics(t *testing.T) {
	for topic, want := range map[string]string{"environment": "CODECOV_TOKEN", "exit-codes": "130  interrupted", "mapping": "codecov_mapper"} {
		if got := say(t, "help", topic); got.code != 0 || !strings.Contains(got.out, want) {
			t.Errorf("help %s: exit code %d, want %q in\n%s", topic, got.code, want, got.text())
		}
	}
}

// TestRemovedFlags: each names its successor.
func TestRemovedFlags(t *testing.T) {
	for name, successor := range successors {
		got := say(t, "sync", "--"+name)
		if got.code != exitUsage || got.err != "error: --"+name+" was removed\nhint: "+successor+"\n" {
			t.Errorf("--%s: exit code %d: %s", name, got.code, got.err)
		}
	}
	if got := say(t, "config"); got.code != exitUsage || !strings.Contains(got.err, "the command config was removed") {
		t.Errorf("config: exit code %d: %s", got.code, got.err)
	}
}

// TestCompletion asks as a shell does.
func TestCompletion(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string // among the lines
		not  string
	}{
		{[]string{"s"}, "sync\tSync", "check"},
		{[]string{"sync", "--service", ""}, "gitlab_enterprise", ":0"},
		{[]string{"sync", "--service", ""}, ":4", ""},
		{[]string{"sync", "--every", "w"}, "week", ":0"},
		{[]string{"check", "--output", ""}, "json", "jsonl"},
		{[]string{"sync", "--output", ""}, "jsonl", ""},
		{[]string{"sync", "--color", ""}, "never", ""},
		{[]string{"sync", "--mapping", ""}, "builtin", ":4"},
		{[]string{"sync", "--ca-file", ""}, ":0", ":4"},
		{[]string{"sync", "--config", ""}, ":0", ":4"},
		{[]string{"sync", "--env-file", ""}, ":0", ":4"},
		{[]string{"sync", "--report", ""}, ":0", ":4"},
		{[]string{"sync", "--since", ""}, ":4", ":0"},
		{[]string{"sync", ""}, ":4", ":0"},
		{[]string{"map", ""}, ":0", ":4"},
		{[]string{"completion", ""}, "powershell", ""},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			inFolder(t, map[string]string{oldConfigFile: "broken: ["})
			got := say(t, append([]string{"__complete"}, test.args...)...)
			if got.code != 0 || !strings.Contains(got.out, test.want) || test.not != "" && strings.Contains(got.out, test.not+"\n") {
				t.Errorf("exit code %d, want %q and not %q:\n%s%s", got.code, test.want, test.not, got.out, got.err)
			}
		})
	}
}

func TestCompletionScripts(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if got := say(t, "completion", shell); got.code != 0 || !strings.Contains(got.out, "codecov-port") || got.err != "" {
			t.Errorf("%s: exit code %d, %d bytes: %s", shell, got.code, len(got.out), got.err)
		}
	}
}
