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
		`{"service":"github","owner":"acme","repos":[[]]}`:                               "repository 0: ",
		`{"service":"github","owner":"acme","commits":{"x":[{}]}}`:                       `commits of "x": no such repository`,
		`{"service":"github","owner":"acme","repos":[{"name":"x"}],"commits":{"x":[1]}}`: `commits of "x": json`,
	} {
		if _, err := fakecodecov.LoadAccount(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", text, err, want)
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
			mustDo(t, json.Unmarshal(account.Repositories[i].Row, &got))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("repository %d (-loaded +served):\n%s", i, diff)
			}
		}
	})
}
