package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

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

// removedHint replaces the error about a flag or command that was removed by one that names its successor.
func removedHint(err error, args []string) error {
	if unknown := (*pflag.NotExistError)(nil); errors.As(err, &unknown) && successors[unknown.GetSpecifiedName()] != "" {
		return usage(fmt.Errorf("--%s was removed", unknown.GetSpecifiedName()), successors[unknown.GetSpecifiedName()])
	}
	i := slices.IndexFunc(args, func(arg string) bool { return !strings.HasPrefix(arg, "-") })
	if err != nil && i >= 0 && args[i] == "config" && strings.Contains(err.Error(), `unknown command "config"`) {
		return usage(errors.New("the command config was removed"), "run 'codecov-port check' to test the settings, 'codecov-port help environment' for their order")
	}
	return err
}
