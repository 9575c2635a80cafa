package backfill_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
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
	delay := &delayed{shortest: latency, longest: latency}
	bench := newBenchOver(b, func(rt http.RoundTripper) http.RoundTripper { delay.next = rt; return network(delay) }, recorded(b, "github.acme.json"))
	took := bench.timed(b)
	if got := bench.port.Count(history); got != 1505 {
		b.Fatalf("%d rows of history", got)
	}
	return took
}

func (b *bench) timed(t testing.TB) time.Duration {
	started := time.Now()
	b.run(t)
	return time.Since(started)
}

// BenchmarkThousandRepositories brings in 1,000 repositories with 60 to 80 ms of latency on both sides, and a small
// share of them one request after the other with one entity a request, as the script of Port's guide does; the
// latter's time is scaled up.
func BenchmarkThousandRepositories(b *testing.B) {
	const repositories, share = 1000, 50
	for name, commits := range map[string]int{"CurrentState": 1, "TwentyCommits": 20} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				concurrent := synthetic(b, repositories, commits).timed(b)
				sequential := share * oneEntityAtATime(b, repositories/share, commits)
				b.ReportMetric(concurrent.Seconds(), "s-concurrent")
				b.ReportMetric(sequential.Seconds(), "s-one-by-one-scaled")
				b.ReportMetric(sequential.Seconds()/concurrent.Seconds(), "times-faster")
			}
		})
	}
}

func synthetic(b *testing.B, repositories, commits int) *bench {
	account := fakecodecov.Synthetic(fakecodecov.SyntheticOptions{Owner: "acme", Repositories: repositories, CommitsPerRepository: commits})
	bench := newBenchOver(b, func(rt http.RoundTripper) http.RoundTripper {
		return &delayed{next: rt, shortest: 60 * time.Millisecond, longest: 80 * time.Millisecond}
	}, account)
	bench.options.Yes = true
	if commits == 1 {
		bench.options.Selection.NoHistory = true
	}
	return bench
}

// oneEntityAtATime reads each repository and writes each entity by itself, a request after the other.
func oneEntityAtATime(b *testing.B, repositories, commits int) time.Duration {
	bench := synthetic(b, repositories, commits)
	if _, err := bench.options.Port.CreateBlueprints(b.Context(), mapper.BuiltinBlueprints()); err != nil {
		b.Fatal(err)
	}
	started := time.Now()
	for repository, err := range bench.options.Codecov.Repositories(b.Context(), "acme", codecov.RepositoriesOptions{}) {
		if err != nil {
			b.Fatal(err)
		}
		bench.oneRepository(b, repository)
	}
	return time.Since(started)
}

func (b *bench) oneRepository(t *testing.B, repository codecov.Repository) {
	account := mapper.Account{Service: codecov.GitHub, Owner: "acme", AppURL: b.options.AppURL}
	seen := make(map[string]bool)
	take := func(blueprint, identifier string) bool {
		name := blueprint + identifier
		defer func() { seen[name] = true }()
		return !seen[name]
	}
	for commit, err := range b.options.Codecov.Commits(t.Context(), "acme", repository.Name, codecov.CommitsOptions{Branch: repository.Branch}) {
		if err != nil {
			t.Fatal(err)
		}
		mapped, err := b.options.Mapping.Map(t.Context(), mapper.Payload(account, repository, &commit), take)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range mapped.Entities {
			var batch port.Batch
			if err := batch.Add(m.Entity); err != nil {
				t.Fatal(err)
			}
			if _, err := b.options.Port.UpsertBatch(t.Context(), m.Blueprint, &batch, port.UpsertOptions{CreateMissingRelated: true}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// BenchmarkWholeRun syncs accounts over 60 to 80 ms of latency on both sides, with a rate limit of Port's: once, and again with nothing
// to write.
func BenchmarkWholeRun(b *testing.B) {
	for _, size := range []struct {
		repositories, commits, limit int
		yes                          bool
	}{{300, 60, 35000, true}, {100, 200, 35000, true}, {100, 200, 15000, true}, {1, 20000, 35000, true}, {60, 200, 35000, true}, {60, 200, 35000, false}} {
		b.Run(fmt.Sprintf("%dx%d-limit-%d-yes-%t", size.repositories, size.commits, size.limit, size.yes), func(b *testing.B) {
			for b.Loop() {
				account := fakecodecov.Synthetic(fakecodecov.SyntheticOptions{Owner: "acme", Repositories: size.repositories, CommitsPerRepository: size.commits})
				bench := newBench(b, account)
				bench.port = fakeport.New(fakeport.Options{RateLimit: fakeport.RateLimit{Requests: size.limit, Period: 5 * time.Minute}})
				bench.connect(b, account, func(rt http.RoundTripper) http.RoundTripper {
					return &delayed{next: rt, shortest: 60 * time.Millisecond, longest: 80 * time.Millisecond}
				})
				bench.mapping(b, mapper.BuiltinMapping())
				bench.options.Yes, bench.options.MaxEntities = size.yes, 40000
				b.ReportMetric(bench.timed(b).Seconds(), "s-first")
				b.ReportMetric(bench.timed(b).Seconds(), "s-again")
			}
		})
	}
}

// BenchmarkPipeline brings in 20,000 commits without latency; the figure counts the emulators in.
func BenchmarkPipeline(b *testing.B) {
	const repositories, commits = 100, 200
	for b.Loop() {
		account := fakecodecov.Synthetic(fakecodecov.SyntheticOptions{Owner: "acme", Repositories: repositories, CommitsPerRepository: commits})
		bench := newBench(b, account)
		bench.options.Yes = true
		bench.run(b)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*repositories*(commits+1)), "ns/entity")
}

// delayed puts a latency before each request.
type delayed struct {
	next              http.RoundTripper
	shortest, longest time.Duration
}

func (d *delayed) RoundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(d.shortest + rand.N(d.longest-d.shortest+1))
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
