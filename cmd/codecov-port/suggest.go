package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/codecov-port/codecov-port/pkg/mapper"
)

// suggestion asks whether the nearest name was meant, or returns another hint if none is near.
func suggestion(value string, names []string, otherwise string) string {
	if near := nearest(strings.TrimSpace(value), names); near != "" {
		return "did you mean " + near + "?"
	}
	return otherwise
}

// nearest returns the name that text was probably meant to be, or "".
func nearest(text string, names []string) string {
	best, least := "", min(3, (len(text)+2)/3)+1
	for _, name := range names {
		distance := distance(strings.ToLower(text), strings.ToLower(name))
		if len(text) > 1 && strings.HasPrefix(name, text) {
			distance = min(distance, 1)
		}
		if distance < least {
			best, least = name, distance
		}
	}
	return best
}

// distance returns the Levenshtein distance.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// flagError adds a hint to an error in the flags of a command.
func flagError(cmd *cobra.Command, err error) error {
	hint := "run '" + cmd.CommandPath() + " --help'"
	unknown := (*pflag.NotExistError)(nil)
	invalid := (*pflag.InvalidValueError)(nil)
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "":
		if near := nearest(unknown.GetSpecifiedName(), flagNames(cmd)); near != "" {
			hint = "did you mean --" + near + "?"
		}
	case errors.As(err, &invalid):
		flag, value := invalid.GetFlag(), invalid.GetValue()
		return usage(fmt.Errorf("--%s %q: %s", flag.Name, value, expected(invalid)), suggestion(value, flagValues[flag.Name], hint))
	}
	return usage(err, hint)
}

func expected(invalid *pflag.InvalidValueError) string {
	switch invalid.GetFlag().Value.Type() {
	case "int", "count":
		return "expected a number"
	case "bool":
		return "expected true or false"
	}
	return invalid.Unwrap().Error()
}

func flagNames(cmd *cobra.Command) []string {
	var names []string
	add := func(flag *pflag.Flag) { names = append(names, flag.Name) }
	cmd.Flags().VisitAll(add)
	cmd.InheritedFlags().VisitAll(add)
	return names
}

// flagValues are the values of flags with a fixed set, for completion and suggestions.
var flagValues = map[string][]string{
	"service": services(),
	"every":   {"commit", "day", "week", "month"},
	"color":   {"auto", "always", "never"},
	"output":  {outputText, outputJSON},
	"mapping": {mapper.ChoiceAuto, mapper.ChoiceBuiltin, mapper.ChoiceWebhook},
}

// fileFlags take the name of a file.
var fileFlags = []string{"mapping", "report", caFileFlag, configFlag, envFileFlag}

// completeFlags completes the values of flags in all commands.
func completeFlags(root *cobra.Command) {
	for _, cmd := range append(root.Commands(), root) {
		if cmd.ValidArgsFunction == nil && cmd.Name() != "map" && cmd.Runnable() {
			cmd.ValidArgsFunction = cobra.NoFileCompletions
		}
		cmd.Flags().VisitAll(func(flag *pflag.Flag) { completeFlag(cmd, flag) })
		cmd.PersistentFlags().VisitAll(func(flag *pflag.Flag) { completeFlag(cmd, flag) })
	}
}

func completeFlag(cmd *cobra.Command, flag *pflag.Flag) {
	directive := cobra.ShellCompDirectiveNoFileComp
	if slices.Contains(fileFlags, flag.Name) {
		directive = cobra.ShellCompDirectiveDefault
	}
	values := flagValues[flag.Name]
	if flag.Name == "output" && cmd.Name() == "sync" {
		values = syncOutputs
	}
	_ = cmd.RegisterFlagCompletionFunc(flag.Name, cobra.FixedCompletions(values, directive)) // only fails if registered twice
}

// checkOutput refuses an unknown output format.
func checkOutput(output string, formats ...string) error {
	if slices.Contains(formats, output) {
		return nil
	}
	last := len(formats) - 1
	return usage(fmt.Errorf("--output %q: expected %s or %s", output, strings.Join(formats[:last], ", "), formats[last]),
		suggestion(output, formats, "leave it out for text"))
}
