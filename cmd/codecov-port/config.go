package main

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/port"
)

const aboutConfig = `Print each setting as sync would take it, and where it is from: a flag, the environment, the file of --env-file, the
config file, or the default; the first of them that speaks of it counts. Secrets are shown as set or missing.

The config file is YAML, a flag's name without dashes a key: 'since: 1y'. It is codecov-port.yaml in the working
directory, or what --config names. Secrets do not belong into it. A file that was not named may not set addresses, nor
what weakens trust, agrees or writes files: name it with --config where it is yours.

The file of --env-file holds lines of NAME=VALUE, those of 'export NAME=VALUE', too. Only the variables below are taken.

`

func newConfig(streams *terminal.Streams) *cobra.Command {
	var output string
	sync := newSync(streams)
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Show every setting, and where it comes from",
		Long:  aboutConfig + aboutVariables(bothSides) + "\n\n" + exitCodes,
		Example: `  codecov-port config
  codecov-port config --config my-settings.yaml --env-file .env
  codecov-port config --output json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runConfig(cmd.Context(), streams, cmd, output)
		},
	}
	cmd.Flags().StringVar(&output, "output", outputText, "text, or json: one document with all settings")
	cmd.Flags().AddFlagSet(sync.Flags())
	return cmd
}

// effective is a setting, as config prints it. A secret's value is whether it is set.
type effective struct {
	Name     string `json:"name"` // of the flag, which is its key; of a secret, the variable
	Variable string `json:"variable,omitempty"`
	Secret   bool   `json:"secret"`
	Value    any    `json:"value"`
	Source   string `json:"source"`         // flag, environment, env file, config file, default; empty: a missing secret has none
	From     string `json:"from,omitempty"` // the name of the flag, variable or file
}

func runConfig(ctx context.Context, streams *terminal.Streams, cmd *cobra.Command, output string) error {
	read := sourcesOf(ctx)
	if read.flags["output"].origin == fromConfigFile {
		output = outputText // the file's is that of sync
	}
	if err := checkOutput("config", output); err != nil {
		return err
	}
	settings := read.effective(cmd)
	implyAddresses(settings)
	var err error
	if output == outputJSON {
		err = writeJSON(streams.Out, map[string]any{"settings": settings})
	} else {
		err = printSettings(streams, settings)
	}
	if err != nil {
		return err
	}
	return read.check(cmd)
}

func printSettings(streams *terminal.Streams, settings []effective) error {
	var rows [][]string
	for _, s := range settings {
		from := s.Source
		if s.From != "" {
			from += " " + s.From
		}
		rows = append(rows, []string{s.Name, cmp.Or(valueText(s.Value), "-"), cmp.Or(from, "-")})
	}
	return terminal.Table(streams.Out, []terminal.Column{{Title: "SETTING"}, {Title: "VALUE"}, {Title: "FROM"}}, rows)
}

func valueText(value any) string {
	if list, ok := value.([]string); ok {
		return strings.Join(list, ", ")
	}
	return fmt.Sprint(value)
}

// effective gives the secrets and all flags of a command, in the order of its help.
func (s sources) effective(cmd *cobra.Command) []effective {
	var all []effective
	for _, v := range variables {
		if v.flag != "" {
			continue
		}
		entry := effective{Name: v.env, Variable: v.env, Secret: true, Value: "missing"}
		if g := s.secrets[v.env]; g.origin != byDefault {
			entry.Value, entry.Source, entry.From = "set", g.origin.String(), g.name
		}
		all = append(all, entry)
	}
	for _, group := range groupFlags(cmd) {
		group.flags.VisitAll(func(told *pflag.Flag) {
			flag := cmd.Flags().Lookup(told.Name)
			if flag.Name == "help" {
				return
			}
			g := s.flags[flag.Name]
			v, _ := variableOf(flag.Name)
			all = append(all, effective{Name: flag.Name, Variable: v.env, Value: effectiveValue(flag, g), Source: g.origin.String(), From: g.name})
		})
	}
	return all
}

// implyAddresses fills in those that hold where none is said.
func implyAddresses(settings []effective) {
	fill := func(name string, value any) any {
		at := slices.IndexFunc(settings, func(s effective) bool { return s.Name == name })
		if settings[at].Value == "" {
			settings[at].Value = value
		}
		return settings[at].Value
	}
	if fill("port-base-url", "") == "" {
		region := fill("port-region", "eu")
		address, _ := port.RegionURL(fmt.Sprint(region)) // what is no region is told by check
		fill("port-base-url", address)
	}
	app := any(cloudApp)
	if address := fill("codecov-url", ""); address != "" {
		app = address
	}
	fill("codecov-url", strings.TrimSuffix(codecov.DefaultBaseURL, apiPath))
	fill("codecov-app-url", app)
}

// effectiveValue gives the value as JSON has it. The environment's is not in the flag.
func effectiveValue(flag *pflag.Flag, g given) any {
	list, isList := flag.Value.(pflag.SliceValue)
	switch {
	case isList && g.origin == fromEnvironment:
		return trimmed(g.values)
	case isList:
		return trimmed(list.GetSlice())
	case g.origin == fromEnvironment:
		return withoutPassword(flag, strings.TrimSpace(g.values[0]))
	case flag.Value.Type() == "bool":
		return flag.Value.String() == "true"
	}
	return withoutPassword(flag, flag.Value.String())
}

func trimmed(values []string) []string {
	clean := []string{}
	for _, value := range values {
		if value = strings.TrimSpace(value); value != "" {
			clean = append(clean, value)
		}
	}
	return clean
}

// withoutPassword takes out of an address what should not be in it.
func withoutPassword(flag *pflag.Flag, value string) string {
	if !strings.HasSuffix(flag.Name, "-url") {
		return value
	}
	address, err := url.Parse(value)
	if err != nil || address.Opaque != "" {
		return "not an address"
	}
	if address.RawQuery != "" {
		address.RawQuery = "xxxxx"
	}
	if address.Fragment != "" {
		address.Fragment, address.RawFragment = "xxxxx", ""
	}
	return address.Redacted()
}

// check tells what is wrong with a value, wherever it is from.
func (s sources) check(cmd *cobra.Command) error {
	for _, group := range groupFlags(cmd) {
		var wrong error
		group.flags.VisitAll(func(told *pflag.Flag) {
			flag := cmd.Flags().Lookup(told.Name)
			g := s.flags[flag.Name]
			values := g.values
			if g.origin == fromFlag {
				values = flagTexts(flag)
			}
			if err := checkValues(cmd, flag, values); err != nil && wrong == nil {
				wrong = usage(fmt.Errorf("%s: %w", g.name, err), valueHint(cmd, flag, values))
			}
		})
		if wrong != nil {
			return wrong
		}
	}
	return nil
}

func flagTexts(flag *pflag.Flag) []string {
	if list, ok := flag.Value.(pflag.SliceValue); ok {
		return list.GetSlice()
	}
	return []string{flag.Value.String()}
}
