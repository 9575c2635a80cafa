package codecov_test

import (
	"encoding/json"
	"strings"
	"testing"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/google/go-cmp/cmp"
)

func TestLoadAccountRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{`:                               "read account: ",
		`{"owner":"acme"}`:                `service ""`,
		`{"service":"gh","owner":"acme"}`: `service "gh"`,
		`{"service":"github"}`:            `owner ""`,
		`{"service":"github","owner":"acme","repos":[{}]}`:                               `repository 0: name ""`,
		`{"service":"github","owner":"acme","repos":[{"name":"A"},{"name":"a"}]}`:        `repository 1: name "a"`,
		`{"service":"github","owner":"acme","repos":[[]]}`:                               "repository 0: ",
		`{"service":"github","owner":"acme","commits":{"x":[]}}`:                         `commits of "x": no such repository`,
		`{"service":"github","owner":"acme","repos":[{"name":"x"}],"commits":{"x":[1]}}`: `commits of "x": read commit`,
	} {
		if _, err := fakecodecov.LoadAccount(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", text, err, want)
		}
	}
}

// TestRowsEscapeNoMoreThanTheAPI: the API sends DEL, C1 controls, and characters of other planes as they are.
func TestRowsEscapeNoMoreThanTheAPI(t *testing.T) {
	for in, want := range map[string]string{
		`\u00dcmit`:                  `Ümit`,
		`\ud83d\ude80 \u674e`:        `🚀 李`,
		`\u007f\u009b\u202e`:         "\u007f\u009b\u202e",
		`\u001b\u0000\n`:             `\u001b\u0000\n`,
		`\u2028\u2029`:               `\u2028\u2029`,
		`\ud83d \ude80 \ud83d\u0041`: `\ud83d \ude80 \ud83dA`,
		`\\u00dc \\\u00dc`:           `\\u00dc \\Ü`,
		`\u0022\u005c`:               `\u0022\u005c`,
	} {
		account := accountOf(t, accountFile{"github", "acme", []json.RawMessage{json.RawMessage(`{"name":"x","language":"` + in + `"}`)}, nil})
		if diff := cmp.Diff(`{"name":"x","language":"`+want+`"}`, string(account.AppendRepository(nil, 0))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", in, diff)
		}
	}
}

// FuzzLoadAccount: what is loaded is served as JSON that means the same.
func FuzzLoadAccount(f *testing.F) {
	f.Add(`{"service":"github","owner":"acme","repos":[{"name":"\ud83d\ude80\u001b\ud83d","private":true}],"commits":{}}`)
	f.Add(`{"service":"bitbucket","owner":"x","repos":[{"name":"a","author":{"name":null}}],"commits":{"A":[{"branch":null},{"branch":"\u00dc"}]}}`)
	f.Add(`{"service":"gitlab","owner":"x","repos":[null]}`)
	f.Fuzz(func(t *testing.T, text string) {
		account, err := fakecodecov.LoadAccount(strings.NewReader(text))
		if err != nil {
			return
		}
		var file accountFile
		mustDo(t, json.NewDecoder(strings.NewReader(text)).Decode(&file))
		for i, row := range file.Repos {
			var want, got any
			mustDo(t, json.Unmarshal(row, &want))
			mustDo(t, json.Unmarshal(account.AppendRepository(nil, i), &got))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("repository %d (-loaded +served):\n%s", i, diff)
			}
		}
	})
}
