package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

const aboutMap = `Map prints the entities that a mapping makes of a webhook's payload, as a JSON array. Use it to work out a mapping:
a payload in a file or on standard input needs no credentials. With --repo and --commit, the payload is rebuilt
from a commit of the account, as sync does it. Values are printed before they are converted to the blueprint's types.`

type mapFlags struct{ mapping, commit, repository string }

func newMap(streams *terminal.Streams) *cobra.Command {
	var flags mapFlags
	cmd := &cobra.Command{
		Use:   "map [file]",
		Short: "Show what a mapping makes of a payload",
		Long:  aboutMap,
		Example: `  codecov-port map examples/payload.json
  codecov-port map --mapping examples/mapping.json < examples/payload.json
  codecov-port map --repo my-app --commit 1a2b3c4`,
		Args:              arguments(1),
		ValidArgsFunction: cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault),
		RunE:              func(cmd *cobra.Command, args []string) error { return runMap(cmd, streams, flags, args) },
	}
	addSettingsFlags(cmd.Flags())
	addMappingFlag(cmd.Flags(), &flags.mapping)
	cmd.Flags().StringVar(&flags.commit, "commit", "", "Map the commit with this `sha`, or the beginning of it")
	cmd.Flags().StringVar(&flags.repository, "repo", "", "The `repository` of --commit")
	return cmd
}

func runMap(cmd *cobra.Command, streams *terminal.Streams, flags mapFlags, args []string) error {
	switch {
	case (flags.commit == "") != (flags.repository == ""):
		return usage(errors.New("--commit and --repo require each other"), "for example --repo my-app --commit 1a2b3c4")
	case flags.commit != "" && len(args) > 0:
		return usage(fmt.Errorf("--commit and a payload (%s) exclude each other", args[0]), "run 'codecov-port map --help'")
	case flags.mapping == "-" && flags.commit == "" && append(args, "-")[0] == "-":
		return usage(errors.New("the mapping and the payload cannot both be read from the standard input"), "name a file for one of them")
	}
	mapping, err := compileForMap(cmd, streams, flags.mapping)
	if err != nil {
		return err
	}
	var payload map[string]any
	if flags.commit != "" {
		payload, err = accountPayload(cmd, streams, flags)
	} else {
		payload, err = filePayload(streams, args)
		mapping = mapping.Live()
	}
	if err != nil {
		return err
	}
	result, err := mapping.Map(cmd.Context(), payload, func(string, string) bool { return true })
	if err != nil {
		return err
	}
	return printMapped(streams, result)
}

// compileForMap compiles the mapping. It only asks Port if it has to or, for auto, if the credentials are set.
func compileForMap(cmd *cobra.Command, streams *terminal.Streams, name string) (*mapper.Mapping, error) {
	choice, err := readChoice(name, streams.In)
	if err != nil {
		return nil, err
	}
	service, _ := cmd.Flags().GetString("service")
	o := mapper.Options{Now: time.Now()}
	o.Service, _ = codecov.ParseService(service) // unknown without --commit
	var s settings
	var webhook webhookReader
	switch unset := missingVariables(cmd, portSide); {
	case !choice.ReadsWebhook():
	case unset != nil && choice.Name == mapper.ChoiceAuto:
		choice.Name = mapper.ChoiceBuiltin
	case unset != nil:
		return nil, unset
	default:
		if s, err = parseSettings(cmd, streams, portSide); err != nil {
			return nil, err
		}
		catalog, err := newPort(s)
		if err != nil {
			return nil, err
		}
		webhook = newWebhookReader(cmd.Context(), catalog)
	}
	mapping, err := chooseMapping(choice, webhook, nil, o, streams)
	return mapping, explain(cmd.Context(), err, s, nil)
}

func filePayload(streams *terminal.Streams, args []string) (map[string]any, error) {
	name := append(args, "-")[0]
	if name == "-" && streams.Interactive() {
		advise(streams, "paste a payload and press Ctrl-D, or name a file")
	}
	title, data, err := readInput(name, streams.In)
	if err != nil {
		return nil, usage(err, "name a file with a payload, or - for standard input")
	}
	payload, err := mapper.ParsePayload(data)
	if err != nil {
		return nil, usage(fmt.Errorf("%s: %w", title, err), "use the JSON that Codecov's webhook sends")
	}
	return payload, nil
}

// accountPayload rebuilds the payload of a commit of the account.
func accountPayload(cmd *cobra.Command, streams *terminal.Streams, flags mapFlags) (map[string]any, error) {
	s, err := readSettings(cmd, streams, codecovSide)
	if err != nil {
		return nil, err
	}
	names, err := s.parseRepositories([]string{flags.repository})
	if err != nil {
		return nil, err
	}
	source, err := newCodecov(s)
	if err != nil {
		return nil, err
	}
	payload, err := commitPayload(cmd.Context(), source, s, names[len(names)-1], flags.commit)
	return payload, explain(cmd.Context(), err, s, source)
}

// commitPayload searches for a commit on every branch of the repositories with a name.
func commitPayload(ctx context.Context, source *codecov.Client, s settings, name, sha string) (map[string]any, error) {
	for _, owner := range s.owners {
		for repository, err := range source.Repositories(ctx, owner, codecov.RepositoriesOptions{Names: []string{name}}) {
			if err != nil {
				return nil, fmt.Errorf("find repository %s: %w", name, err)
			}
			others := codecov.CommitsOptions{Skipped: func(*codecov.SkippedRowError) {}} // the commit may be another one
			for commit, err := range source.Commits(ctx, owner, repository.Name, others) {
				if err != nil {
					return nil, fmt.Errorf("read the commits of %s: %w", repository.Name, err)
				}
				if strings.HasPrefix(commit.CommitID, strings.ToLower(sha)) {
					return mapper.Payload(mapper.Account{Service: s.codecov.Service, Owner: owner, AppURL: s.codecovApp}, repository, &commit), nil
				}
			}
		}
	}
	return nil, withHint(fmt.Errorf("no commit %s in a repository %s of %s", sha, name, strings.Join(s.owners, ", ")), "check --repo, --commit and --owner")
}

// printMapped prints the entities, and warns about entries that returned no entity that can be written.
func printMapped(streams *terminal.Streams, result mapper.Result) error {
	entities := make([]map[string]any, len(result.Entities))
	for i, m := range result.Entities {
		relations := map[string]any{}
		maps.Copy(relations, m.Entity.Relations)
		entities[i] = map[string]any{"blueprint": m.Blueprint, "identifier": m.Entity.Identifier, "properties": m.Entity.Properties, "relations": relations}
		for name, value := range map[string]any{"icon": m.Entity.Icon, "team": m.Entity.Team, "title": m.Entity.Title} {
			if value != nil && value != "" {
				entities[i][name] = value
			}
		}
	}
	if err := writeJSON(streams.Out, entities); err != nil {
		return err
	}
	for _, entry := range result.Unnamed {
		warn(streams, "mapping entry %d returned no identifier", entry+1)
	}
	for _, blueprint := range slices.Sorted(maps.Keys(result.DroppedItems)) {
		warn(streams, "itemsToParse for %s returned more than %d items: Port ignores the other %d", blueprint, mapper.MaxItems, result.DroppedItems[blueprint])
	}
	for _, p := range result.Problems {
		warn(streams, "mapping entry %d (%s): the identifier %q %s", p.Entry+1, p.Blueprint, p.Identifier, p.Reason)
	}
	if failed := len(result.Unnamed) + len(result.Problems); failed > 0 {
		return partial(terminal.Plural(failed, "mapping entry") + " returned no entity")
	}
	return nil
}
