package codecov_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// BenchmarkManyLists reads 64 lists of 5,000 commits at the same time. It reports what is in memory while all of them
// wait in the middle of a page, and the most that is in memory while they read. A consumer takes 20 µs a commit.
func BenchmarkManyLists(b *testing.B) {
	const lists, commits = 64, 5000
	account, name := synthetic(commits)
	server := fakecodecov.New(fakecodecov.Options{Accounts: []fakecodecov.Account{account}, Tokens: map[string]fakecodecov.Access{seesAll: {}}})
	var pages sync.Map // bodies by query, so that the server needs no memory of its own
	client := newClient(b, codecov.Options{Token: seesAll, Transport: network(func(r *http.Request) (*http.Response, error) {
		page, ok := pages.Load(r.URL.RawQuery)
		if !ok {
			recorder := httptest.NewRecorder()
			server.ServeHTTP(recorder, r)
			page, _ = pages.LoadOrStore(r.URL.RawQuery, recorder.Body.String())
		}
		time.Sleep(5 * time.Millisecond)
		resp := answer(http.StatusOK, nil, page.(string))
		resp.ContentLength = -1 // as of a compressed answer
		return resp, nil
	})})
	readAll := func(at int, wait func()) {
		var readers sync.WaitGroup
		for range lists {
			readers.Go(func() {
				rows := 0
				for commit, err := range client.Commits(b.Context(), "synthetic", name, codecov.CommitsOptions{}) {
					if err != nil {
						b.Error(err)
						return
					}
					if rows++; rows == at {
						wait()
					}
					for until := time.Now().Add(20 * time.Microsecond); time.Now().Before(until); {
						runtime.KeepAlive(commit)
					}
				}
				if rows != commits {
					b.Errorf("%d rows", rows)
				}
			})
		}
		readers.Wait()
	}
	heap := func() float64 {
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return float64(stats.HeapAlloc) / (1 << 20)
	}
	readAll(0, nil)
	runtime.GC()
	before, held, most := heap(), 0.0, 0.0
	for b.Loop() {
		var waiting atomic.Int64
		release := make(chan struct{})
		go func() {
			for waiting.Load() < lists {
				time.Sleep(time.Millisecond)
			}
			time.Sleep(100 * time.Millisecond) // pages that are read ahead arrive
			runtime.GC()
			held = max(held, heap()-before)
			close(release)
		}()
		readAll(600, func() { waiting.Add(1); <-release })

		done := make(chan struct{})
		var sampler sync.WaitGroup
		sampler.Go(func() {
			for {
				select {
				case <-done:
					return
				case <-time.After(5 * time.Millisecond):
					most = max(most, heap()-before)
				}
			}
		})
		readAll(0, nil)
		close(done)
		sampler.Wait()
	}
	b.ReportMetric(held, "MiB-held")
	b.ReportMetric(most, "MiB-most")
	size := 0
	pages.Range(func(key, page any) bool {
		if strings.Contains(fmt.Sprint(key), "page=1&") {
			size = len(page.(string))
		}
		return true
	})
	b.ReportMetric(float64(size)/1024, "KiB/page")
}
