package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// nearest gives the name that text was probably meant to be; "" where none comes near.
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

// distance is how many characters have to be put in, taken out or changed to make b of a (Levenshtein).
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

// flagError is what becomes of an error in the flags of a command: it names the flag that was probably meant.
func flagError(cmd *cobra.Command, err error) error {
	hint := "see '" + cmd.CommandPath() + " --help'"
	unknown := (*pflag.NotExistError)(nil)
	invalid := (*pflag.InvalidValueError)(nil)
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "":
		if near := nearest(unknown.GetSpecifiedName(), flagNames(cmd)); near != "" {
			hint = "did you mean --" + near + "?"
		}
	case errors.As(err, &invalid):
		flag, value := invalid.GetFlag(), invalid.GetValue()
		return usage(errorf("--%s %q: %s", flag.Name, value, expected(invalid)), valueHint(cmd, flag, []string{value}))
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
	add := func(flag *pflag.Flag) {
		if !flag.Hidden {
			names = append(names, flag.Name)
		}
	}
	cmd.Flags().VisitAll(add)
	cmd.InheritedFlags().VisitAll(add)
	return names
}
