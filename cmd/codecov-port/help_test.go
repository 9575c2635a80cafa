package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/codecov-port/codecov-port/internal/terminal"
)

var update = flag.Bool("update", false, "renew the golden files")

// eachCommand calls do for the root and all commands that help tells of, below it and below these.
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

// TestHelpIsWhole: every command has a purpose of one line, a long text, examples and exit codes, those that talk to a
// side its variables, and no line is too wide to be read.
func TestHelpIsWhole(t *testing.T) {
	const widest = 125
	eachCommand(func(cmd *cobra.Command) {
		path := cmd.CommandPath()
		if cmd.Short == "" || strings.ContainsAny(cmd.Short, "\n.") || !strings.Contains(cmd.Long, exitCodes) {
			t.Errorf("%s: no short text, or no exit codes", path)
		}
		if !cmd.HasExample() && !cmd.HasAvailableSubCommands() {
			t.Errorf("%s: no example", path)
		}
		if cmd.Flags().Lookup("service") != nil && !strings.Contains(cmd.Long, "CODECOV_TOKEN") {
			t.Errorf("%s: no variables", path)
		}
		for line := range strings.Lines(say(t, append(strings.Fields(path)[1:], "--help")...).out) {
			if len([]rune(line)) > widest && !strings.HasPrefix(line, "   ") {
				t.Errorf("%s: wider than %d: %s", path, widest, line)
			}
		}
	})
}

// TestFlagsHaveGroups: no flag of sync, which has many, is told among the others.
func TestFlagsHaveGroups(t *testing.T) {
	eachCommand(func(cmd *cobra.Command) {
		for _, group := range groupFlags(cmd) {
			if told := flagsTold(group); group.title == "Others" && cmd.Name() == "sync" && told != "help " {
				t.Errorf("in no group: %s", told)
			}
		}
	})
}

func flagsTold(group flagGroup) string {
	var all strings.Builder
	for line := range strings.Lines(group.flags.FlagUsages()) {
		_, name, _ := strings.Cut(line, "--")
		all.WriteString(strings.Fields(name)[0] + " ")
	}
	return all.String()
}

// TestCompletion asks as a shell does.
func TestCompletion(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string // among the lines
		not  string
	}{
		{[]string{"s"}, "sync\tBring", "check"},
		{[]string{"sync", "--service", ""}, "gitlab_enterprise", ":0"},
		{[]string{"sync", "--service", ""}, ":4", ""},
		{[]string{"sync", "--every", "w"}, "week", ":0"},
		{[]string{"check", "--port-region", ""}, "us", ""},
		{[]string{"check", "--output", ""}, "json", "jsonl"},
		{[]string{"sync", "--output", ""}, "jsonl", ""},
		{[]string{"sync", "--color", ""}, "never", ""},
		{[]string{"sync", "--mapping", ""}, "builtin", ":4"},
		{[]string{"sync", "--ca-file", ""}, ":0", ":4"},
		{[]string{"sync", "--config", ""}, ":0", ":4"},
		{[]string{"sync", "--env-file", ""}, ":0", ":4"},
		{[]string{"sync", "--failures", ""}, ":0", ":4"},
		{[]string{"sync", "--since", ""}, ":4", ":0"},
		{[]string{"sync", ""}, ":4", ":0"},
		{[]string{"map", ""}, ":0", ":4"},
		{[]string{"completion", ""}, "powershell", ""},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			inFolder(t, map[string]string{configDefault: "broken: ["})
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

// TestManPages: a page a command, the same for the same source, with the sections that one looks for.
func TestManPages(t *testing.T) {
	inFolder(t, nil)
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	for _, dir := range []string{"one", "two"} {
		if got := say(t, "man", dir); got.code != 0 {
			t.Fatal(got.text())
		}
	}
	eachCommand(func(cmd *cobra.Command) {
		name := strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".1"
		one, err := os.ReadFile(filepath.Join("one", name))
		if err != nil {
			t.Error(err)
			return
		}
		two, _ := os.ReadFile(filepath.Join("two", name))
		if string(one) != string(two) {
			t.Errorf("%s: two pages differ", name)
		}
		for _, section := range []string{".SH NAME", ".SH SYNOPSIS", ".SH EXIT STATUS", "Nov 2023"} {
			if !strings.Contains(string(one), section) {
				t.Errorf("%s: no %q", name, section)
			}
		}
		if strings.Contains(cmd.Long, "CODECOV_TOKEN") && !strings.Contains(string(one), ".SH ENVIRONMENT") {
			t.Errorf("%s: no section on the environment", name)
		}
	})
	t.Setenv("SOURCE_DATE_EPOCH", "yesterday")
	if got := say(t, "man", "three"); got.code != exitUsage || !strings.Contains(got.err, "SOURCE_DATE_EPOCH") {
		t.Errorf("exit code %d: %s", got.code, got.err)
	}
}
