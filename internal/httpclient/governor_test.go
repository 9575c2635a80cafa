package httpclient_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync/atomic"

	"sync"

	"testing"
	"testing/synctest"
	"time"

	"github.com/codecov-port/codecov-port/internal/httpclient"
)

// work has 32 workers send one request after the other for so long, and waits for them.
func work(t *testing.T, client *httpclient.Client, class string, long time.Duration) {
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

// counters are the ways to count against a limit.
func counters(limit int, period time.Duration) map[string]counter {
	return map[string]counter{
		"fixed window":                      &fixedWindow{limit: limit, period: period, end: time.Now().Add(period / 3)},
		"sliding window, reset of one":      &slidingWindow{limit: limit, period: period},
		"sliding window, reset of them all": &slidingWindow{limit: limit, period: period, whole: true},
		"token bucket":                      &tokenBucket{limit: limit, period: period},
	}
}

// TestSteadyLimit: alone at the limit there is no 429, never more than the share in any period, and at least 95 % of
// the share over several.
func TestSteadyLimit(t *testing.T) {
	const periods = 4
	for _, limit := range []struct {
		requests int
		period   time.Duration
	}{{60, 6 * time.Second}, {100, 10 * time.Second}, {1000, time.Minute}} {
		for kind := range counters(1, time.Second) {
			for _, share := range []float64{0.8, 1} {
				for _, epoch := range []bool{false, true} {
					name := fmt.Sprintf("%s, %d in %s, share %v, epoch %v", kind, limit.requests, limit.period, share, epoch)
					t.Run(name, func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							server := &limitedServer{
								counter: counters(limit.requests, limit.period)[kind], limit: limit.requests, period: limit.period,
								epoch: epoch, jitter: rand.New(rand.NewPCG(1, 2)),
							}
							governor := httpclient.NewGovernor(httpclient.GovernorOptions{Concurrency: 32, Share: share})
							client := newClient(t, httpclient.Options{Limiter: governor, Network: server})
							end := time.Now().Add(periods * limit.period)
							work(t, client, "", periods*limit.period)
							allowed := share * float64(limit.requests)
							if server.refused > 0 {
								t.Errorf("%d requests refused", server.refused)
							}
							if most := server.most(); float64(most) > allowed {
								t.Errorf("%d requests in a period, want %v at the most", most, allowed)
							}
							if sent := float64(server.before(end)); sent < 0.95*allowed*periods {
								t.Errorf("%v requests in %d periods, want 95 %% of %v", sent, periods, allowed*periods)
							}
							if rate, known := governor.Rate(""); !known || rate != allowed/limit.period.Seconds() {
								t.Errorf("rate %v, %v", rate, known)
							}
						})
					})
				}
			}
		}
	}
}

// TestOthersUseTheLimit: another client uses more of the limit than we leave. Neither meets a 429, and what it does not
// use is used.
func TestOthersUseTheLimit(t *testing.T) {
	const requests, period, periods = 1000, time.Minute, 5
	for kind := range counters(1, time.Second) {
		for _, others := range []int{150, 300} {
			for _, share := range []float64{0.5, 0.8} {
				t.Run(fmt.Sprintf("%s, others %d, share %v", kind, others, share), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						server := &limitedServer{
							counter: counters(requests, period)[kind], limit: requests, period: period, jitter: rand.New(rand.NewPCG(1, 2)),
						}
						governor := httpclient.NewGovernor(httpclient.GovernorOptions{Concurrency: 32, Share: share})
						client := newClient(t, httpclient.Options{Limiter: governor, Network: server})
						go server.others(others, periods)
						end := time.Now().Add(periods * period)
						work(t, client, "", periods*period)
						if server.refused > 0 || server.denied > 0 {
							t.Errorf("%d requests refused, %d of others", server.refused, server.denied)
						}
						left := min(share*requests, float64(requests-others)) * periods
						if kind == "sliding window, reset of them all" {
							left *= 0.75 // such a reset is always a period away: nobody can tell how soon more is allowed
						}
						if sent := float64(server.before(end)); sent < 0.95*left {
							t.Errorf("%v requests, want 95 %% of %v", sent, left)
						}
					})
				})
			}
		}
	}
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
			client := newClient(t, httpclient.Options{
				Limiter: httpclient.NewGovernor(httpclient.GovernorOptions{Concurrency: 1}),
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
			if sent[0] != 0 || sent[1] < 30*time.Second || sent[1] > 31*time.Second || sent[2] < sent[1]+30*time.Second || sent[2] > sent[1]+31*time.Second {
				t.Errorf("headers %v: sent after %v, want each reset waited for", header, sent)
			}
		})
	}
}

