package httpclient

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// work has 32 workers send requests, one after the other, for so long.
func work(t *testing.T, client *Client, class string, long time.Duration) {
	t.Helper()
	request, end := get(t, "/x"), time.Now().Add(long)
	request.Class = class
	var workers sync.WaitGroup
	for range 32 {
		workers.Go(func() {
			for time.Now().Before(end) {
				if _, failure := client.Do(t.Context(), request); failure != nil {
					t.Error(failure)
					return
				}
			}
		})
	}
	workers.Wait()
}

func sendAll(t *testing.T, client *Client, requests int) {
	t.Helper()
	var all sync.WaitGroup
	for range requests {
		all.Go(func() {
			if _, failure := client.Do(t.Context(), get(t, "/x")); failure != nil {
				t.Error(failure)
			}
		})
	}
	all.Wait()
}

func checkNoneRefused(t *testing.T, server *limitedServer) {
	t.Helper()
	if server.refused > 0 {
		t.Errorf("%d answers 429, want 0", server.refused)
	}
}

// TestWindowsAreUsedWhole: wherever windows begin and however resets are shown, there is no 429, no more than the share
// in any window, and at least 95 % of it in each.
func TestWindowsAreUsedWhole(t *testing.T) {
	const periods = 4
	for _, limit := range []struct {
		requests int
		period   time.Duration
	}{{60, 6 * time.Second}, {250, 5 * time.Second}} {
		for _, phase := range []float64{0.1, 0.5, 0.99} {
			for _, headers := range []headers{
				{}, {floor: true}, {epoch: true}, {epoch: true, clockAhead: time.Hour}, {epoch: true, clockAhead: -time.Hour},
				{onlyEvery: 3},
			} {
				for _, share := range []float64{0.4, 0.8, 1} {
					name := fmt.Sprintf("%d in %s from %v on, %+v, share %v", limit.requests, limit.period, phase, headers, share)
					t.Run(name, func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							start := time.Now().Add(time.Duration(phase * float64(limit.period))) // of the second window
							server := newServer(&fixedWindow{limit: limit.requests, period: limit.period, end: start}, limit.requests, limit.period)
							server.headers = headers
							client := newClient(t, Options{Concurrency: 32, Share: share, Network: server})
							work(t, client, "", time.Until(start)+periods*limit.period)
							checkNoneRefused(t, server)
							allowed, used := share*float64(limit.requests), 0.95
							if headers.onlyEvery > 0 {
								used = 0.9
							}
							for window := range periods {
								from := start.Add(time.Duration(window) * limit.period)
								sent := float64(server.between(from, from.Add(limit.period)))
								if sent > allowed || sent < used*min(allowed, 0.97*float64(limit.requests)) {
									t.Errorf("%v requests in window %d, want at most %v and at least %v of that", sent, window, allowed, used)
								}
							}
						})
					})
				}
			}
		}
	}
}

// TestOtherCounters: a server that does not count in fixed windows answers no 429 either, and is not left unused.
func TestOtherCounters(t *testing.T) {
	const requests, period, periods = 1000, time.Minute, 4
	for name, newCounter := range map[string]func() counter{
		"window on demand":             func() counter { return &fixedWindow{limit: requests, period: period, onDemand: true} },
		"sliding window, reset of one": func() counter { return &slidingWindow{limit: requests, period: period} },
		"sliding window, reset of all": func() counter { return &slidingWindow{limit: requests, period: period, whole: true} },
		"token bucket":                 func() counter { return &tokenBucket{limit: requests, period: period} },
	} {
		for _, share := range []float64{0.8, 1} {
			t.Run(fmt.Sprintf("%s, share %v", name, share), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					server, start := newServer(newCounter(), requests, period), time.Now()
					client := newClient(t, Options{Concurrency: 32, Share: share, Network: server})
					work(t, client, "", periods*period)
					checkNoneRefused(t, server)
					sent, want := server.between(start, start.Add(periods*period)), int(0.9*share*requests*periods)
					if sent < want {
						t.Errorf("%d requests, want at least %d", sent, want)
					}
				})
			})
		}
	}
}

