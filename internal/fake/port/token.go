package port

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// tokens hands out one token at a time: asking again returns the same one, older, until it expires or is
// revoked. It is safe for concurrent use.
type tokens struct {
	lifetime time.Duration
	now      func() time.Time
	mu       sync.Mutex
	issued   int
	current  string
	expires  time.Time
}

// issue returns the valid token and the whole seconds that are left of its life.
func (t *tokens) issue() (token string, seconds int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	left := t.expires.Sub(t.now())
	if t.current == "" || left < time.Second {
		t.issued++
		t.current = fmt.Sprintf("fakeport.token.%d", t.issued)
		t.expires = t.now().Add(t.lifetime)
		left = t.lifetime
	}
	return t.current, int(left / time.Second)
}

func (t *tokens) revoke() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.current = ""
}

// check describes what is wrong with a request's Authorization.
func (t *tokens) check(r *http.Request) *failure {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		return unauthorized("No bearer token was given")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current == "" || subtle.ConstantTimeCompare([]byte(token), []byte(t.current)) != 1 {
		return unauthorized("The access token is not valid")
	}
	if !t.now().Before(t.expires) {
		return unauthorized("The access token has expired")
	}
	return nil
}

func (s *Server) createToken(c call) (int, any, *failure) {
	body := c.object()
	if body["clientId"] != s.options.ClientID || body["clientSecret"] != s.options.ClientSecret {
		return 0, nil, &failure{http.StatusUnauthorized, "invalid_credentials", "The client id or the client secret is wrong"}
	}
	token, seconds := s.tokens.issue()
	return http.StatusOK, map[string]any{
		"ok": true, "accessToken": token, "expiresIn": seconds, "tokenType": "Bearer",
	}, nil
}
