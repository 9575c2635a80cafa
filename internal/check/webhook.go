package check

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// webhook is what was found out about the one that brings new coverage into Port.
type webhook struct {
	mappings []byte // none: there is no webhook, or it may not be read
	missing  bool
}

func (d *doctor) webhook(ctx context.Context) {
	d.step("webhook", "credentials that Port takes", d.portReady, func() Step {
		ctx, cancel := patiently(ctx)
		defer cancel()
		found, err := d.Port.Webhook(ctx, mapper.WebhookIdentifier)
		if err != nil {
			return d.noWebhook(err)
		}
		d.live.mappings = found.Mappings
		return judgeWebhook(found)
	})
}

func (d *doctor) noWebhook(err error) Step {
	switch {
	case errors.Is(err, port.ErrNotFound):
		d.live.missing = true
		return warning("Port has no webhook "+mapper.WebhookIdentifier+": new coverage will not arrive by itself", "'codecov-port setup' creates it")
	case port.IsPermissionError(err):
		return warning("the webhook cannot be looked at: the credentials may not read webhooks", "use credentials of an organisation's admin")
	}
	return failed(Other, "the webhook cannot be read: "+err.Error(), "try again later")
}

func judgeWebhook(w port.Webhook) Step {
	name := "webhook " + mapper.WebhookIdentifier
	entries, err := mapper.ParseMapping(w.Mappings)
	var targets []string
	for _, e := range entries {
		if !e.Deletes() && !slices.Contains(targets, e.Blueprint) {
			targets = append(targets, e.Blueprint)
		}
	}
	switch {
	case !w.Enabled:
		return warning(name+" is disabled: new coverage does not arrive", "enable it in Port › Data sources")
	case err != nil:
		return warning(name+" has a mapping that cannot be read: "+oneLine(err), "compare it with what 'codecov-port setup --dry-run' shows")
	case !slices.Contains(targets, mapper.HistoryBlueprint):
		return warning(name+" has no entry for "+mapper.HistoryBlueprint+": new coverage does not extend the history", "'codecov-port setup --update' adds it")
	}
	return noted(name+" is enabled and maps onto "+strings.Join(targets, ", "),
		"with only_pulls: false in Codecov's YAML the builds of every branch overwrite a repository's current state, unless branches: is set there ('codecov-port setup --branches main' prints it)")
}

// oneLine puts an error of several lines on one.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
