package httpclient

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

const oddSecret = `p/w+"1<2>&3=% x`

func TestSecretsInEveryForm(t *testing.T) {
	secrets := NewSecrets(oddSecret, "")
	secrets.Add("a-token-that-came-later")
	quoted, err := json.Marshal(map[string]string{"text": oddSecret, "sent": `{"clientSecret":` + fmt.Sprintf("%q", oddSecret) + `}`})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		oddSecret, "Bearer " + oddSecret + "!", url.QueryEscape(oddSecret), "/a/" + url.PathEscape(oddSecret) + "/b", string(quoted), "a-token-that-came-later",
	} {
		got := secrets.Redact(text)
		for _, part := range []string{"p/w", "p%2Fw", "came-later"} {
			if strings.Contains(got, part) || !strings.Contains(got, "[redacted]") {
				t.Errorf("%s became %s", text, got)
			}
		}
	}
}

func TestWhatIsNoSecretStays(t *testing.T) {
	const text = `{"name": "short", "n": 1}`
	for _, secrets := range []*Secrets{nil, new(Secrets), NewSecrets(""), NewSecrets("short", "1"), NewSecrets("another-secret")} {
		if got := secrets.Redact(text); got != text {
			t.Errorf("became %s", got)
		}
	}
}

func TestSecretsAreSafeForConcurrentUse(t *testing.T) {
	secrets := NewSecrets()
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() {
			secret := fmt.Sprintf("secret-number-%d", i)
			secrets.Add(secret)
			if got := secrets.Redact(secret); got != "[redacted]" {
				t.Errorf("%s became %s", secret, got)
			}
		})
	}
	all.Wait()
}

// TestAnswersComeWithoutSecrets: neither Request.Decode nor the caller sees them.
func TestAnswersComeWithoutSecrets(t *testing.T) {
	body, err := json.Marshal(map[string]string{"name": "Bearer " + oddSecret})
	if err != nil {
		t.Fatal(err)
	}
	for _, status := range []int{200, 207, 302, 404} {
		client := newClient(t, Options{Secrets: NewSecrets(oddSecret), Network: network(func(*http.Request) (*http.Response, error) {
			return answer(status, string(body), "Location", "https://elsewhere.example.com/?token="+url.QueryEscape(oddSecret)), nil
		})})
		request := get(t, "/x")
		var seen string
		request.Decode = func(body []byte) error {
			seen = string(body)
			return nil
		}
		response, _ := client.Do(t.Context(), request)
		if string(response.Body) != `{"name":"Bearer [redacted]"}` || response.Header.Get("Location") != "https://elsewhere.example.com/?token=[redacted]" {
			t.Errorf("%d: %s, %v", status, response.Body, response.Header)
		}
		if status < 300 && seen != string(response.Body) {
			t.Errorf("%d: looked at %s", status, seen)
		}
	}
}

// TestSignIn is sent without authorization, and a new token stays in the answer.
func TestSignIn(t *testing.T) {
	for status, want := range map[int]string{200: `{"accessToken":"the-token"}`, 401: `{"accessToken":"[redacted]"}`} {
		client := newClient(t, Options{
			Authorize: bearer("old"), Secrets: NewSecrets("the-token"),
			Network: network(func(r *http.Request) (*http.Response, error) {
				if header := r.Header.Get("Authorization"); header != "" {
					t.Errorf("sent with Authorization %q, want none", header)
				}
				return answer(status, `{"accessToken":"the-token"}`), nil
			}),
		})
		request := get(t, "/x")
		request.SignIn = true
		if response, _ := client.Do(t.Context(), request); string(response.Body) != want {
			t.Errorf("%d: body %s, want %s", status, response.Body, want)
		}
	}
}

// TestErrorsThatQuoteAnAnswer come without secrets, on one printable line that is not too long; what they are stays.
func TestErrorsThatQuoteAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := fmt.Errorf("malformed HTTP response \"%s\x1b[31m\n%s\": %w", oddSecret, strings.Repeat("x", 1000), io.ErrUnexpectedEOF)
		client := newClient(t, Options{Secrets: NewSecrets(oddSecret), Network: network(func(*http.Request) (*http.Response, error) {
			return nil, broken
		})})
		_, failure := client.Do(t.Context(), get(t, "/x"))
		text := failure.Error()
		if strings.Contains(text, oddSecret) || !strings.Contains(text, "[redacted]") || strings.ContainsAny(text, "\x1b\n") || len(text) > 700 {
			t.Errorf("%q", text)
		}
		if !errors.Is(failure, io.ErrUnexpectedEOF) {
			t.Errorf("%v is another error", failure)
		}
	})
}

// TestDeepNestingIsNoAnswer: decoders would go down as deep as it goes.
func TestDeepNestingIsNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, Options{Network: network(func(*http.Request) (*http.Response, error) {
			return answer(200, strings.Repeat("[", 1e6)+strings.Repeat("]", 1e6)), nil
		})})
		if _, failure := client.Do(t.Context(), get(t, "/x")); !errors.Is(failure, ErrNotJSON) {
			t.Errorf("failure %v", failure)
		}
	})
}
