package main

import (
	"errors"
	"slices"

	"github.com/codecov-port/codecov-port/internal/ui"
	"github.com/codecov-port/codecov-port/pkg/backfill"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
	"github.com/codecov-port/codecov-port/pkg/setup"
)

// hintAtLiveEvents tells, at the end of a run that wrote the history, where live events will not extend it. It says
// nothing where the webhook cannot be read.
func hintAtLiveEvents(streams *ui.Streams, o backfill.Options, read webhookReader) {
	if o.DryRun || !slices.Contains(o.Mapping.Blueprints(), mapper.HistoryBlueprint) {
		return
	}
	webhook, err := read()
	cause := "has no entry for " + mapper.HistoryBlueprint + ": 'codecov-port setup --update' adds it"
	switch {
	case errors.Is(err, port.ErrNotFound):
		cause = "does not exist: 'codecov-port setup' creates it"
	case err != nil, setup.LiveExtendsHistory(webhook):
		return
	case !webhook.Enabled:
		cause = "is disabled: enable it in Port"
	}
	advise(streams, "new coverage will not extend the history: Port's webhook %s %s", mapper.WebhookIdentifier, cause)
}