// TestAfterTheResetOneRequestAsks: what others have taken of a new period shows in the first answer, and until then
// nothing more is sent.
func TestAfterTheResetOneRequestAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var underWay, most atomic.Int64
		started := time.Now()
		client := newClient(t, httpclient.Options{
			Limiter: httpclient.NewGovernor(httpclient.GovernorOptions{Concurrency: 32}),
			Network: network(func(*http.Request) (*http.Response, error) {
				if time.Since(started) > 30*time.Second {
					most.Store(max(most.Load(), underWay.Add(1)))
					defer underWay.Add(-1)
				}
				time.Sleep(time.Second)
				return answer(200, `{}`, "X-Ratelimit-Limit", "6000", "X-Ratelimit-Period", "60", "X-Ratelimit-Remaining", "0", "X-Ratelimit-Reset", "60"), nil
			}),
		})
		work(t, client, "", 3*time.Minute)
		if most.Load() != 1 {
			t.Errorf("%d requests under way at once, want 1", most.Load())
		}
	})
}

// TestSilentAnswers: a limit that not every answer tells is kept to all the same.
func TestSilentAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const requests, period = 600, time.Minute
		server := &limitedServer{
			counter: &slidingWindow{limit: requests, period: period}, limit: requests, period: period, jitter: rand.New(rand.NewPCG(1, 2)),
			silent: func(request int) bool { return request%3 != 0 },
		}
		governor := httpclient.NewGovernor(httpclient.GovernorOptions{Concurrency: 32})
		end := time.Now().Add(3 * period)
		work(t, newClient(t, httpclient.Options{Limiter: governor, Network: server}), "", 3*period)
		if sent := server.before(end); server.refused > 0 || sent < 95*3*requests/100 {
			t.Errorf("%d requests, %d refused", sent, server.refused)
		}
	})
}

// TestNoHeadersNoPace: where nothing tells of a limit, all the concurrency is used, and nobody waits.
func TestNoHeadersNoPace(t *testing.T) {
	for _, header := range [][]string{
		{},
		{"X-Ratelimit-Limit", "0", "X-Ratelimit-Period", "60", "X-Ratelimit-Remaining", "-1"},
		{"X-Ratelimit-Limit", "-5", "X-Ratelimit-Period", "60", "X-Ratelimit-Reset", "-60"},
		{"X-Ratelimit-Limit", "10", "X-Ratelimit-Period", "0", "X-Ratelimit-Remaining", "NaN"},
		{"X-Ratelimit-Limit", "1e300", "X-Ratelimit-Period", "1e300", "X-Ratelimit-Remaining", "1e300", "X-Ratelimit-Reset", "1e300"},
	} {
		synctest.Test(t, func(t *testing.T) {
			sent, stats := new(atomic.Int64), new(httpclient.Stats)
			governor := httpclient.NewGovernor(httpclient.GovernorOptions{Concurrency: 32, Stats: stats})
			client := newClient(t, httpclient.Options{Limiter: governor, Network: network(func(*http.Request) (*http.Response, error) {
				sent.Add(1)
				time.Sleep(time.Second)
				return answer(200, `{}`, header...), nil
			})})
			work(t, client, "", 10*time.Second)
			if _, known := governor.Rate(""); known || sent.Load() < 9*32 || stats.Counts().Waited != 0 {
				t.Errorf("headers %v: rate known %v, %d requests in ten rounds of 32, waited %v", header, known, sent.Load(), stats.Counts().Waited)
			}
		})
	}
}

