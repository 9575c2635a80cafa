package httpclient_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/httpclient"
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
		want   httpclient.RateLimit
	}{
		"nothing":          {http.Header{}, httpclient.RateLimit{Remaining: -1, Reset: -1}},
		"seconds":          {rateLimitHeader("35000", "34000", "300", "17", ""), httpclient.RateLimit{Requests: 35000, Remaining: 34000, Period: 5 * time.Minute, Reset: 17 * time.Second}},
		"epoch":            {rateLimitHeader("35000", "0", "300", "1795384810", ""), httpclient.RateLimit{Requests: 35000, Period: 5 * time.Minute, Reset: 9500 * time.Millisecond}},
		"10,000":           {rateLimitHeader("", "", "3600", "10000", ""), httpclient.RateLimit{Remaining: -1, Period: time.Hour, Reset: time.Hour}},
		"epoch passed":     {rateLimitHeader("", "", "60", "10001", ""), httpclient.RateLimit{Remaining: -1, Period: time.Minute}},
		"another clock":    {rateLimitHeader("", "5", "60", "1795388410", "Sun, 22 Nov 2026 23:00:00 GMT"), httpclient.RateLimit{Remaining: 5, Period: time.Minute, Reset: 10 * time.Second}},
		"beyond a period":  {rateLimitHeader("10", "5", "60", "500", ""), httpclient.RateLimit{Requests: 10, Remaining: 5, Period: time.Minute, Reset: time.Minute}},
		"no period":        {rateLimitHeader("10", "5", "", "9999", ""), httpclient.RateLimit{Requests: 10, Remaining: 5, Reset: 2 * time.Minute}},
		"decimals, spaces": {rateLimitHeader(" 10 ", "5", "0.25", "0.1", ""), httpclient.RateLimit{Requests: 10, Remaining: 5, Period: 250 * time.Millisecond, Reset: 100 * time.Millisecond}},
		"zeros":            {rateLimitHeader("0", "0", "0", "0", ""), httpclient.RateLimit{}},
		"negative":         {rateLimitHeader("-1", "-1", "-1", "-1", ""), httpclient.RateLimit{Remaining: -1, Reset: -1}},
		"huge":             {rateLimitHeader("1e300", "1e300", "1e300", "1e300", ""), httpclient.RateLimit{Remaining: -1, Reset: 2 * time.Minute}},
		"garbage":          {rateLimitHeader("many", "NaN", "a minute", "soon", ""), httpclient.RateLimit{Remaining: -1, Reset: -1}},
	} {
		if diff := cmp.Diff(test.want, httpclient.ParseRateLimit(test.header, now)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func FuzzParseRateLimit(f *testing.F) {
	f.Add("35000", "34000", "300", "17", "")
	f.Add("1", "0", "0.001", "1795384810", "Sun, 22 Nov 2026 23:00:00 GMT")
	f.Add("1e300", "-1", "Inf", "NaN", "soon")
	f.Fuzz(func(t *testing.T, limit, remaining, period, reset, date string) {
		got := httpclient.ParseRateLimit(rateLimitHeader(limit, remaining, period, reset, date), time.Unix(1795384800, 0))
		if got.Requests < 0 || got.Period < 0 || got.Period > time.Hour || got.Remaining < -1 || got.Reset < -1 || got.Reset > time.Hour {
			t.Errorf("%+v", got)
		}
	})
}
