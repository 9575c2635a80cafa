package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// choice is a flag with a fixed set of values.
type choice struct {
	value  *string
	values []string
}

// addChoice adds a flag whose default is the first of the values.
func addChoice(flags *pflag.FlagSet, value *string, name, shorthand, usage string, values ...string) {
	*value = values[0]
	flags.VarP(choice{value, values}, name, shorthand, usage)
}

func addOutputFlag(flags *pflag.FlagSet, output *string) {
	addChoice(flags, output, "output", "o", "Output `format`: text or json", outputText, outputJSON)
}

func (c choice) Set(text string) error {
	if last := len(c.values) - 1; !slices.Contains(c.values, text) {
		return fmt.Errorf("expected %s or %s", strings.Join(c.values[:last], ", "), c.values[last])
	}
	*c.value = text
	return nil
}

func (c choice) String() string { return *c.value }
func (c choice) Type() string   { return "string" }

// valuesOf returns values of a flag, for completion and suggestions.
func valuesOf(flag *pflag.Flag) []string {
	switch value, ok := flag.Value.(choice); {
	case ok:
		return value.values
	case flag.Name == "service":
		return services()
	case flag.Name == "mapping":
		return mappingChoices
	}
	return nil
}

var fileFlags = []string{"mapping", reportFlag, caFileFlag, configFlag, envFileFlag}

// completeFlags completes the values of flags in all commands.
func completeFlags(root *cobra.Command) {
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	for _, cmd := range append(root.Commands(), root) {
		complete := func(flag *pflag.Flag) {
			directive := cobra.ShellCompDirectiveNoFileComp
			if slices.Contains(fileFlags, flag.Name) {
				directive = cobra.ShellCompDirectiveDefault
			}
			_ = cmd.RegisterFlagCompletionFunc(flag.Name, cobra.FixedCompletions(valuesOf(flag), directive)) // only fails if registered twice
		}
		cmd.Flags().VisitAll(complete)
		cmd.PersistentFlags().VisitAll(complete)
	}
}

// successors are what to use in place of flags of earlier versions.
var successors = map[string]string{
	"latest":           "use --no-history",
	"blueprint":        "use --no-history for the current state; for other blueprints, split the mapping file",
	"all-branches":     "use --branch '*'",
	"force":            "use --adopt to take over entities of another account; unchanged entities are never rewritten",
	"prune":            "use 'codecov-port prune'",
	"prune-limit":      "use 'codecov-port prune --limit'",
	"failures":         "use --output json: it lists all failures",
	"port-region":      "set PORT_REGION",
	"port-base-url":    "set PORT_BASE_URL",
	"codecov-url":      "set CODECOV_URL",
	"codecov-app-url":  "set CODECOV_APP_URL",
	"port-concurrency": "leave it out: the number of requests adapts to Port",
}

// flagError adds a hint to an error in the flags of a command.
func flagError(cmd *cobra.Command, err error) error {
	hint := "run '" + cmd.CommandPath() + " --help'"
	unknown, invalid := (*pflag.NotExistError)(nil), (*pflag.InvalidValueError)(nil)
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "":
		name := unknown.GetSpecifiedName()
		if successors[name] != "" {
			return usage(fmt.Errorf("--%s was removed", name), successors[name])
		}
		var names []string
		cmd.Flags().VisitAll(func(flag *pflag.Flag) { names = append(names, flag.Name) })
		if near := nearest(name, names); near != "" {
			hint = "did you mean --" + near + "?"
		}
	case errors.As(err, &invalid):
		flag, value := invalid.GetFlag(), invalid.GetValue()
		expected := map[string]string{"int": "expected a number", "count": "expected a number", "bool": "expected true or false"}
		return usage(fmt.Errorf("--%s %q: %s", flag.Name, value, cmp.Or(expected[flag.Value.Type()], invalid.Unwrap().Error())),
			suggestion(value, valuesOf(flag), hint))
	}
	return usage(err, hint)
}

// suggestion asks whether the nearest name was meant, or returns another hint if none is near.
func suggestion(value string, names []string, otherwise string) string {
	if near := nearest(strings.TrimSpace(value), names); near != "" {
		return "did you mean " + near + "?"
	}
	return otherwise
}

// nearest returns the name that was probably meant, or "": what cobra suggests if the names are those of commands.
func nearest(text string, names []string) string {
	commands := new(cobra.Command)
	for _, name := range names {
		commands.AddCommand(&cobra.Command{Use: name, Run: func(*cobra.Command, []string) {}})
	}
	for distance := 1; distance <= min(3, (len(text)+2)/3); distance++ {
		commands.SuggestionsMinimumDistance = distance
		if near := commands.SuggestionsFor(text); len(near) > 0 {
			return near[0]
		}
	}
	return ""
}
