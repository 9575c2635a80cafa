package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// flagGroups is the order in which help tells of flags: those that one needs first come first.
var flagGroups = []struct {
	title string
	flags []string
}{
	{"What to read", []string{"owner", "service", "repo", "commit", "branch", "all-branches", "since", "every", "max-commits", "latest", "include-inactive"}},
	{"What to write", []string{"dry-run", "mapping", "blueprint", "force", "max-entities", "yes", limitFlag, "update", "branches"}},
	{"What is told", []string{"output", "report", "failures", "only-yaml", "keep", "quiet", "verbose", "color"}},
	{"Where", []string{"port-region", "port-base-url", "codecov-url", "codecov-app-url", caFileFlag, insecureFlag, configFlag, envFileFlag}},
	{"How hard", []string{portShareFlag, portConcurrencyFlag, codecovConcurrencyFlag}},
}

const helpWidth = 110 // characters

// describeHelp has cobra's command for help refuse what is no command, as the root does.
func describeHelp(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	cmd, _, err := root.Find([]string{"help"})
	if err != nil {
		return
	}
	cmd.Short = "Tell of a command"
	cmd.Long = cmd.Short + ", as its --help does.\n\n" + exitCodes
	cmd.Args = func(_ *cobra.Command, args []string) error {
		found, rest, err := root.Find(args)
		return cmp.Or(err, noCommand(found, rest))
	}
}

// printHelp tells what a command does, how it is called, and at the end what it needs and what its exit code means.
func printHelp(cmd *cobra.Command, _ []string) {
	about, environment, codes := sections(cmd.Long)
	text := about + "\n\n" + usageText(cmd)
	if environment != "" {
		text += "\n" + environmentTitle + environment + "\n"
	}
	if codes != "" {
		text += "\n" + exitTitle + codes + "\n"
	}
	_, _ = fmt.Fprint(cmd.OutOrStdout(), text) // a reader that is gone needs no help
}

// sections takes a long text apart: what comes first, the variables, and the exit codes.
func sections(long string) (about, environment, codes string) {
	about, codes, _ = strings.Cut(long, exitTitle)
	about, environment, _ = strings.Cut(about, environmentTitle)
	return strings.TrimSpace(about), strings.TrimRight(environment, "\n"), strings.TrimRight(codes, "\n")
}

func usageText(cmd *cobra.Command) string {
	var text strings.Builder
	text.WriteString("Usage:\n")
	if cmd.HasAvailableSubCommands() {
		text.WriteString("  " + cmd.CommandPath() + " COMMAND [flags]\n\nCommands:\n")
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() || sub.Name() == "help" {
				fmt.Fprintf(&text, "  %-11s %s\n", sub.Name(), sub.Short)
			}
		}
	} else {
		text.WriteString("  " + cmd.UseLine() + "\n")
	}
	if cmd.HasExample() {
		text.WriteString("\nExamples:\n" + cmd.Example + "\n")
	}
	for _, group := range groupFlags(cmd) {
		fmt.Fprintf(&text, "\n%s:\n%s\n", group.title, strings.TrimRight(group.flags.FlagUsagesWrapped(helpWidth), "\n"))
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&text, "\n'%s COMMAND --help' tells more of a command.\n", cmd.CommandPath())
	}
	return text.String()
}

type flagGroup struct {
	title string
	flags *pflag.FlagSet
}

// groupFlags gives a command's flags by group; what is in none comes last.
func groupFlags(cmd *cobra.Command) []flagGroup {
	var groups []flagGroup
	var told []string
	for _, g := range flagGroups {
		set := newFlagSet()
		for _, name := range g.flags {
			if flag := flagOf(cmd, name); flag != nil {
				set.AddFlag(legible(flag))
			}
		}
		told = append(told, g.flags...)
		groups = append(groups, flagGroup{g.title, set})
	}
	others := newFlagSet()
	add := func(flag *pflag.Flag) {
		if !slices.Contains(told, flag.Name) {
			others.AddFlag(legible(flag))
		}
	}
	cmd.LocalFlags().VisitAll(add)
	cmd.InheritedFlags().VisitAll(add)
	groups = append(groups, flagGroup{"Others", others})
	return slices.DeleteFunc(groups, func(g flagGroup) bool { return !g.flags.HasAvailableFlags() })
}

func newFlagSet() *pflag.FlagSet {
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	set.SortFlags = false
	return set
}

func flagOf(cmd *cobra.Command, name string) *pflag.Flag {
	if flag := cmd.LocalFlags().Lookup(name); flag != nil {
		return flag
	}
	return cmd.InheritedFlags().Lookup(name)
}

// placeholders are what stands for the values of flags that take no plain name, number, file or address.
var placeholders = map[string]string{
	"since": "DATE", "every": "PERIOD", "commit": "SHA", "output": "FORMAT", "color": "WHEN", portShareFlag: "PERCENT", limitFlag: "PERCENT",
}

// legible gives a copy of a flag for help to tell of: what its value is instead of a type of the program's.
func legible(flag *pflag.Flag) *pflag.Flag {
	told := *flag
	switch {
	case flag.Value.Type() == "count":
		told.Value, told.NoOptDefVal = described{flag.Value, ""}, ""
		return &told
	case flag.NoOptDefVal != "":
		return &told
	}
	told.Value = described{flag.Value, placeholder(flag)}
	told.DefValue = strings.TrimPrefix(flag.DefValue, "[]")
	return &told
}

func placeholder(flag *pflag.Flag) string {
	switch {
	case placeholders[flag.Name] != "":
		return placeholders[flag.Name]
	case flag.Value.Type() == "int":
		return "N"
	case strings.HasSuffix(flag.Name, "-url"):
		return "URL"
	case flagForms[flag.Name].file && flagForms[flag.Name].names == nil:
		return "FILE"
	}
	return "NAME"
}

// described is a value with another word for what it is.
type described struct {
	pflag.Value
	word string
}

func (d described) Type() string { return d.word }
