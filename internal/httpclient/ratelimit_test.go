package httpclient

import (
	"net/http"
	"testing"
	"time"
)

func rateLimitHeader(limit, remaining, period, reset, date string) http.Header {
	header := http.Header{}
	for name, value := range map[string]string{
		"X-Ratelimit-Limit": limit, "X-Ratelimit-Remaining": remaining, "X-Ratelimit-Period": period, "X-Ratelimit-Reset": reset, "Date": date,
	} {
		if value != "" {
			header.Set(name, value)
		}
	}
	return header
}

func TestParseRateLimit(t *testing.T) {
	now := time.Date(2026, 11, 22, 22, 0, 0, 500_000_000, time.UTC) // 1795384800.5
	for name, test := range map[string]struct {
		header http.Header
		want   rateLimit
	}{
		"nothing":          {http.Header{}, rateLimit{remaining: -1, reset: -1}},
		"seconds":          {rateLimitHeader("35000", "34000", "300", "17", ""), rateLimit{requests: 35000, remaining: 34000, period: 5 * time.Minute, reset: 17 * time.Second}},
		"epoch":            {rateLimitHeader("35000", "0", "300", "1795384810", ""), rateLimit{requests: 35000, period: 5 * time.Minute, reset: 9500 * time.Millisecond}},
		"10,000":           {rateLimitHeader("", "", "3600", "10000", ""), rateLimit{remaining: -1, period: time.Hour, reset: time.Hour}},
		"epoch passed":     {rateLimitHeader("", "", "60", "10001", ""), rateLimit{remaining: -1, period: time.Minute}},
		"another clock":    {rateLimitHeader("", "5", "60", "1795388410", "Sun, 22 Nov 2026 23:00:00 GMT"), rateLimit{remaining: 5, period: time.Minute, reset: 10 * time.Second}},
		"beyond a period":  {rateLimitHeader("10", "5", "60", "500", ""), rateLimit{requests: 10, remaining: 5, period: time.Minute, reset: time.Minute}},
		"no period":        {rateLimitHeader("10", "5", "", "9999", ""), rateLimit{requests: 10, remaining: 5, reset: 2 * time.Minute}},
		"decimals, spaces": {rateLimitHeader(" 10 ", "5", "0.25", "0.1", ""), rateLimit{requests: 10, remaining: 5, period: 250 * time.Millisecond, reset: 100 * time.Millisecond}},
		"zeros":            {rateLimitHeader("0", "0", "0", "0", ""), rateLimit{}},
		"negative":         {rateLimitHeader("-1", "-1", "-1", "-1", ""), rateLimit{remaining: -1, reset: -1}},
		"huge":             {rateLimitHeader("1e300", "1e300", "1e300", "1e300", ""), rateLimit{remaining: -1, reset: 2 * time.Minute}},
		"garbage":          {rateLimitHeader("many", "NaN", "a minute", "soon", ""), rateLimit{remaining: -1, reset: -1}},
	} {
		if got := parseRateLimit(test.header, now); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

func FuzzParseRateLimit(f *testing.F) {
	f.Add("35000", "34000", "300", "17", "")
	f.Add("1", "0", "0.001", "1795384810", "Sun, 22 Nov 2026 23:00:00 GMT")
	f.Add("1e300", "-1", "Inf", "NaN", "soon")
	f.Fuzz(func(t *testing.T, limit, remaining, period, reset, date string) {
		got := parseRateLimit(rateLimitHeader(limit, remaining, period, reset, date), time.Unix(1795384800, 0))
		if got.requests < 0 || got.period < 0 || got.period > time.Hour || got.remaining < -1 || got.reset < -1 || got.reset > time.Hour {
			t.Errorf("%+v", got)
		}
	})
}

func retryAfterOf(value string, now time.Time) (time.Duration, bool) {
	return retryAfter(answer(503, "", "Retry-After", value), now)
}

func TestRetryAfterHeader(t *testing.T) {
	now := time.Date(2026, 11, 22, 22, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"0": 0, " 12 ": 12 * time.Second, "1.5": 1500 * time.Millisecond, "1e300": 2 * time.Minute,
		"Sun, 22 Nov 2026 22:01:00 GMT": time.Minute, "Sun, 22 Nov 2026 21:00:00 GMT": 0,
	} {
		if got, ok := retryAfterOf(value, now); !ok || got != want {
			t.Errorf("%q: %v %v, want %v", value, got, ok, want)
		}
	}
	for _, value := range []string{"", "-1", "NaN", "soon", "2026-11-22"} {
		if got, ok := retryAfterOf(value, now); ok {
			t.Errorf("%q: %v, want none", value, got)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"7200", "Sun, 22 Nov 2026 22:01:00 GMT", "-0", "1e999", "Inf"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if wait, _ := retryAfterOf(value, time.Unix(0, 0)); wait < 0 {
			t.Errorf("%q: negative wait %v", value, wait)
		}
	})
}