// TestClassesHaveTheirOwnPace: a low limit of one class does not slow the other one.
func TestClassesHaveTheirOwnPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const period = time.Minute
		low := &limitedServer{counter: &slidingWindow{limit: 60, period: period}, limit: 60, period: period, jitter: rand.New(rand.NewPCG(1, 2))}
		high := &limitedServer{counter: &slidingWindow{limit: 6000, period: period}, limit: 6000, period: period, jitter: rand.New(rand.NewPCG(3, 4))}
		governor := httpclient.NewGovernor(httpclient.GovernorOptions{Concurrency: 32})
		both, end := sync.WaitGroup{}, time.Now().Add(3*period)
		both.Go(func() { work(t, newClient(t, httpclient.Options{Limiter: governor, Network: low}), "low", 3*period) })
		both.Go(func() { work(t, newClient(t, httpclient.Options{Limiter: governor, Network: high}), "high", 3*period) })
		both.Wait()
		if low.refused > 0 || high.refused > 0 || low.before(end) < 3*57 || high.before(end) < 3*5700 {
			t.Errorf("low: %d, %d refused; high: %d, %d refused", len(low.accepted), low.refused, len(high.accepted), high.refused)
		}
		lowRate, _ := governor.Rate("low")
		highRate, _ := governor.Rate("high")
		if _, known := governor.Rate("other"); lowRate != 1 || highRate != 100 || known {
			t.Errorf("rates %v, %v, another known: %v", lowRate, highRate, known)
		}
	})
}

// TestClassesShareALimit: classes that are told the same figures may be counted together.
func TestClassesShareALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const period = time.Minute
		server := &limitedServer{counter: &slidingWindow{limit: 600, period: period}, limit: 600, period: period, jitter: rand.New(rand.NewPCG(1, 2))}
		client := newClient(t, httpclient.Options{Limiter: httpclient.NewGovernor(httpclient.GovernorOptions{Concurrency: 32}), Network: server})
		both, end := sync.WaitGroup{}, time.Now().Add(3*period)
		both.Go(func() { work(t, client, "one", 3*period) })
		both.Go(func() { work(t, client, "two", 3*period) })
		both.Wait()
		if sent := server.before(end); server.refused > 0 || sent < 3*570 {
			t.Errorf("%d requests, %d refused", sent, server.refused)
		}
	})
}

// TestRetryAfterHoldsEverybody: one answer asks to wait, and all of its class do, for two minutes at the most and not
// twice. Other classes go on.
func TestRetryAfterHoldsEverybody(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"7": 7 * time.Second, "7200": 2 * time.Minute, "Sat, 01 Jan 2000 00:00:30 GMT": 30 * time.Second, // synctest's clock starts at that midnight
	} {
		for _, status := range []int{429, 503, 200} {
			synctest.Test(t, func(t *testing.T) {
				started, first := time.Now(), true
				var mu sync.Mutex
				sent := map[string][]time.Duration{}
				stats := new(httpclient.Stats)
				governor := httpclient.NewGovernor(httpclient.GovernorOptions{Concurrency: 8, Stats: stats})
				send := network(func(r *http.Request) (*http.Response, error) {
					mu.Lock()
					defer mu.Unlock()
					sent[r.URL.Path] = append(sent[r.URL.Path], time.Since(started))
					if first && r.URL.Path == "/held" {
						first = false
						return answer(status, `{}`, "Retry-After", value), nil
					}
					return answer(200, `{}`), nil
				})
				client := newClient(t, httpclient.Options{Limiter: governor, Network: send, Stats: stats})
				held, free := get(t, "/held"), get(t, "/free")
				held.Class, free.Class = "held", "free"
				do := func(r httpclient.Request) {
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
				if until := stats.Counts().WaitsUntil; !until.Equal(started.Add(want)) {
					t.Errorf("%d, Retry-After %s: waits until %v, want %v", status, value, until.Sub(started), want)
				}
				time.Sleep(time.Hour)
				if counts := stats.Counts(); !counts.WaitsUntil.IsZero() || counts.Waited < want {
					t.Errorf("%d, Retry-After %s: counts %+v", status, value, counts)
				}
				for i, at := range sent["/held"][1:] {
					if at < want || at > want+time.Millisecond {
						t.Errorf("%d, Retry-After %s: request %d sent after %v, want %v", status, value, i+2, at, want)
					}
				}
				if len(sent["/free"]) != 1 || sent["/free"][0] != 0 {
					t.Errorf("%d, Retry-After %s: another class sent after %v", status, value, sent["/free"])
				}
			})
		}
	}
}

