package mapper

import (
	"errors"
	"fmt"
	"slices"
)

// The names of the choices that are no document.
const (
	ChoiceAuto    = "auto"    // what the webhook maps, and the built-in entries for the other blueprints
	ChoiceBuiltin = "builtin" // the built-in mapping
	ChoiceWebhook = "webhook" // the mapping of the webhook in Port
)

// WebhookIdentifier is the identifier of the webhook that Port's guide has its users create.
const WebhookIdentifier = "codecov_mapper"

// ErrNoWebhook tells that the mapping was to be the webhook's, and that there is none.
var ErrNoWebhook = errors.New("port has no webhook " + WebhookIdentifier)

// Choice says which mapping is used. The zero value is the built-in one.
type Choice struct {
	Name     string // one of the constants, or the name of the document
	Document []byte // a mapping as ParseMapping reads it; counts where Name is none of the constants
}

// ReadsWebhook tells whether Entries needs the mapping of the webhook in Port.
func (c Choice) ReadsWebhook() bool { return c.Name == ChoiceAuto || c.Name == ChoiceWebhook }

// Chosen is an entry and where it comes from: "webhook codecov_mapper", "built in", or the document's name.
type Chosen struct {
	Entry
	Origin string
}

// Entries gives the entries that the choice comes to. webhook is the mapping of the webhook in Port, as ParseMapping
// reads it, enabled or not; empty where there is none, or where it may not be read. The error is ErrNoWebhook, or it
// names what is wrong with the document or the webhook's mapping.
func (c Choice) Entries(webhook []byte) ([]Chosen, error) {
	switch c.Name {
	case ChoiceAuto:
		if len(webhook) == 0 {
			return built(), nil
		}
		live, err := parseChosen(webhook, webhookOrigin)
		return Auto(live, built()), err
	case ChoiceBuiltin, "":
		return built(), nil
	case ChoiceWebhook:
		if len(webhook) == 0 {
			return nil, ErrNoWebhook
		}
		return parseChosen(webhook, webhookOrigin)
	default:
		return parseChosen(c.Document, c.Name)
	}
}

const webhookOrigin = "webhook " + WebhookIdentifier

// Auto gives the webhook's entries, and of the built-in ones those for blueprints that the webhook does not map onto.
// An entry that deletes maps onto nothing.
func Auto(webhook, builtin []Chosen) []Chosen {
	entries := slices.Clone(webhook)
	for _, b := range builtin {
		mapped := slices.ContainsFunc(webhook, func(w Chosen) bool { return w.Blueprint == b.Blueprint && !w.Deletes() })
		if !mapped {
			entries = append(entries, b)
		}
	}
	return entries
}

func built() []Chosen { return chosen(BuiltinMapping(), "built in") }

func parseChosen(document []byte, origin string) ([]Chosen, error) {
	entries, err := ParseMapping(document)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", origin, err)
	}
	return chosen(entries, origin), nil
}

func chosen(entries []Entry, origin string) []Chosen {
	all := make([]Chosen, len(entries))
	for i, entry := range entries {
		all[i] = Chosen{entry, origin}
	}
	return all
}

// Plain gives the entries without their origins.
func Plain(chosen []Chosen) []Entry {
	entries := make([]Entry, len(chosen))
	for i, c := range chosen {
		entries[i] = c.Entry
	}
	return entries
}
