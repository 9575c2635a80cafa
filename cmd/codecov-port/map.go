package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/viper"

	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

const aboutMap = `Print the entities that the mapping makes of a webhook's payload, as a JSON array: to work out a mapping, without
Port. The payload is what Codecov's webhook sends, with or without "body" around it, in a file or on the standard
input. With --commit and --repo it is rebuilt from a commit of the account, as sync does.

Values are printed as the mapping gives them. sync makes them fit the types that the blueprint declares.

No credentials are needed with a payload, unless --mapping is webhook. auto asks Port where its variables are set,
and is the built-in mapping elsewhere. --commit needs the variables of Codecov.

` + aboutMapping

type mapFlags struct {
	mapping, commit, repository string
}

func newMap(streams *terminal.Streams) *cobra.Command {
	var flags mapFlags
	values := viper.New()
	cmd := &cobra.Command{
		Use:   "map [FILE]",
		Short: "Print the entities that the mapping makes of a payload",
		Long:  aboutMap + aboutVariables(bothSides) + "\n\n" + exitCodes,
		Example: `  codecov-port map payload.json
  codecov-port map --mapping my-mapping.yaml < payload.json
  codecov-port map --repo my-app --commit 1a2b3c4`,
		Args: atMostOneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runMap(cmd.Context(), streams, values, flags, args)
		},
	}
	bindSettings(cmd, values, bothSides)
	bindMapping(cmd.Flags(), &flags.mapping)
	cmd.Flags().StringVar(&flags.commit, "commit", "", "take this commit of the account: its sha, or the beginning of it")
	cmd.Flags().StringVar(&flags.repository, "repo", "", "the repository of --commit")
	return cmd
}

func runMap(ctx context.Context, streams *terminal.Streams, values *viper.Viper, flags mapFlags, args []string) error {
	if err := flags.check(args); err != nil {
		return err
	}
	mapping, err := mapMapping(ctx, streams, values, flags.mapping)
	if err != nil {
		return err
	}
	var payload map[string]any
	if flags.commit != "" {
		payload, err = accountPayload(ctx, streams, values, flags)
	} else {
		payload, err = filePayload(streams, args)
		mapping = mapping.Live()
	}
	if err != nil {
		return err
	}
	result, err := mapping.Map(ctx, payload, func(string, string) bool { return true })
	if err != nil {
		return err
	}
	return printMapped(streams, result)
}

func (f mapFlags) check(args []string) error {
	switch {
	case (f.commit == "") != (f.repository == ""):
		return usage(errors.New("--commit and --repo: one needs the other"), "for example --repo my-app --commit 1a2b3c4")
	case f.commit != "" && len(args) > 0:
		return usage(fmt.Errorf("--commit and a payload (%s): one or the other", args[0]), "see 'codecov-port map --help'")
	case f.mapping == "-" && f.commit == "" && (len(args) == 0 || args[0] == "-"):
		return usage(errors.New("the mapping and the payload cannot both be read from the standard input"), "name a file for one of them")
	}
	return nil
}

// mapMapping makes the mapping ready. Port is asked only where it has to be, or where auto can.
func mapMapping(ctx context.Context, streams *terminal.Streams, values *viper.Viper, name string) (*mapper.Mapping, error) {
	choice, err := readChoice(name, streams.In)
	if err != nil {
		return nil, err
	}
	var catalog *port.Client
	unset := missing(values, portSide)
	switch {
	case !choice.ReadsWebhook():
	case choice.Name == mapper.ChoiceAuto && unset != nil:
		choice.Name = mapper.ChoiceBuiltin
	case unset != nil:
		return nil, unset
	default:
		s, err := parseSettings(values, portSide)
		if err != nil {
			return nil, err
		}
		s.log = newLog(streams)
		if catalog, err = newPort(s); err != nil {
			return nil, err
		}
		mapping, err := chooseMapping(choice, newWebhookReader(ctx, catalog), time.Now(), streams)
		return mapping, explain(ctx, err, s, nil)
	}
	return chooseMapping(choice, nil, time.Now(), streams)
}

