package port

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"
)

// token is the one that is valid: asking again returns the same one, older, until it expires or is revoked.
type token struct {
	issued  int
	current string // empty: none
	expires time.Time
}

func (s *Server) createToken(c call) (map[string]any, error) {
	if c.body["clientId"] != s.options.ClientID || c.body["clientSecret"] != s.options.ClientSecret {
		return nil, &failure{http.StatusUnauthorized, "invalid_credentials", "The client id or the client secret is wrong"}
	}
	now := s.options.Now()
	if s.token.current == "" || s.token.expires.Sub(now) < time.Second {
		s.token.issued++
		s.token.current = fmt.Sprintf("fakeport.token.%d", s.token.issued)
		s.token.expires = now.Add(s.options.TokenLifetime)
	}
	return map[string]any{
		"ok": true, "accessToken": s.token.current, "expiresIn": int(s.token.expires.Sub(now) / time.Second), "tokenType": "Bearer",
	}, nil
}

// authorize refuses a request of a kind for its Authorization.
func (s *Server) authorize(kind Kind, authorization string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	isCurrent := s.token.current != "" && authorization == "Bearer "+s.token.current && s.options.Now().Before(s.token.expires)
	if kind == Token || isCurrent {
		return nil
	}
	return &failure{http.StatusUnauthorized, "unauthorized", "The access token is missing, not valid or expired"}
}

// RevokeTokens makes every token that was handed out invalid.
func (s *Server) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token.current = ""
}

// RateLimit is the organization's limit. The zero value limits nothing and sends no headers.
// Windows are fixed: the first request after the end of one opens the next.
type RateLimit struct {
	Requests     int           // allowed in each Period
	Period       time.Duration // 0: a minute
	ResetAsEpoch bool          // x-ratelimit-reset as epoch seconds instead of seconds to wait: sources differ
}

// window is the current one of a RateLimit.
type window struct {
	used int
	end  time.Time
}

// admit counts a request, sets the headers, and reports whether the limit lets it pass.
func (s *Server) admit(header http.Header) bool {
	limit := s.options.RateLimit
	if limit.Requests == 0 {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Now()
	if !now.Before(s.window.end) {
		s.window = window{end: now.Add(limit.Period)}
	}
	s.window.used++
	reset := s.window.end.Sub(now).Seconds()
	if limit.ResetAsEpoch {
		reset = float64(s.window.end.UnixMilli()) / 1000
	}
	header.Set("X-Ratelimit-Limit", strconv.Itoa(limit.Requests))
	header.Set("X-Ratelimit-Remaining", strconv.Itoa(max(0, limit.Requests-s.window.used)))
	header.Set("X-Ratelimit-Period", strconv.FormatFloat(limit.Period.Seconds(), 'f', -1, 64))
	header.Set("X-Ratelimit-Reset", strconv.FormatInt(int64(math.Ceil(reset)), 10))
	return s.window.used <= limit.Requests
}
