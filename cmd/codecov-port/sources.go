package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/codecov-port/codecov-port/internal/terminal"
)

// origin is where a value is from. A greater one goes before a smaller one.
type origin int

const (
	byDefault origin = iota
	fromConfigFile
	fromEnvFile
	fromEnvironment
	fromFlag
)

func (o origin) String() string {
	return [...]string{"default", "config file", "env file", "environment", "flag"}[o]
}

// given is what was said about a flag or a secret.
type given struct {
	origin origin
	name   string   // of the file or variable
	line   int      // in the config file
	values []string // of what is set by files; one, but for lists
}

// sources are the files and the environment below the command line, and what they came to.
type sources struct {
	config  configFile
	env     envFile
	flags   map[string]given
	secrets map[string]given // by variable
}

type sourcesKey struct{}

// sourcesOf gives what applySources has read for a command.
func sourcesOf(ctx context.Context) sources {
	s, _ := ctx.Value(sourcesKey{}).(sources)
	return s
}

// applySources reads the config file and the env file, and sets the flags that neither the command line nor the
// environment sets.
func applySources(cmd *cobra.Command, streams *terminal.Streams) error {
	if !readsFiles(cmd) {
		return nil
	}
	s := sources{flags: make(map[string]given), secrets: make(map[string]given)}
	var err error
	if s.config, err = findConfigFile(cmd); err != nil {
		return err
	}
	if s.env, err = findEnvFile(cmd, s.config, streams); err != nil {
		return err
	}
	cmd.SetContext(context.WithValue(cmd.Context(), sourcesKey{}, s))
	cmd.Flags().VisitAll(func(flag *pflag.Flag) { s.flags[flag.Name] = s.ofFlag(cmd, flag) })
	for _, v := range variables {
		if v.flag == "" {
			s.secrets[v.env] = s.ofVariable(v.env)
		}
	}
	if err := s.portAddress(cmd.Flags()); err != nil {
		return err
	}
	return s.setFlags(cmd)
}

// readsFiles tells whether a command has any use for a config file: those that only tell of the program itself must
// work beside a broken one.
func readsFiles(cmd *cobra.Command) bool {
	if !cmd.HasParent() {
		return false
	}
	for ; cmd.HasParent(); cmd = cmd.Parent() {
		switch cmd.Name() {
		case "version", "completion", "man", "help", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd:
			return false
		}
	}
	return true
}

// ofFlag gives the first that speaks of a flag: the command line, its variable, the config file.
func (s sources) ofFlag(cmd *cobra.Command, flag *pflag.Flag) given {
	if flag.Changed {
		return given{origin: fromFlag, name: "--" + flag.Name}
	}
	if v, ok := variableOf(flag.Name); ok {
		if g := s.ofVariable(v.env); g.origin != byDefault {
			if v.many {
				g.values = strings.Split(g.values[0], ",")
			}
			return g
		}
	}
	if entry, ok := s.config.entries[flag.Name]; ok && !oneOff(cmd, flag) {
		return given{origin: fromConfigFile, name: s.config.name, line: entry.line, values: entry.values}
	}
	return given{}
}

// ofVariable gives what the environment says of a variable, or the env file. A blank value says nothing.
func (s sources) ofVariable(env string) given {
	if value := os.Getenv(env); strings.TrimSpace(value) != "" {
		return given{origin: fromEnvironment, name: env, values: []string{value}}
	}
	if value := s.env.values[env]; strings.TrimSpace(value) != "" {
		return given{origin: fromEnvFile, name: s.env.name, values: []string{value}}
	}
	return given{}
}

func variableOf(flag string) (variable, bool) {
	for _, v := range variables {
		if v.flag == flag {
			return v, true
		}
	}
	return variable{}, false
}

// portAddress settles which of Port's region and address counts: that of the source that goes before the other's, or
// the address.
func (s sources) portAddress(flags *pflag.FlagSet) error {
	const regionFlag, addressFlag = "port-region", "port-base-url"
	region, address := s.flags[regionFlag], s.flags[addressFlag]
	switch {
	case region.origin == byDefault || address.origin == byDefault:
		return nil
	case region.origin == fromFlag && address.origin == fromFlag:
		return usage(errorf("--%s and --%s: one or the other", regionFlag, addressFlag), "the address goes before the region's")
	case region.origin > address.origin:
		s.flags[addressFlag] = given{}
		return flags.Set(addressFlag, "") // before the environment, too
	}
	return nil
}

// setFlags sets what the files say. The environment is for the settings to read.
func (s sources) setFlags(cmd *cobra.Command) error {
	var all error
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		g := s.flags[flag.Name]
		if all == nil && (g.origin == fromConfigFile || g.origin == fromEnvFile) {
			all = setFlag(cmd, flag, g)
		}
	})
	return all
}

func setFlag(cmd *cobra.Command, flag *pflag.Flag, g given) error {
	if g.origin == fromConfigFile {
		if err := checkValues(cmd, flag, g.values); err != nil {
			return usage(fmt.Errorf("%s:%d: %s: %w", g.name, g.line, flag.Name, err), valueHint(cmd, flag, g.values))
		}
	}
	if list, ok := flag.Value.(pflag.SliceValue); ok {
		flag.Changed = true
		return list.Replace(g.values)
	}
	return cmd.Flags().Set(flag.Name, g.values[0])
}
