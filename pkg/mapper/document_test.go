package mapper_test

import (
	"context"
	"math/big"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/unicode"

	"github.com/codecov-port/codecov-port/pkg/mapper"
)

func TestParsePayload(t *testing.T) {
	for text, want := range map[string]map[string]any{
		`{"repo": {"name": "a"}}`:                                 {"body": map[string]any{"repo": map[string]any{"name": "a"}}},
		`{"body": {"n": 3, "f": 0.5, "z": [1e2]}, "headers": {}}`: {"body": map[string]any{"n": 3, "f": 0.5, "z": []any{100.0}}, "headers": map[string]any{}},
		`{"body": null}`:                                          {"body": nil},
		`{}`:                                                      {"body": map[string]any{}},
	} {
		got, err := mapper.ParsePayload([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
	got, err := mapper.ParsePayload([]byte(`{"big": 98765432109876543210}`))
	if err != nil {
		t.Fatal(err)
	}
	whole, _ := part(t, got, "body", "big").(*big.Int)
	if whole == nil || whole.String() != "98765432109876543210" {
		t.Errorf("a big whole number became %v", whole)
	}
}

// Editors on Windows write a byte order mark, PowerShell's > writes UTF-16.
func TestDocumentsWithAByteOrderMark(t *testing.T) {
	const payload, mapping = `{"repo": {"name": "ü"}}`, `[{"blueprint": "b", "entity": {"identifier": ".body.repo.name"}}]`
	for name, encoding := range map[string]unicode.Endianness{"little-endian": unicode.LittleEndian, "big-endian": unicode.BigEndian} {
		encoded := func(text string) []byte {
			data, err := unicode.UTF16(encoding, unicode.UseBOM).NewEncoder().Bytes([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			return data
		}
		if got, err := mapper.ParsePayload(encoded(payload)); err != nil || part(t, got, "body", "repo", "name") != "ü" {
			t.Errorf("payload in UTF-16, %s: got %v, error %v", name, got, err)
		}
		if got, err := mapper.ParseMapping(encoded(mapping)); err != nil || got[0].Blueprint != "b" {
			t.Errorf("mapping in UTF-16, %s: got %v, error %v", name, got, err)
		}
	}
	if got, err := mapper.ParsePayload([]byte("\ufeff" + payload)); err != nil || part(t, got, "body", "repo", "name") != "ü" {
		t.Errorf("payload in UTF-8 with a byte order mark: got %v, error %v", got, err)
	}
	if got, err := mapper.ParseMapping([]byte("\ufeff" + mapping)); err != nil || got[0].Blueprint != "b" {
		t.Errorf("mapping in UTF-8 with a byte order mark: got %v, error %v", got, err)
	}
}

func TestParsePayloadRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                    "payload: unexpected end of the JSON",
		"{\n\"repo\": {\n]\n": "payload: line 3: ",
		"[1]":                 "payload: expected an object, found an array",
		"{} {}":               "payload: unexpected data after the JSON value",
	} {
		if _, err := mapper.ParsePayload([]byte(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

// TestNumbersOfAPayload: those that no float64 comes near are null, however many digits they have.
func TestNumbersOfAPayload(t *testing.T) {
	for _, test := range []struct {
		text string
		want bool
	}{
		{strings.Repeat("9", 309), true}, {"-" + strings.Repeat("9", 309), true}, {strings.Repeat("9", 311), false}, {strings.Repeat("9", 5e6), false}, {"-1e400", false},
	} {
		payload, err := mapper.ParsePayload([]byte(`{"n": ` + test.text + `}`))
		if err != nil {
			t.Fatal(err)
		}
		body, _ := payload["body"].(map[string]any)
		if got := body["n"] != nil; got != test.want {
			t.Errorf("%.20s… (%d characters) is a number: %t, want %t", test.text, len(test.text), got, test.want)
		}
	}
}

func FuzzParsePayload(f *testing.F) {
	sample, err := os.ReadFile("../../testdata/port/webhook-sample.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sample)
	f.Add([]byte(`{"repo": {"name": "a"}, "n": 1e1000}`))
	f.Add([]byte(`{"body": [1, 2.50, -0]}`))
	mapping := compile(f, mapper.BuiltinMapping()).Live()
	f.Fuzz(func(t *testing.T, data []byte) {
		payload, err := mapper.ParsePayload(data)
		if err != nil {
			return
		}
		if _, ok := payload["body"]; !ok {
			t.Fatal("there is no body")
		}
		if _, err := mapping.Map(context.Background(), payload, takeAll); err != nil {
			t.Fatal(err)
		}
	})
}

func TestLiveTreatsEveryValueAsKnown(t *testing.T) {
	expressions := map[string]string{
		"pull":    ".body.pull.number",
		"either":  `.body.pull.number // "none"`,
		"service": ".body.owner.service_id",
		"report":  ".body.head.totals",
	}
	mapping := compile(t, []mapper.Entry{{Blueprint: "b", Entity: mapper.EntityTemplate{
		Identifier: ".body.repo.name", Properties: expressions, Relations: map[string]string{"base": ".body.base.commitid"},
	}}})
	payload := samplePayload()
	result, err := mapping.Live().Map(context.Background(), payload, takeAll)
	if err != nil || len(result.Entities) != 1 {
		t.Fatalf("%v, %+v", err, result)
	}
	mapped := result.Entities[0]
	want := map[string]any{"pull": nil, "either": "none", "service": nil, "report": part(t, payload, "body", "head", "totals")}
	if diff := cmp.Diff(want, mapped.Entity.Properties); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]any{"base": nil}, mapped.Entity.Relations); diff != "" {
		t.Error(diff)
	}
	if properties := mapping.Live().Entries()[0].Properties; len(properties) != 4 {
		t.Errorf("the live mapping writes %v, want all four properties", properties)
	}
	if properties := mapping.Entries()[0].Properties; len(properties) != 1 {
		t.Errorf("the mapping itself writes %v, want only the report", properties)
	}
}
