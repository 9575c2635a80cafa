package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/httpclient"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// form is what the values of a flag look like.
type form struct {
	names []string           // the values that there are, or that have a name where files stand, too
	file  bool               // the name of a file
	check func(string) error // nil: any text will do
}

// flagForms are those of the flags that take more than a number or any text, of all commands.
var flagForms = map[string]form{
	"service":              {names: services(), check: having(codecov.ParseService)},
	"port-region":          {names: []string{"eu", "us"}, check: having(port.RegionURL)},
	"every":                {names: []string{"commit", "day", "week", "month"}, check: having(backfill.ParsePeriod)},
	"color":                {names: colors, check: oneOf(colors...)},
	"output":               {names: []string{outputText, outputJSON}, check: oneOf(outputText, outputJSON)},
	"sync output":          {names: []string{outputText, outputJSON, outputJSONL}, check: oneOf(outputText, outputJSON, outputJSONL)},
	"mapping":              {names: []string{mapper.ChoiceAuto, mapper.ChoiceBuiltin, mapper.ChoiceWebhook}, file: true},
	"since":                {check: checkSince},
	portShareFlag:          {check: checkShare},
	limitFlag:              {check: checkShare},
	portConcurrencyFlag:    {check: checkPositive},
	codecovConcurrencyFlag: {check: checkPositive},
	"max-entities":         {check: checkPositive},
	"port-base-url":        {check: having(httpclient.ParseBase)},
	"codecov-url":          {check: having(httpclient.ParseBase)},
	"codecov-app-url":      {check: having(httpclient.ParseBase)},
	caFileFlag:             {file: true, check: having(trusted)},
	configFlag:             {file: true},
	envFileFlag:            {file: true},
	"failures":             {file: true},
	"report":               {file: true},
}

var colors = []string{"auto", "always", "never"}

// settingForm gives the form of a setting, as a command that heeds it takes it: config tells of those of sync.
func settingForm(cmd *cobra.Command, flag string) form {
	if cmd.Name() == "config" {
		return formOf("sync", flag)
	}
	return formOf(cmd.Name(), flag)
}

// formOf gives the form of a command's flag.
func formOf(command, flag string) form {
	if own, ok := flagForms[command+" "+flag]; ok {
		return own
	}
	return flagForms[flag]
}

// checkValues tells what is wrong with values of a flag. A blank one is as good as none.
func checkValues(cmd *cobra.Command, flag *pflag.Flag, values []string) error {
	check := settingForm(cmd, flag.Name).check
	for _, value := range values {
		if check == nil || strings.TrimSpace(value) == "" {
			continue
		}
		if err := check(value); err != nil {
			return err
		}
	}
	return nil
}

// valueHint names the value that was probably meant, or the command's help.
func valueHint(cmd *cobra.Command, flag *pflag.Flag, values []string) string {
	hint := "see '" + cmd.CommandPath() + " --help'"
	for _, value := range values {
		hint = meant(value, settingForm(cmd, flag.Name).names, hint)
	}
	return hint
}

// meant asks whether the name that comes near was meant; where none does, it gives the other hint.
func meant(value string, names []string, otherwise string) string {
	if near := nearest(strings.TrimSpace(value), names); near != "" {
		return "did you mean " + near + "?"
	}
	return otherwise
}

// checkOutput refuses a format that a command does not have.
func checkOutput(command, output string) error {
	formats := formOf(command, "output")
	if err := formats.check(output); err != nil {
		return usage(fmt.Errorf("--output %w", err), meant(output, formats.names, "see 'codecov-port "+command+" --help'"))
	}
	return nil
}

func services() []string {
	var names []string
	for _, service := range codecov.Services() {
		names = append(names, string(service))
	}
	return names
}

// having makes a check of what reads a value.
func having[T any](parse func(string) (T, error)) func(string) error {
	return func(value string) error {
		_, err := parse(value)
		return err
	}
}

func oneOf(names ...string) func(string) error {
	return func(value string) error {
		if slices.Contains(names, value) {
			return nil
		}
		return fmt.Errorf("%q: expected %s", value, alternatives(names))
	}
}

// alternatives lists names: a, b or c.
func alternatives(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

func checkSince(value string) error {
	_, err := backfill.ParseSince(value, time.Now())
	return err
}

func checkShare(value string) error {
	_, err := parseShare("", value)
	return err
}

func checkPositive(value string) error {
	if strings.HasPrefix(value, "-") || strings.Trim(value, "0") == "" {
		return fmt.Errorf("%s: expected a number from 1", value)
	}
	return nil
}