func filePayload(streams *terminal.Streams, args []string) (map[string]any, error) {
	name := "-"
	if len(args) > 0 {
		name = args[0]
	}
	if name == "-" && streams.Interactive() {
		advise(streams, "paste a payload and end it with Ctrl-D, or name a file that holds one")
	}
	title, data, err := readInput(name, streams.In)
	if err != nil {
		return nil, usage(err, "name a file with a payload, or - for the standard input")
	}
	payload, err := mapper.ParsePayload(data)
	if err != nil {
		return nil, usage(fmt.Errorf("%s: %w", title, err), "it is the JSON that Codecov's webhook sends")
	}
	return payload, nil
}

// accountPayload rebuilds the payload of a commit of the account.
func accountPayload(ctx context.Context, streams *terminal.Streams, values *viper.Viper, flags mapFlags) (map[string]any, error) {
	s, err := readSettings(values, codecovSide)
	if err != nil {
		return nil, err
	}
	s.log = newLog(streams)
	source, err := newCodecov(s)
	if err != nil {
		return nil, err
	}
	for _, owner := range s.owners {
		account := mapper.Account{Service: s.service, Owner: owner, AppURL: s.codecovApp}
		payload, err := commitPayload(ctx, source, account, flags)
		if err != nil {
			return nil, explain(ctx, err, s, source)
		}
		if payload != nil {
			return payload, nil
		}
	}
	return nil, withHint(fmt.Errorf("codecov shows no commit %s of a repository %s of %s", flags.commit, flags.repository, strings.Join(s.owners, ", ")),
		"check --repo, --commit and --owner")
}

// commitPayload looks for the commit on every branch; it gives nil where there is no such commit or repository.
func commitPayload(ctx context.Context, source *codecov.Client, account mapper.Account, flags mapFlags) (map[string]any, error) {
	names := codecov.RepositoriesOptions{Names: []string{flags.repository}}
	for repository, err := range source.Repositories(ctx, account.Owner, names) {
		if err != nil {
			return nil, fmt.Errorf("find repository %s: %w", flags.repository, err)
		}
		others := codecov.CommitsOptions{Skipped: func(*codecov.SkippedRowError) {}} // the wanted commit may be another
		for commit, err := range source.Commits(ctx, account.Owner, repository.Name, others) {
			if err != nil {
				return nil, fmt.Errorf("read the commits of %s: %w", repository.Name, err)
			}
			if strings.HasPrefix(commit.CommitID, strings.ToLower(flags.commit)) {
				return mapper.Payload(account, repository, commit), nil
			}
		}
	}
	return nil, nil
}

// mappedEntity is an entity as map prints it: the names are Port's, in alphabetical order.
type mappedEntity struct {
	Blueprint  string         `json:"blueprint"`
	Icon       string         `json:"icon,omitempty"`
	Identifier string         `json:"identifier"`
	Properties map[string]any `json:"properties"`
	Relations  map[string]any `json:"relations"`
	Team       any            `json:"team,omitempty"`
	Title      string         `json:"title,omitempty"`
}

func printMapped(streams *terminal.Streams, result mapper.Result) error {
	entities := make([]mappedEntity, 0, len(result.Entities))
	for _, m := range result.Entities {
		entity := mappedEntity{
			Blueprint: m.Blueprint, Icon: m.Entity.Icon, Identifier: m.Entity.Identifier, Properties: m.Entity.Properties,
			Relations: m.Entity.Relations, Team: m.Entity.Team, Title: m.Entity.Title,
		}
		if entity.Relations == nil {
			entity.Relations = map[string]any{}
		}
		entities = append(entities, entity)
	}
	if err := writeJSON(streams.Out, entities); err != nil {
		return err
	}
	return tellUnmapped(streams, result)
}

// tellUnmapped says which entries gave no entity that could be written.
func tellUnmapped(streams *terminal.Streams, result mapper.Result) error {
	for _, entry := range result.Unnamed {
		warn(streams, "mapping entry %d gives no identifier", entry+1)
	}
	for _, p := range result.Problems {
		warn(streams, "mapping entry %d (%s): the identifier %q %s", p.Entry+1, terminal.Safe(p.Blueprint), terminal.Safe(p.Identifier), p.Reason)
	}
	if len(result.Unnamed)+len(result.Problems) > 0 {
		return errPart
	}
	return nil
}
