package port_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/codecov-port/codecov-port/pkg/port"
)

// FuzzAnswers: whatever Port answers to what is read, there is a value or an error of one printable line.
func FuzzAnswers(f *testing.F) {
	for _, body := range []string{
		``, `null`, `{}`, `[]`, `<html>`, `{"blueprint":null}`, `{"blueprint":{"schema":{"properties":{"p":{"type":3}}}}}`,
		`{"blueprint":{"schema":{"properties":{"p":{"minLength":1e99,"enum":[{"a":[1e999]}]}}},"relations":{"r":{"many":"yes"}}}}`,
		`{"entities":[{"identifier":"a","properties":{"n":9007199254740993,"x":1e999}}],"next":"more"}`, `{"entities":{"identifier":"a"}}`, `{"next":"a","entities":[null]}`,
		`{"integration":{"identifier":"codecov_mapper","enabled":"yes","mappings":[1]}}`, `{"integration":[]}`, `{"ok":false,"error":"not_found","message":"a\u001b[31m"}`,
		strings.Repeat("[", 20_000),
	} {
		for _, status := range []int{http.StatusOK, http.StatusNotFound, http.StatusUnprocessableEntity} {
			f.Add(status, body)
		}
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			t.Skip()
		}
		synctest.Test(t, func(t *testing.T) {
			client := connectInside(t, handing(status, body))
			_, err := client.Blueprint(t.Context(), "event")
			assertAnswered(t, status, err)
			_, err = client.Read(t.Context(), "blueprint", "blueprints", "event")
			assertAnswered(t, status, err)
			_, err = client.Webhook(t.Context(), "codecov_mapper")
			assertAnswered(t, status, err)
			pages := 0
			for _, err := range client.Search(t.Context(), "event", port.SearchOptions{}) {
				assertAnswered(t, status, err)
				if pages++; pages > 10 {
					break // the same page for ever
				}
			}
		})
	})
}

// FuzzTokenAnswer: whatever Port hands out for the credentials, the secret is not shown.
func FuzzTokenAnswer(f *testing.F) {
	for _, body := range []string{
		`{"accessToken":"t","expiresIn":10800,"tokenType":"Bearer"}`, `{"accessToken":"","expiresIn":1}`, `{"accessToken":"a\nb","expiresIn":-1}`,
		`{"accessToken":"t","expiresIn":1e300}`, `{"accessToken":3}`, `{"message":"` + secret + `"}`, ``, `null`,
	} {
		f.Add(http.StatusOK, body)
		f.Add(http.StatusUnauthorized, body)
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			t.Skip()
		}
		synctest.Test(t, func(t *testing.T) {
			client := connectInside(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if isToken(r) {
					w.WriteHeader(status)
					_, _ = w.Write([]byte(body))
					return
				}
				_, _ = w.Write([]byte(`{"blueprint":{"identifier":"event"}}`))
			}))
			_, err := client.Blueprint(t.Context(), "event")
			assertAnswered(t, status, err)
		})
	})
}

// TestLifetimeBeyondSense: a token with a lifetime that time.Duration cannot hold is used as any other.
func TestLifetimeBeyondSense(t *testing.T) {
	tokens := 0
	client := connectInside(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isToken(r) {
			tokens++
			_, _ = w.Write([]byte(`{"accessToken":"t","expiresIn":1e300}`))
			return
		}
		_, _ = w.Write([]byte(`{"blueprint":{"identifier":"event"}}`))
	}))
	for range 3 {
		if _, err := client.Blueprint(t.Context(), "event"); err != nil {
			t.Fatal(err)
		}
	}
	if tokens != 1 {
		t.Errorf("%d tokens were asked for, want 1", tokens)
	}
}

func assertAnswered(t *testing.T, status int, err error) {
	t.Helper()
	if err == nil {
		if status > 299 {
			t.Errorf("no error for status %d", status)
		}
		return
	}
	apiError := (*port.APIError)(nil)
	if status > 299 && !errors.As(err, &apiError) {
		t.Errorf("error %v is no *APIError", err)
	}
	if text := err.Error(); strings.Contains(text, secret) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		t.Errorf("error %q is not one printable line without the secret", text)
	}
}