// TestTroubleLowersConcurrency: rounds of trouble bring it down to one request at a time, by halves; answers bring it
// up again, one by one.
func TestTroubleLowersConcurrency(t *testing.T) {
	busy := func(status int) func() (*http.Response, error) {
		return func() (*http.Response, error) { return answer(status, `{}`), nil }
	}
	for name, trouble := range map[string]func() (*http.Response, error){
		"429": busy(429), "503": busy(503), "504": busy(504),
		"time-out": func() (*http.Response, error) { return nil, fmt.Errorf("%w (30 s)", httpclient.ErrTimeout) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &load{limiter: httpclient.NewGovernor(httpclient.GovernorOptions{Concurrency: 32}), answer: busy(200)}
				l.rounds(t, 2)
				down := []int{l.most}
				l.answer = trouble
				for range 6 {
					down = append(down, l.rounds(t, 1))
				}
				l.answer = busy(200)
				up := []int{}
				for range 40 {
					up = append(up, l.rounds(t, 1))
				}
				if want := "[32 32 16 8 4 2 1]"; fmt.Sprint(down) != want {
					t.Errorf("in trouble %v under way, want %v", down, want)
				}
				for i := 1; i < len(up); i++ {
					if up[i] < up[i-1] || up[i] > up[i-1]+1 {
						t.Errorf("recovers by %v", up)
						break
					}
				}
				if up[0] != 1 || up[len(up)-1] != 32 {
					t.Errorf("recovers from %d to %d, want 1 to 32", up[0], up[len(up)-1])
				}
			})
		})
	}
}

// TestOtherFailuresLowerNothing: a wrong request, a broken connection or a bug of the server is no overload.
func TestOtherFailuresLowerNothing(t *testing.T) {
	for name, failure := range map[string]func() (*http.Response, error){
		"404":       func() (*http.Response, error) { return answer(404, `{}`), nil },
		"500":       func() (*http.Response, error) { return answer(500, `{}`), nil },
		"broken":    func() (*http.Response, error) { return nil, errors.New("connection reset") },
		"cancelled": func() (*http.Response, error) { return nil, context.Canceled },
	} {
		synctest.Test(t, func(t *testing.T) {
			l := &load{limiter: httpclient.NewGovernor(httpclient.GovernorOptions{Concurrency: 8}), answer: func() (*http.Response, error) { return answer(200, `{}`), nil }}
			l.rounds(t, 2)
			l.answer = failure
			if got := l.rounds(t, 5); got != 8 {
				t.Errorf("%s: %d under way, want 8", name, got)
			}
		})
	}
}

// load keeps as many requests under way as a limiter lets it; each takes a second.
type load struct {
	limiter httpclient.Limiter
	answer  func() (*http.Response, error)
	most    int // under way at once in the last round
}

// rounds goes on for so many seconds and gives the most requests that were under way in the last.
func (l *load) rounds(t *testing.T, rounds int) int {
	t.Helper()
	for range rounds {
		ctx, cancel := context.WithCancel(t.Context())
		var underWay atomic.Int64
		var requests sync.WaitGroup
		for range 40 {
			requests.Go(func() {
				release, err := l.limiter.Acquire(ctx, "")
				if err != nil {
					return
				}
				underWay.Add(1)
				<-ctx.Done()
				release(l.answer())
			})
		}
		synctest.Wait()
		l.most = int(underWay.Load())
		time.Sleep(time.Second)
		cancel()
		requests.Wait()
	}
	return l.most
}

// TestCancelledWhileWaiting: whoever waits for a turn, for a slot or for a reset goes when its context ends, with the
// cause, and takes nothing along.
func TestCancelledWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		governor := httpclient.NewGovernor(httpclient.GovernorOptions{Concurrency: 1})
		release, err := governor.Acquire(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		expect := func(waiters int) {
			t.Helper()
			gone := errors.New("gone")
			ctx, cancel := context.WithCancelCause(t.Context())
			var failed atomic.Int64
			for range waiters {
				go func() {
					if _, err := governor.Acquire(ctx, ""); errors.Is(err, gone) {
						failed.Add(1)
					}
				}()
			}
			synctest.Wait()
			cancel(gone)
			synctest.Wait()
			if int(failed.Load()) != waiters {
				t.Errorf("%d of %d gone", failed.Load(), waiters)
			}
		}
		expect(3)
		release(answer(429, `{}`, "Retry-After", "60"), nil)
		expect(3)
		time.Sleep(time.Minute)
		if release, err = governor.Acquire(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		release(nil, errors.New("broken"))
	})
}