// TestTwoClients share a limit, each with 40 % of it.
func TestTwoClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const requests, period, periods = 1000, time.Minute, 4
		start := time.Now().Add(period / 3)
		server := newServer(&fixedWindow{limit: requests, period: period, end: start}, requests, period)
		var clients sync.WaitGroup
		for range 2 {
			clients.Go(func() {
				work(t, newClient(t, Options{Concurrency: 32, Share: 0.4, Network: server}), "", period/3+periods*period)
			})
		}
		clients.Wait()
		checkNoneRefused(t, server)
		for window := range periods {
			from := start.Add(time.Duration(window) * period)
			if sent := server.between(from, from.Add(period)); sent > 800 || sent < 760 {
				t.Errorf("%d requests in window %d, want 760 to 800", sent, window)
			}
		}
	})
}

// TestOthersUseTheLimit: whatever others use, we get no 429 and use what they leave, but for the reserve.
func TestOthersUseTheLimit(t *testing.T) {
	const requests, period, periods = 1000, time.Minute, 5
	for _, others := range []int{150, 300, 700} {
		for _, share := range []float64{0.2, 0.5, 0.8} {
			t.Run(fmt.Sprintf("others %d, share %v", others, share), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					start := time.Now().Add(period)
					server := newServer(&fixedWindow{limit: requests, period: period, end: start}, requests, period)
					client := newClient(t, Options{Concurrency: 32, Share: share, Network: server})
					go server.others(others, periods)
					work(t, client, "", periods*period)
					checkNoneRefused(t, server)
					if left := requests - int(share*requests); others <= left && server.denied > 0 {
						t.Errorf("%d requests of others refused, want 0", server.denied)
					}
					want := 0.95 * share * requests * (periods - 1)
					if sent := float64(server.between(start, start.Add((periods-1)*period))); sent < want {
						t.Errorf("%v requests, want at least %v", sent, want)
					}
				})
			})
		}
	}
}

// TestWhatOthersUsedBefore: others used 70 %, and 3 % are left alone, so we use 27 %.
func TestWhatOthersUsedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const requests, period = 1000, time.Minute
		end := time.Now().Add(period)
		server := newServer(&fixedWindow{limit: requests, period: period, end: end, used: 700}, requests, period)
		work(t, newClient(t, Options{Concurrency: 32, Share: 0.8, Network: server}), "", period)
		checkNoneRefused(t, server)
		if sent := server.between(time.Time{}, end); sent > 270 || sent < 265 {
			t.Errorf("%d requests, want 265 to 270", sent)
		}
	})
}

// TestLimitSmallerThanTheRun: the whole share of each window is used, and the rest of the run waits for the next.
func TestLimitSmallerThanTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const requests, period, all = 250, 5 * time.Second, 1200
		start := time.Now().Add(2 * time.Second)
		server := newServer(&fixedWindow{limit: requests, period: period, end: start}, requests, period)
		client := newClient(t, Options{Concurrency: 32, Network: server})
		sendAll(t, client, all)
		checkNoneRefused(t, server)
		if len(server.accepted) != all {
			t.Errorf("%d requests answered, want %d", len(server.accepted), all)
		}
		// 242 in each window: the first, which ends after 2 s, three whole ones, and the rest
		if took := time.Since(start); took > 4*period {
			t.Errorf("took %v from the second window on, want less than four periods", took)
		}
	})
}

// TestNothingRemains: others have used the limit up, so nothing is sent until the reset.
func TestNothingRemains(t *testing.T) {
	for _, header := range [][]string{
		{"X-Ratelimit-Limit", "100", "X-Ratelimit-Period", "60"},
		{"X-Ratelimit-Limit", "100"},
		{},
	} {
		synctest.Test(t, func(t *testing.T) {
			started := time.Now()
			var sent []time.Duration
			client := newClient(t, Options{
				Network: network(func(*http.Request) (*http.Response, error) {
					sent = append(sent, time.Since(started))
					return answer(200, `{}`, append(header, "X-Ratelimit-Remaining", "0", "X-Ratelimit-Reset", "30")...), nil
				}),
			})
			for range 3 {
				if _, failure := client.Do(t.Context(), get(t, "/x")); failure != nil {
					t.Fatal(failure)
				}
			}
			for i, at := range sent {
				if earliest := time.Duration(i) * 30 * time.Second; at < earliest || at > earliest+time.Duration(i)*time.Second {
					t.Errorf("headers %v: request %d sent after %v, want %v", header, i, at, earliest)
				}
			}
		})
	}
}

