package mapper

import (
	"context"
	"maps"
	"regexp"
	"time"

	"github.com/itchyny/gojq"

	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// filling is one way in which what the REST API cannot tell might be filled in: keys for the objects of a payload.
type filling struct {
	body, repo, owner, head, author, totals map[string]any
}

// fillings are two that agree in nothing, so that a result which is the same with both, and without, depends on none
// of it. Their values are ones that no mapping would choose as its default.
var fillings = []filling{
	newFilling("unknown-1", 7919, true),
	newFilling("unknown-2", 104729, false),
}

func newFilling(text string, number int, yes bool) filling {
	person := map[string]any{"service_id": text, "email": text + "@example.invalid"}
	measured := map[string]any{"messages": number, "diff": []any{number, nil, text}}
	address := "https://example.invalid/" + text
	end := map[string]any{"commit": text, "branch": text}
	base := map[string]any{
		"author":      overlaid(map[string]any{"username": text, "service": text, "name": text}, person),
		"url":         address,
		"timestamp":   time.Unix(int64(number), 0).UTC().Format("2006-01-02T15:04:05"),
		"totals":      overlaid(totals(&codecov.Totals{Files: int64(number), Lines: int64(number), Coverage: new(float64)}), measured),
		"commitid":    text,
		"service_url": address,
		"branch":      text,
		"message":     text,
	}
	return filling{
		body: map[string]any{
			"base":    base,
			"compare": map[string]any{"url": address, "message": text, "coverage": text, "notation": text},
			"pull": map[string]any{
				"head": end, "base": end, "number": text, "id": number, "open": yes, "merged": !yes,
			},
		},
		repo:   map[string]any{"service_id": text},
		owner:  map[string]any{"service_id": text},
		head:   map[string]any{"service_url": address},
		author: person,
		totals: measured,
	}
}

// unknownNames are the names under which a payload holds what the REST API cannot tell.
var unknownNames = regexp.MustCompile(`\b(service_id|email|messages|diff|base|compare|pull|service_url)\b`)

// fill gives a copy of a payload in which what is absent, or null at the top, is filled in. The payload stays as it is.
func (f filling) fill(payload map[string]any) map[string]any {
	body, ok := payload["body"].(map[string]any)
	if !ok {
		return payload
	}
	filled := maps.Clone(body)
	for name, value := range f.body {
		if filled[name] == nil {
			filled[name] = value
		}
	}
	filled["repo"] = overlaid(body["repo"], f.repo)
	filled["owner"] = overlaid(body["owner"], f.owner)
	filled["head"] = f.fillHead(body["head"])
	result := maps.Clone(payload)
	result["body"] = filled
	return result
}

func (f filling) fillHead(value any) any {
	head, ok := overlaid(value, f.head).(map[string]any)
	if !ok {
		return value
	}
	head["author"] = overlaid(head["author"], f.author)
	head["totals"] = overlaid(head["totals"], f.totals)
	return head
}

// overlaid gives a copy of an object with the keys of extra that it lacks; what is no object stays as it is.
func overlaid(value any, extra map[string]any) any {
	object, ok := value.(map[string]any)
	if !ok {
		return value
	}
	object = maps.Clone(object)
	for key, inner := range extra {
		if _, ok := object[key]; !ok {
			object[key] = inner
		}
	}
	return object
}

// agreed gives what of a value holds although part of the payload is unknown, by comparing it with the value that a
// filled payload gives: the value where both are the same; of an object that differs, the keys that are the same;
// else nothing.
func agreed(value, filled any) (kept any, partial, ok bool) {
	if gojq.Compare(value, filled) == 0 {
		return value, false, true
	}
	ours, isObject := value.(map[string]any)
	theirs, isToo := filled.(map[string]any)
	if !isObject || !isToo {
		return nil, false, false
	}
	part := make(map[string]any, len(ours))
	for key, inner := range ours {
		other, there := theirs[key]
		if !there {
			continue
		}
		if same, _, ok := agreed(inner, other); ok {
			part[key] = same
		}
	}
	return part, true, len(part) > 0
}

// classify finds out by samples what each entry can tell, and the expressions whose result may depend on what is unknown: those that give different results on a
// sample and on the same sample filled, and those that name an unknown part, for no sample reaches every branch.
func (m *Mapping) classify() {
	trials := trials()
	for i := range m.entries {
		e := &m.entries[i]
		for _, x := range e.expressions() {
			x.unknown = unknownNames.MatchString(x.source) || m.differs(e, x, trials)
		}
		e.traits = m.traits(e)
	}
}

func (m *Mapping) differs(e *entry, x *expression, trials [][]map[string]any) bool {
	r := m.start(context.Background(), nil)
	defer r.end()
	for _, trial := range trials {
		known := r.trial(e, x, trial[0])
		for _, filled := range trial[1:] {
			if r.expired {
				return false // it does not end, and gives null whatever is known
			}
			if gojq.Compare(known, r.trial(e, x, filled)) != 0 {
				return true
			}
		}
	}
	return false
}

// trial evaluates an expression of an entry.
func (r *run) trial(e *entry, x *expression, payload map[string]any) any {
	return r.value(x, r.scenery(e, x, payload))
}

// scenery is what an expression of an entry is evaluated on: the payload, beside the first item where the entry parses items.
func (r *run) scenery(e *entry, x *expression, payload map[string]any) map[string]any {
	if e.items == nil || x == e.items {
		return payload
	}
	items, _ := r.value(e.items, payload).([]any)
	if len(items) == 0 {
		items = []any{nil}
	}
	return beside(payload, items[0])
}

// trials are sample payloads, each followed by what the fillings make of it.
func trials() [][]map[string]any {
	var trials [][]map[string]any
	for _, sample := range samples() {
		trial := []map[string]any{sample}
		for _, f := range fillings {
			trial = append(trial, f.fill(sample))
		}
		trials = append(trials, trial)
	}
	return trials
}

// samples are payloads of commits as they occur: with everything there, and with each thing missing that may be.
func samples() []map[string]any {
	full := codecov.Commit{
		CommitID:  "a7794fc92007d3a1b99066c8f6ec66a393bf3520",
		Message:   pointer("Update sonarqube.yml\n\nA second paragraph."),
		Timestamp: time.Date(2024, 2, 2, 14, 21, 35, 0, time.UTC),
		Author:    &codecov.Author{Service: string(codecov.GitHub), Username: pointer("slanks"), Name: pointer("PagesCoffy")},
		Branch:    pointer("main"),
		Totals: &codecov.Totals{
			Files: 3, Lines: 36, Hits: 35, Misses: 1, Sessions: 2,
			Coverage: pointer(97.22), Complexity: new(float64), ComplexityTotal: new(float64),
		},
	}
	bare := codecov.Commit{
		CommitID:  "ce38c96963e6c7100f668503da2ce4e7500de739",
		Timestamp: time.Date(2024, 2, 2, 14, 17, 51, 500_000_000, time.UTC),
		Totals:    &codecov.Totals{Coverage: new(float64)},
	}
	nameless := full
	nameless.Author = &codecov.Author{Service: string(codecov.GitHub)}
	nameless.Branch = pointer("feature/other")
	var samples []map[string]any
	for _, service := range []codecov.Service{codecov.GitHub, codecov.GitLabEnterprise} {
		account := Account{Service: service, Owner: "slanks", AppURL: "https://app.codecov.io"}
		repository := codecov.Repository{Name: "codecov-example", Private: service != codecov.GitHub}
		for _, commit := range []codecov.Commit{full, bare, nameless} {
			samples = append(samples, Payload(account, repository, commit))
		}
	}
	return samples
}

func pointer[T any](value T) *T { return &value }
