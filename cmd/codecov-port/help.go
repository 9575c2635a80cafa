package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// flagGroups is the order of flags in help.
var flagGroups = []struct {
	title string
	flags []string
}{
	{"Selection", []string{"owner", "service", "repo", "commit", "branch", "since", "every", "max-commits", "no-history", "include-inactive", "branches"}},
	{"Writing", []string{"dry-run", "exit-code", "yes", "max-entities", "limit", "history", "mapping", "adopt", "update", "scorecard", "dashboard", "relate", "relate-live", "remove", "all"}},
	{"Output", []string{"output", "report", "only-yaml", "show-url", "keep", "quiet", "verbose", "color", "no-descriptions"}},
	{"Connection", []string{configFlag, envFileFlag, caFileFlag, insecureFlag, portShareFlag, concurrencyFlag}},
}

const helpWidth = 100

const usageTemplate = `Usage:
  {{if .HasAvailableSubCommands}}{{.CommandPath}} <command> [flags]{{else}}{{.UseLine}}{{end}}
{{- if .HasExample}}

Examples:
{{.Example}}{{end}}
{{- if .HasAvailableSubCommands}}

Commands:{{range .Commands}}{{if or .IsAvailableCommand (eq .Name "help")}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}
{{- if .HasHelpSubCommands}}

Help topics:{{range .Commands}}{{if .IsAdditionalHelpTopicCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}
{{groupedFlags .}}
{{- if .HasAvailableSubCommands}}
Run '{{.CommandPath}} <command> --help' for the flags of a command.
{{else if .HasParent}}
Run '{{.Root.CommandPath}} help environment' for the variables, 'help exit-codes' for the exit codes.
{{end}}`

func init() { cobra.AddTemplateFunc("groupedFlags", groupedFlags) }

// groupedFlags returns the usages of a command's flags by group.
func groupedFlags(cmd *cobra.Command) string {
	var text strings.Builder
	for _, group := range flagGroups {
		flags := pflag.NewFlagSet("", pflag.ContinueOnError)
		flags.SortFlags = false
		for _, name := range group.flags {
			if flag := cmd.Flags().Lookup(name); flag != nil {
				flags.AddFlag(flag)
			}
		}
		if flags.HasAvailableFlags() {
			fmt.Fprintf(&text, "\n%s:\n%s", group.title, flags.FlagUsagesWrapped(helpWidth))
		}
	}
	return text.String()
}

// helpTopics returns the additional topics of 'codecov-port help'.
func helpTopics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "environment", Short: "Environment variables, and the order in which settings apply", Long: aboutEnvironment()},
		{Use: "exit-codes", Short: "Exit codes", Long: "Exit codes:\n" + exitCodes},
		{Use: "mapping", Short: "Which mapping is used", Long: aboutMapping},
	}
}

func aboutEnvironment() string {
	var required, optional strings.Builder
	for _, v := range variables {
		text := &optional
		if v.required {
			text = &required
		}
		flag := ""
		if v.flag != "" {
			flag = " (--" + v.flag + ")"
		}
		fmt.Fprintf(text, "\n  %s\n      %s%s", v.name, v.about, flag)
	}
	return "Required:" + required.String() + "\n\nOptional:" + optional.String() + `
  HTTPS_PROXY, HTTP_PROXY, NO_PROXY
      proxies, as usual
  NO_COLOR, CLICOLOR_FORCE
      color output, as usual

A flag overrides the environment, the environment overrides the file of --env-file, and that overrides the file of
--config. Secrets and addresses have no flags, and are refused in the config file.`
}

const aboutMapping = `--mapping selects the mapping that turns commits into entities:

  auto     (default) the mapping of Port's webhook codecov_mapper, and the built-in mapping for
           blueprints that it doesn't cover
  builtin  the built-in mapping
  webhook  the mapping of Port's webhook only
  FILE     a mapping as it is pasted into the page of a webhook in Port, as JSON or YAML; - reads
           standard input

codecov-port map shows what a mapping makes of a commit.`