// TestAfterTheResetOneRequestAsks: what others have used of a window shows in the first answer.
func TestAfterTheResetOneRequestAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var underWay, most atomic.Int64
		client := newClient(t, Options{
			Concurrency: 32,
			Network: network(func(*http.Request) (*http.Response, error) {
				most.Store(max(most.Load(), underWay.Add(1)))
				defer underWay.Add(-1)
				time.Sleep(time.Second)
				return answer(200, `{}`, limitOf(6000, 0, 60)...), nil
			}),
		})
		work(t, client, "", 3*time.Minute)
		if most.Load() != 1 {
			t.Errorf("%d requests under way at once, want 1", most.Load())
		}
	})
}

// TestNoLimitShown: without plausible headers the whole concurrency is used, and nobody waits.
func TestNoLimitShown(t *testing.T) {
	for _, header := range [][]string{
		{},
		{"X-Ratelimit-Limit", "0", "X-Ratelimit-Period", "60", "X-Ratelimit-Remaining", "-1"},
		{"X-Ratelimit-Limit", "-5", "X-Ratelimit-Period", "60", "X-Ratelimit-Reset", "-60"},
		{"X-Ratelimit-Limit", "10", "X-Ratelimit-Period", "0", "X-Ratelimit-Remaining", "NaN"},
		{"X-Ratelimit-Limit", "1e300", "X-Ratelimit-Period", "1e300", "X-Ratelimit-Remaining", "1e300", "X-Ratelimit-Reset", "1e300"},
	} {
		synctest.Test(t, func(t *testing.T) {
			sent := new(atomic.Int64)
			client := newClient(t, Options{Concurrency: 32, Network: network(func(*http.Request) (*http.Response, error) {
				sent.Add(1)
				time.Sleep(time.Second)
				return answer(200, `{}`, header...), nil
			})})
			work(t, client, "", 10*time.Second)
			if sent.Load() < 9*32 || client.Counts().WaitedSeconds != 0 {
				t.Errorf("headers %v: %d requests, waited %v s, want ten rounds of 32 without waits", header, sent.Load(), client.Counts().WaitedSeconds)
			}
			if wait, known := client.EstimateWait("", 1000); known {
				t.Errorf("headers %v: estimate %v, want none", header, wait)
			}
		})
	}
}

// byClass sends the requests of each class to a server of its own.
type byClass map[string]http.RoundTripper

func (b byClass) RoundTrip(r *http.Request) (*http.Response, error) {
	return b[r.URL.Path].RoundTrip(r)
}

// TestClassesHaveTheirOwnBudget: a low limit of one class does not delay another one.
func TestClassesHaveTheirOwnBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const period = time.Minute
		start := time.Now().Add(period)
		low := newServer(&fixedWindow{limit: 60, period: period, end: start}, 60, period)
		high := newServer(&fixedWindow{limit: 6000, period: period, end: start}, 6000, period)
		client := newClient(t, Options{Concurrency: 64, Network: byClass{"/low": low, "/high": high}})
		var both sync.WaitGroup
		for _, class := range []string{"low", "high"} {
			for range 32 {
				both.Go(func() {
					request := get(t, "/"+class)
					request.Class = class
					for time.Now().Before(start.Add(period)) {
						if _, failure := client.Do(t.Context(), request); failure != nil {
							t.Error(failure)
						}
					}
				})
			}
		}
		both.Wait()
		checkNoneRefused(t, low)
		checkNoneRefused(t, high)
		for server, want := range map[*limitedServer]int{low: 58, high: 5820} {
			if sent := server.between(start, start.Add(period)); sent < want-2 || sent > want {
				t.Errorf("%d requests in a window of %d, want %d", sent, server.limit, want)
			}
		}
		if _, known := client.EstimateWait("other", 1); known {
			t.Error("an estimate for a class without an answer")
		}
	})
}

// TestClassesShareALimit: classes with the same limit may be counted together.
func TestClassesShareALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const requests, period = 600, time.Minute
		start := time.Now().Add(period)
		server := newServer(&fixedWindow{limit: requests, period: period, end: start}, requests, period)
		client := newClient(t, Options{Concurrency: 32, Share: 0.5, Network: server})
		var both sync.WaitGroup
		both.Go(func() { work(t, client, "one", 3*period) })
		both.Go(func() { work(t, client, "two", 3*period) })
		both.Wait()
		checkNoneRefused(t, server)
		for window := range 2 {
			from := start.Add(time.Duration(window) * period)
			if sent := server.between(from, from.Add(period)); sent < 285 || sent > 300 {
				t.Errorf("%d requests in window %d, want 285 to 300", sent, window)
			}
		}
	})
}

