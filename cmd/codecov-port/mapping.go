package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"github.com/spf13/pflag"

	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

var mappingChoices = []string{mapper.ChoiceAuto, mapper.ChoiceBuiltin, mapper.ChoiceWebhook}

func addMappingFlag(flags *pflag.FlagSet, name *string) {
	flags.StringVar(name, "mapping", mapper.ChoiceAuto, "Use this `mapping`: auto, builtin, webhook or a file")
}

const mappingHint = "try the mapping with 'codecov-port map'"

// readChoice reads the mapping file if the choice names one.
func readChoice(name string, in io.Reader) (mapper.Choice, error) {
	if slices.Contains(mappingChoices, name) {
		return mapper.Choice{Name: name}, nil
	}
	title, document, err := readInput(name, in)
	if err != nil {
		return mapper.Choice{}, usage(fmt.Errorf("--mapping: %w", err), suggestion(name, mappingChoices, "use auto, builtin, webhook, or the name of a file"))
	}
	return mapper.Choice{Name: title, Document: document}, nil
}

// readInput reads a file, or standard input for "-", and returns its name for messages.
func readInput(name string, in io.Reader) (title string, data []byte, err error) {
	if name == "-" {
		data, err = io.ReadAll(in)
		return "standard input", data, err
	}
	data, err = os.ReadFile(name)
	return name, data, err
}

// webhookReader reads Port's webhook once, however often it is called.
type webhookReader func() (port.Webhook, error)

func newWebhookReader(ctx context.Context, catalog *port.Client) webhookReader {
	return sync.OnceValues(func() (port.Webhook, error) { return catalog.Webhook(ctx, mapper.WebhookIdentifier) })
}

// chooseMapping compiles the chosen mapping and warns about what a backfill cannot replay. webhook may be nil if the choice does not read it.
// The relations of current by 'setup --relate' are added, unless it is nil.
func chooseMapping(choice mapper.Choice, webhook webhookReader, current *port.Blueprint, o mapper.Options, streams *terminal.Streams) (*mapper.Mapping, error) {
	live, err := webhookMapping(choice, webhook, streams)
	if err != nil {
		return nil, err
	}
	entries, err := choice.Entries(live)
	if errors.Is(err, mapper.ErrNoWebhook) {
		return nil, usage(err, "run 'codecov-port setup' to create it, or use --mapping auto")
	}
	if err != nil {
		return nil, usage(err, mappingHint)
	}
	if current != nil {
		entries = mapper.AddRelations(entries, *current)
	}
	mapping, err := mapper.Compile(entries, o)
	if err != nil {
		return nil, usage(err, mappingHint)
	}
	for _, limit := range mapping.Limits() {
		warn(streams, "mapping entry %d (%s): %s: %s", limit.Entry+1, limit.Blueprint, limit.Field, limit.Reason)
	}
	if len(mapping.Entries()) == 0 {
		return nil, usage(errors.New("no entry of the mapping can be replayed"), "choose another one with --mapping")
	}
	return mapping, nil
}

// webhookMapping reads the mapping of Port's webhook, enabled or not. It returns nothing if there is no webhook, or if auto is not
// allowed to read it.
func webhookMapping(choice mapper.Choice, read webhookReader, streams *terminal.Streams) ([]byte, error) {
	if !choice.ReadsWebhook() {
		return nil, nil
	}
	webhook, err := read()
	switch {
	case errors.Is(err, port.ErrNotFound):
		return nil, nil
	case port.IsPermissionError(err) && choice.Name == mapper.ChoiceAuto:
		warn(streams, "the credentials may not read webhooks in Port: the built-in mapping is used")
		return nil, nil
	case port.IsPermissionError(err):
		return nil, usage(fmt.Errorf("read webhook %s: %w", mapper.WebhookIdentifier, err), "use --mapping builtin: the credentials may not read webhooks")
	case err != nil:
		return nil, fmt.Errorf("read webhook %s: %w", mapper.WebhookIdentifier, err)
	}
	return webhook.Mappings, nil
}