// TestFirstRequestsAreFew: until an answer has shown that there is no limit, not all the concurrency is used.
func TestFirstRequestsAreFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const requests, period = 10, 10 * time.Second
		server := &limitedServer{counter: &slidingWindow{limit: requests, period: period}, limit: requests, period: period, jitter: rand.New(rand.NewPCG(1, 2))}
		work(t, newClient(t, httpclient.Options{Limiter: httpclient.NewGovernor(httpclient.GovernorOptions{Concurrency: 32}), Network: server}), "", 2*period)
		if server.refused > 0 {
			t.Errorf("%d requests refused", server.refused)
		}
	})
}

// TestAnotherClassStartsWithFewToo: that one class has a limit tells that another one may have a lower one.
func TestAnotherClassStartsWithFewToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		governor := httpclient.NewGovernor(httpclient.GovernorOptions{Concurrency: 32})
		acquire(t, governor, "known")(answer(200, `{}`, limitOf(1000, 900, 60)...), nil)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var sent atomic.Int64
		for range 32 {
			go func() {
				if _, err := governor.Acquire(ctx, "unknown"); err == nil {
					sent.Add(1)
				}
			}()
		}
		synctest.Wait()
		if sent.Load() != 4 {
			t.Errorf("%d requests sent before an answer, want 4", sent.Load())
		}
	})
}

// limitOf gives the headers of a limit with a period of a minute.
func limitOf(requests, remaining, reset int) []string {
	return []string{
		"X-Ratelimit-Limit", fmt.Sprint(requests), "X-Ratelimit-Period", "60",
		"X-Ratelimit-Remaining", fmt.Sprint(remaining), "X-Ratelimit-Reset", fmt.Sprint(reset),
	}
}

func acquire(t *testing.T, governor *httpclient.Governor, class string) func(*http.Response, error) {
	t.Helper()
	release, err := governor.Acquire(t.Context(), class)
	if err != nil {
		t.Fatal(err)
	}
	return release
}

// TestWhatTheNextRequestWaitsFor has requests answered one by one and times the next one.
func TestWhatTheNextRequestWaitsFor(t *testing.T) {
	type came struct {
		request int // in the order in which they were sent
		resp    *http.Response
	}
	for name, test := range map[string]struct {
		answers  []came
		min, max time.Duration
	}{
		"a late answer to an earlier request": {
			answers: []came{{1, answer(200, `{}`, limitOf(6000, 0, 30)...)}, {0, answer(200, `{}`, limitOf(6000, 5000, 30)...)}},
			min:     30 * time.Second, max: 31 * time.Second,
		},
		"an early answer to a later request": {
			answers: []came{{0, answer(200, `{}`, limitOf(6000, 0, 30)...)}, {1, answer(200, `{}`, limitOf(6000, 5000, 30)...)}},
			max:     time.Second,
		},
		"less left than is under way": {
			answers: []came{{0, answer(200, `{}`, limitOf(6000, 3, 30)...)}},
			min:     30 * time.Second, max: 31 * time.Second,
		},
		"answers that do not tell what is left": {
			answers: []came{{0, answer(200, `{}`, limitOf(30, 3, 30)...)}, {1, answer(200, `{}`)}, {2, answer(200, `{}`)}, {3, answer(200, `{}`)}},
			min:     30 * time.Second, max: 31 * time.Second,
		},
		"a hold that a later answer does not ask for": {
			answers: []came{{0, answer(503, `{}`, "Retry-After", "45")}, {1, answer(200, `{}`)}},
			min:     45 * time.Second, max: 45 * time.Second,
		},
		"429 with a reset": {
			answers: []came{{0, answer(429, `{}`, "X-Ratelimit-Reset", "20")}},
			min:     20 * time.Second, max: 20 * time.Second,
		},
		"429 with a reset of an hour": {
			answers: []came{{0, answer(429, `{}`, "X-Ratelimit-Period", "3600", "X-Ratelimit-Reset", "3600")}},
			min:     2 * time.Minute, max: 2 * time.Minute,
		},
		"429 with nothing": {
			answers: []came{{0, answer(429, `{}`)}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				governor := httpclient.NewGovernor(httpclient.GovernorOptions{Concurrency: 32})
				var releases []func(*http.Response, error)
				for range 4 {
					releases = append(releases, acquire(t, governor, ""))
				}
				for _, came := range test.answers {
					releases[came.request](came.resp, nil)
				}
				started := time.Now()
				acquire(t, governor, "")
				if waited := time.Since(started); waited < test.min || waited > test.max {
					t.Errorf("waited %v, want %v to %v", waited, test.min, test.max)
				}
			})
		})
	}
}