// TestRetryAfterHoldsTheClass: one answer asks to wait, and all requests of its class do, for at most two minutes and
// not twice. Other classes go on.
func TestRetryAfterHoldsTheClass(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"7": 7 * time.Second, "7200": 2 * time.Minute,
		"Sat, 01 Jan 2000 00:00:30 GMT": 30 * time.Second, // synctest's clock starts at that midnight
	} {
		for _, status := range []int{429, 503, 200} {
			synctest.Test(t, func(t *testing.T) {
				started, first := time.Now(), true
				var mu sync.Mutex
				sent := map[string][]time.Duration{}
				client := newClient(t, Options{Concurrency: 8, Network: network(func(r *http.Request) (*http.Response, error) {
					mu.Lock()
					defer mu.Unlock()
					sent[r.URL.Path] = append(sent[r.URL.Path], time.Since(started))
					if first && r.URL.Path == "/held" {
						first = false
						return answer(status, `{}`, "Retry-After", value), nil
					}
					return answer(200, `{}`), nil
				})})
				held, free := get(t, "/held"), get(t, "/free")
				held.Class, free.Class = "held", "free"
				do := func(r Request) {
					if _, failure := client.Do(t.Context(), r); failure != nil {
						t.Error(failure)
					}
				}
				go do(held)
				synctest.Wait()
				for range 5 {
					go do(held)
				}
				do(free)
				synctest.Wait()
				if until := client.Counts().WaitsUntil; !until.Equal(started.Add(want)) {
					t.Errorf("%d, Retry-After %s: waits until %v, want %v", status, value, until.Sub(started), want)
				}
				time.Sleep(time.Hour)
				if counts := client.Counts(); !counts.WaitsUntil.IsZero() || counts.WaitedSeconds < want.Seconds() {
					t.Errorf("%d, Retry-After %s: counts %+v, want no wait and at least %v waited", status, value, counts, want)
				}
				for i, at := range sent["/held"][1:] {
					if at < want || at > want+time.Millisecond {
						t.Errorf("%d, Retry-After %s: request %d sent after %v, want %v", status, value, i+2, at, want)
					}
				}
				if len(sent["/free"]) != 1 || sent["/free"][0] != 0 {
					t.Errorf("%d, Retry-After %s: another class sent after %v, want at once", status, value, sent["/free"])
				}
			})
		}
	}
}

// TestServerThatKeepsAskingToWait: requests that queue behind the retries of others fail with our patience. A server
// that answers now and then may ask for as long as it likes.
func TestServerThatKeepsAskingToWait(t *testing.T) {
	for name, test := range map[string]struct {
		header []string
		every  int // every so manieth request is answered; 0: none
	}{
		"hours":           {header: []string{"Retry-After", "7200"}},
		"a minute":        {header: []string{"Retry-After", "60"}},
		"until a reset":   {header: []string{"X-Ratelimit-Reset", "60"}},
		"nothing remains": {header: limitOf(100, 0, 60)},
		"now and then":    {header: []string{"Retry-After", "60"}, every: 4},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sent := 0
				client := newClient(t, Options{Network: network(func(*http.Request) (*http.Response, error) {
					if sent++; test.every > 0 && sent%test.every == 0 {
						return answer(200, `{}`), nil
					}
					return answer(429, `{}`, test.header...), nil
				})})
				started := time.Now()
				var failed, exceeded atomic.Int64
				var requests sync.WaitGroup
				for range 40 {
					requests.Go(func() {
						_, failure := client.Do(t.Context(), get(t, "/x"))
						if failure == nil {
							return
						}
						failed.Add(1)
						if errors.Is(failure, ErrRetryAfterExceeded) {
							exceeded.Add(1)
						}
					})
				}
				requests.Wait()
				took := time.Since(started)
				switch {
				case test.every > 0 && (exceeded.Load() > 0 || took < 2*patience):
					t.Errorf("%d requests were not sent, took %s; want all sent, however long it takes", exceeded.Load(), took)
				case test.every == 0 && (failed.Load() != 40 || exceeded.Load() < 39 || took > 2*patience+time.Minute):
					t.Errorf("%d failed, %d of them not sent, in %s; want 40 and at least 39", failed.Load(), exceeded.Load(), took)
				}
			})
		})
	}
}
