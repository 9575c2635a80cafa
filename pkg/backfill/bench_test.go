package backfill_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/codecov-port/codecov-port/pkg/backfill"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

const latency = 50 * time.Millisecond

// BenchmarkLatency brings the recorded account in over connections with 50 ms of latency on both sides, as the
// pipeline does it and with one request after the other, and prints both.
func BenchmarkLatency(b *testing.B) {
	for b.Loop() {
		concurrent := timed(b, func(rt http.RoundTripper) http.RoundTripper { return rt })
		sequential := timed(b, func(rt http.RoundTripper) http.RoundTripper { return &oneByOne{next: rt} })
		b.ReportMetric(concurrent.Seconds(), "s-concurrent")
		b.ReportMetric(sequential.Seconds(), "s-sequential")
		b.ReportMetric(sequential.Seconds()/concurrent.Seconds(), "times-faster")
	}
}

func timed(b *testing.B, network func(http.RoundTripper) http.RoundTripper) time.Duration {
	bench := newBenchOver(b, func(rt http.RoundTripper) http.RoundTripper { return network(&delayed{next: rt}) }, recorded(b, "github.acme.json"))
	bench.mapping(b, mapper.BuiltinMapping())
	started := time.Now()
	if _, err := backfill.Run(b.Context(), bench.options); err != nil {
		b.Fatal(err)
	}
	took := time.Since(started)
	if got := bench.port.Count(history); got != 1505 {
		b.Fatalf("%d rows of history", got)
	}
	return took
}

// delayed puts the latency before each request.
type delayed struct{ next http.RoundTripper }

func (d *delayed) RoundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(latency)
	return d.next.RoundTrip(r)
}

// oneByOne lets one request be under way at a time, on both sides together.
type oneByOne struct {
	mu   sync.Mutex
	next http.RoundTripper
}

func (o *oneByOne) RoundTrip(r *http.Request) (*http.Response, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.next.RoundTrip(r)
}