// TestWhatIsLeftIsSpread: others have used so much that our pace would use up the rest before the reset, and three
// requests under way may not be counted yet.
func TestWhatIsLeftIsSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		governor := httpclient.NewGovernor(httpclient.GovernorOptions{Concurrency: 32})
		release := acquire(t, governor, "")
		for range 3 {
			acquire(t, governor, "")
		}
		release(answer(200, `{}`, limitOf(6000, 33, 31)...), nil)
		acquire(t, governor, "")
		started := time.Now()
		acquire(t, governor, "")
		if waited := time.Since(started); waited < 950*time.Millisecond || waited > 1050*time.Millisecond {
			t.Errorf("waited %v, want a second: 30 requests are left for 30 seconds", waited)
		}
	})
}

// TestHeadersThatVanish: nothing was left, and after the reset no answer tells of it any more.
func TestHeadersThatVanish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		governor := httpclient.NewGovernor(httpclient.GovernorOptions{Concurrency: 32})
		acquire(t, governor, "")(answer(200, `{}`, limitOf(6000, 0, 30)...), nil)
		acquire(t, governor, "")(answer(200, `{}`), nil)
		started := time.Now()
		for range 10 {
			acquire(t, governor, "")
		}
		if waited := time.Since(started); waited > time.Second {
			t.Errorf("ten requests of a hundred a second took %v", waited)
		}
	})
}

// TestLimitThatChanges: a server that tells another limit with each answer gets no more than the higher one.
func TestLimitThatChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		governor, sent, end := httpclient.NewGovernor(httpclient.GovernorOptions{Concurrency: 32}), 0, time.Now().Add(time.Minute)
		for time.Now().Before(end) {
			acquire(t, governor, "")(answer(200, `{}`, limitOf(100+100*(sent%2), 90, 60)...), nil)
			sent++
		}
		if sent < 95 || sent > 200 {
			t.Errorf("%d requests a minute, want 100 to 200", sent)
		}
	})
}

// TestLimitThatChangesForOneClass: two classes share a limit; the one that asks after the reset is told another one,
// which must not leave the other class waiting for ever.
func TestLimitThatChangesForOneClass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		governor := httpclient.NewGovernor(httpclient.GovernorOptions{Concurrency: 32})
		acquire(t, governor, "one")(answer(200, `{}`, limitOf(6000, 0, 30)...), nil)
		acquire(t, governor, "two")(answer(200, `{}`, limitOf(6000, 0, 30)...), nil)
		acquire(t, governor, "one")(answer(200, `{}`, limitOf(600, 500, 30)...), nil)
		acquire(t, governor, "two")(answer(200, `{}`, limitOf(6000, 5000, 30)...), nil)
	})
}

// TestOneRequestAPeriod: the smallest limit there is.
func TestOneRequestAPeriod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		governor := httpclient.NewGovernor(httpclient.GovernorOptions{Concurrency: 32})
		for range 10 {
			acquire(t, governor, "")(answer(200, `{}`, "X-Ratelimit-Limit", "1", "X-Ratelimit-Period", "0.5"), nil)
			started := time.Now()
			acquire(t, governor, "")(answer(200, `{}`), nil)
			if waited := time.Since(started); waited < time.Second/2 || waited > time.Second {
				t.Errorf("waited %v, want one period or two", waited)
			}
		}
	})
}

// TestLowLimitNearby: a window of few requests is not used to its very end, since the reset, told in whole seconds,
// would then be waited for.
func TestLowLimitNearby(t *testing.T) {
	for _, epoch := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			const requests, period, periods = 30, time.Second, 10
			time.Sleep(time.Second / 3)
			server := &limitedServer{counter: &openedWindow{limit: requests, period: period}, limit: requests, period: period, epoch: epoch}
			client := newClient(t, httpclient.Options{Limiter: httpclient.NewGovernor(httpclient.GovernorOptions{Concurrency: 32}), Network: server})
			end := time.Now().Add(periods * period)
			work(t, client, "", periods*period)
			if sent := server.before(end); server.refused > 0 || sent < 90*requests*periods/100 {
				t.Errorf("epoch %v: %d requests in %d periods, %d refused", epoch, sent, periods, server.refused)
			}
		})
	}
}

