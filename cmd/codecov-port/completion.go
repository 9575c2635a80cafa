package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const aboutCompletion = `Print a script that teaches your shell to complete the commands, flags and values of codecov-port.

`

// shells are those that completion knows, each with how its script is loaded.
var shells = map[string]string{
	"bash":       `  codecov-port completion bash >codecov-port.bash`,
	"zsh":        `  codecov-port completion zsh >_codecov-port`,
	"fish":       `  codecov-port completion fish >codecov-port.fish`,
	"powershell": `  codecov-port completion powershell >codecov-port.ps1`,
}

var aboutShells = map[string]string{
	"bash": `It needs the package bash-completion. For this shell alone:

  source <(codecov-port completion bash)

For each new one, put the script where bash-completion looks: ~/.local/share/bash-completion/completions/codecov-port`,
	"zsh": `Put the script, named _codecov-port, into a folder of $fpath, and have 'autoload -U compinit; compinit' in your ~/.zshrc.
For this shell alone:

  source <(codecov-port completion zsh)`,
	"fish": `For each new shell, put the script into ~/.config/fish/completions/codecov-port.fish. For this one alone:

  codecov-port completion fish | source`,
	"powershell": `Load the script in your profile. For this shell alone:

  codecov-port completion powershell | Out-String | Invoke-Expression`,
}

// describeCompletion has cobra's command for completion speak as the others do.
func describeCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	cmd, _, err := root.Find([]string{"completion"})
	if err != nil {
		return
	}
	cmd.Short = "Print a script that completes commands and values in your shell"
	cmd.Long = aboutCompletion + exitCodes
	cmd.Args = noCommand
	cmd.SuggestionsMinimumDistance = root.SuggestionsMinimumDistance
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	for _, shell := range cmd.Commands() {
		shell.Short = "Print the script for " + shell.Name()
		shell.Long = shell.Short + ".\n\n" + aboutShells[shell.Name()] + "\n\n" + exitCodes
		shell.Example = shells[shell.Name()]
		shell.Args = noArguments
		if plain := shell.Flags().Lookup("no-descriptions"); plain != nil {
			plain.Usage = "complete names alone, without what they are"
		}
	}
}

// completeFlags has the shell offer the values of every flag that has some, files where a flag takes one, and nothing
// for any other text.
func completeFlags(root *cobra.Command) {
	for _, cmd := range root.Commands() {
		cmd.LocalNonPersistentFlags().VisitAll(func(flag *pflag.Flag) { completeFlag(cmd, flag) })
		if cmd.ValidArgsFunction == nil && cmd.Name() != "map" && cmd.Name() != "man" {
			cmd.ValidArgsFunction = cobra.NoFileCompletions
		}
	}
	root.PersistentFlags().VisitAll(func(flag *pflag.Flag) { completeFlag(root, flag) })
}

func completeFlag(cmd *cobra.Command, flag *pflag.Flag) {
	form := formOf(cmd.Name(), flag.Name)
	directive := cobra.ShellCompDirectiveNoFileComp
	if form.file {
		directive = cobra.ShellCompDirectiveDefault
	}
	_ = cmd.RegisterFlagCompletionFunc(flag.Name, cobra.FixedCompletions(form.names, directive)) // fails only for another command's flag
}
