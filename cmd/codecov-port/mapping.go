package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

const aboutMapping = `Which mapping is used is up to --mapping. auto: what Port's webhook codecov_mapper maps is mapped as it does, and
the built-in entries are used for the other blueprints. builtin and webhook: that one alone. A file: what one would
paste into the webhook's page in Port, as JSON or YAML; - is the standard input.

`

func bindMapping(flags *pflag.FlagSet, name *string) {
	flags.StringVar(name, "mapping", mapper.ChoiceAuto, "what becomes of a commit: auto, builtin, webhook, or a file")
}

// readChoice reads the document where the choice names one.
func readChoice(name string, in io.Reader) (mapper.Choice, error) {
	switch name {
	case mapper.ChoiceAuto, mapper.ChoiceBuiltin, mapper.ChoiceWebhook:
		return mapper.Choice{Name: name}, nil
	}
	title, document, err := readInput(name, in)
	if err != nil {
		return mapper.Choice{}, usage(fmt.Errorf("--mapping: %w", err), "it is auto, builtin, webhook, or the name of a file")
	}
	return mapper.Choice{Name: title, Document: document}, nil
}

// readInput reads a file, or the standard input for -, and gives it a name for messages.
func readInput(name string, in io.Reader) (title string, data []byte, err error) {
	if name == "-" {
		data, err = io.ReadAll(in)
		return "standard input", data, err
	}
	data, err = os.ReadFile(name)
	return name, data, err
}

// webhookReader reads the webhook in Port, once however often it is asked.
type webhookReader func() (port.Webhook, error)

func newWebhookReader(ctx context.Context, catalog *port.Client) webhookReader {
	return sync.OnceValues(func() (port.Webhook, error) { return catalog.Webhook(ctx, mapper.WebhookIdentifier) })
}

// chooseMapping makes the chosen mapping ready, and says what in it a backfill cannot follow. webhook may be nil where
// the choice does not read it.
func chooseMapping(choice mapper.Choice, webhook webhookReader, now time.Time, streams *terminal.Streams) (*mapper.Mapping, error) {
	live, err := webhookMapping(choice, webhook, streams)
	if err != nil {
		return nil, err
	}
	chosen, err := choice.Entries(live)
	if errors.Is(err, mapper.ErrNoWebhook) {
		return nil, usage(err, "'codecov-port setup' creates it; --mapping auto goes on without it")
	}
	if err != nil {
		return nil, usage(err, mappingHint)
	}
	entries := mapper.Plain(chosen)
	mapping, err := mapper.Compile(entries, mapper.Options{Now: now})
	if err != nil {
		return nil, usage(err, mappingHint)
	}
	tellLimits(streams, mapper.Limits(entries))
	if len(mapping.Entries()) == 0 {
		return nil, usage(errors.New("nothing of the mapping is left that a backfill can follow"), "choose another one with --mapping")
	}
	return mapping, nil
}

const mappingHint = "'codecov-port map' tries a mapping on a payload, without Port"

// webhookMapping reads the mapping of the webhook in Port, enabled or not; none where there is no webhook, or where
// auto may not read it.
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
		return nil, usage(fmt.Errorf("the credentials may not read webhooks in Port: %w", err), "--mapping builtin goes on without the webhook")
	case err != nil:
		return nil, fmt.Errorf("read webhook %s: %w", mapper.WebhookIdentifier, err)
	}
	return webhook.Mappings, nil
}

func tellLimits(streams *terminal.Streams, limits []mapper.Limit) {
	for _, limit := range limits {
		warn(streams, "mapping entry %d (%s): %s: %s", limit.Entry+1, terminal.Safe(limit.Blueprint), terminal.Safe(limit.Field), terminal.Safe(limit.Reason))
	}
}