// BenchmarkGovernor is what a request costs that need not wait.
func BenchmarkGovernor(b *testing.B) {
	for name, header := range map[string][]string{
		"no headers": {},
		"headers":    {"X-Ratelimit-Limit", "1000000000", "X-Ratelimit-Period", "1", "X-Ratelimit-Remaining", "900000000", "X-Ratelimit-Reset", "1"},
	} {
		b.Run(name, func(b *testing.B) {
			governor, resp := httpclient.NewGovernor(httpclient.GovernorOptions{Concurrency: 32}), answer(200, `{}`, header...)
			b.ReportAllocs()
			for b.Loop() {
				release, err := governor.Acquire(b.Context(), "")
				if err != nil {
					b.Fatal(err)
				}
				release(resp, nil)
			}
		})
	}
}

// TestPutOff: requests that queue behind the retries of others end with our patience where a server asks to wait for ever;
// one of them may have been sent shortly before, and is patient by itself. A server that answers now and then may ask for
// as long as it likes.
func TestPutOff(t *testing.T) {
	for name, test := range map[string]struct {
		header []string
		every  int // so manieth request is answered; 0: none
	}{
		"hours":           {header: []string{"Retry-After", "7200"}},
		"a minute":        {header: []string{"Retry-After", "60"}},
		"until a reset":   {header: []string{"X-Ratelimit-Reset", "60"}},
		"for want of any": {header: limitOf(100, 0, 60)},
		"now and then":    {header: []string{"Retry-After", "60"}, every: 4},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sent := 0
				client := newClient(t, httpclient.Options{
					Limiter: httpclient.NewGovernor(httpclient.GovernorOptions{Concurrency: 1}),
					Network: network(func(*http.Request) (*http.Response, error) {
						if sent++; test.every > 0 && sent%test.every == 0 {
							return answer(200, `{}`), nil
						}
						return answer(429, `{}`, test.header...), nil
					}),
				})
				started, failed, putOff := time.Now(), 0, 0
				var mu sync.Mutex
				var requests sync.WaitGroup
				for range 40 {
					requests.Go(func() {
						_, failure := client.Do(t.Context(), get(t, "/x"))
						mu.Lock()
						defer mu.Unlock()
						if failure != nil {
							failed++
						}
						if failure != nil && errors.Is(failure, httpclient.ErrRetryAfterExceeded) {
							putOff++
						}
					})
				}
				requests.Wait()
				took, patience := time.Since(started), httpclient.DefaultRetry.Patience
				switch {
				case test.every > 0 && (putOff > 0 || took < 2*patience):
					t.Errorf("%d put off in %s", putOff, took)
				case test.every == 0 && (failed != 40 || putOff < 39 || took > 2*patience+time.Minute):
					t.Errorf("%d failed, %d of them put off, in %s", failed, putOff, took)
				}
			})
		})
	}
}

// TestPutOffForNoLongerThanAsked: once the time that was asked for is over, a request is sent.
func TestPutOffForNoLongerThanAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		governor := httpclient.NewGovernor(httpclient.GovernorOptions{Concurrency: 2, Patience: time.Minute})
		asked := answer(429, `{}`, "Retry-After", "100")
		acquire(t, governor, "asked")(asked, nil)
		if _, err := governor.Acquire(t.Context(), "asked"); !errors.Is(err, httpclient.ErrRetryAfterExceeded) {
			t.Errorf("error %v", err)
		}
		acquire(t, governor, "another")(answer(200, `{}`), nil)
		time.Sleep(40 * time.Second)
		acquire(t, governor, "asked")(asked, nil)
		if _, err := governor.Acquire(t.Context(), "asked"); !errors.Is(err, httpclient.ErrRetryAfterExceeded) {
			t.Errorf("asked again: error %v", err)
		}
		time.Sleep(100 * time.Second)
		acquire(t, governor, "asked")(answer(404, `{}`), nil)
		acquire(t, governor, "asked")(asked, nil)
		started := time.Now()
		if _, err := governor.Acquire(t.Context(), "asked"); !errors.Is(err, httpclient.ErrRetryAfterExceeded) || time.Since(started) != time.Minute {
			t.Errorf("after an answer: error %v in %s", err, time.Since(started))
		}
	})
}
