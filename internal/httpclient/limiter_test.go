package httpclient

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func testLimiter(concurrency int) *limiter {
	return newLimiter(concurrency, 1, new(stats), slog.New(slog.DiscardHandler))
}

func acquire(t *testing.T, l *limiter, class string) func(*http.Response, error) {
	t.Helper()
	release, err := l.acquire(t.Context(), class)
	if err != nil {
		t.Fatal(err)
	}
	return release
}

// limitOf returns the headers of a limit with a period of a minute.
func limitOf(requests, remaining, reset int) []string {
	return []string{
		"X-Ratelimit-Limit", fmt.Sprint(requests), "X-Ratelimit-Period", "60",
		"X-Ratelimit-Remaining", fmt.Sprint(remaining), "X-Ratelimit-Reset", fmt.Sprint(reset),
	}
}

// TestUntilTheFirstAnswerOneRequestIsSent for each class, also if another class is known.
func TestUntilTheFirstAnswerOneRequestIsSent(t *testing.T) {
	for name, header := range map[string][]string{"limited": limitOf(1000, 900, 60), "unlimited": nil} {
		synctest.Test(t, func(t *testing.T) {
			l := testLimiter(32)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			for _, class := range []string{"one", "two"} {
				var sent atomic.Int64
				var first func(*http.Response, error)
				for range 32 {
					go func() {
						if release, err := l.acquire(ctx, class); err == nil && sent.Add(1) == 1 {
							first = release
						}
					}()
				}
				synctest.Wait()
				if sent.Load() != 1 {
					t.Errorf("%s, class %s: %d requests before the first answer, want 1", name, class, sent.Load())
				}
				first(answer(500, `{}`), nil)
				synctest.Wait()
				if sent.Load() != 2 {
					t.Errorf("%s, class %s: %d requests after an error, want 2", name, class, sent.Load())
				}
				if class == "two" {
					break
				}
				cancel()
				synctest.Wait()
				ctx, cancel = context.WithCancel(t.Context())
				defer cancel()
				l = testLimiter(32)
				acquire(t, l, "one")(answer(200, `{}`, header...), nil)
			}
		})
	}
}

// TestTroubleLowersConcurrency: rounds of trouble halve it down to one request at a time; good answers raise it one by
// one.
func TestTroubleLowersConcurrency(t *testing.T) {
	status := func(status int) func() (*http.Response, error) {
		return func() (*http.Response, error) { return answer(status, `{}`), nil }
	}
	for name, trouble := range map[string]func() (*http.Response, error){
		"429": status(429), "503": status(503), "504": status(504),
		"time-out": func() (*http.Response, error) { return nil, fmt.Errorf("%w (30 s)", ErrTimeout) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &load{limiter: testLimiter(32), answer: status(200)}
				l.rounds(t, 3)
				down := []int{l.most}
				l.answer = trouble
				for range 6 {
					down = append(down, l.rounds(t, 1))
				}
				l.answer = status(200)
				up := []int{}
				for range 40 {
					up = append(up, l.rounds(t, 1))
				}
				if want := "[32 32 16 8 4 2 1]"; fmt.Sprint(down) != want {
					t.Errorf("in trouble %v under way, want %v", down, want)
				}
				for i := 1; i < len(up); i++ {
					if up[i] < up[i-1] || up[i] > up[i-1]+1 {
						t.Errorf("recovery %v, want steps of at most one", up)
						break
					}
				}
				if up[0] != 1 || up[len(up)-1] != 32 {
					t.Errorf("recovery from %d to %d, want 1 to 32", up[0], up[len(up)-1])
				}
			})
		})
	}
}

// TestOtherFailuresLowerNothing: an invalid request, a broken connection or a bug of the server is no overload.
func TestOtherFailuresLowerNothing(t *testing.T) {
	for name, failure := range map[string]func() (*http.Response, error){
		"404":       func() (*http.Response, error) { return answer(404, `{}`), nil },
		"500":       func() (*http.Response, error) { return answer(500, `{}`), nil },
		"broken":    func() (*http.Response, error) { return nil, errors.New("connection reset") },
		"cancelled": func() (*http.Response, error) { return nil, context.Canceled },
	} {
		synctest.Test(t, func(t *testing.T) {
			l := &load{limiter: testLimiter(8), answer: func() (*http.Response, error) { return answer(200, `{}`), nil }}
			l.rounds(t, 3)
			l.answer = failure
			if got := l.rounds(t, 5); got != 8 {
				t.Errorf("%s: %d under way, want 8", name, got)
			}
		})
	}
}

// load keeps as many requests under way as a limiter permits; each takes a second.
type load struct {
	limiter *limiter
	answer  func() (*http.Response, error)
	most    int // under way at once in the last round
}

// rounds goes on for so many seconds and returns the maximum under way in the last.
func (l *load) rounds(t *testing.T, rounds int) int {
	t.Helper()
	for range rounds {
		ctx, cancel := context.WithCancel(t.Context())
		var underWay atomic.Int64
		var requests sync.WaitGroup
		for range 40 {
			requests.Go(func() {
				release, err := l.limiter.acquire(ctx, "")
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

// TestCancelledWhileWaiting: a request that waits for its turn, for the concurrency or for a reset ends with the cause
// of its context, and the next one is sent.
func TestCancelledWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := testLimiter(1)
		release := acquire(t, l, "")
		cancelWaiting := func(waiters int) {
			t.Helper()
			gone := errors.New("gone")
			ctx, cancel := context.WithCancelCause(t.Context())
			var failed atomic.Int64
			for range waiters {
				go func() {
					if _, err := l.acquire(ctx, ""); errors.Is(err, gone) {
						failed.Add(1)
					}
				}()
			}
			synctest.Wait()
			cancel(gone)
			synctest.Wait()
			if int(failed.Load()) != waiters {
				t.Errorf("%d of %d ended with the cause", failed.Load(), waiters)
			}
		}
		cancelWaiting(3)
		release(answer(429, `{}`, "Retry-After", "60"), nil)
		cancelWaiting(3)
		time.Sleep(time.Minute)
		acquire(t, l, "")(nil, errors.New("broken"))
	})
}

// TestNextRequestWaits has requests answered one by one and measures how long the next one waits.
func TestNextRequestWaits(t *testing.T) {
	type came struct {
		request  int // in the order of sending
		response *http.Response
	}
	for name, test := range map[string]struct {
		answers  []came
		min, max time.Duration
	}{
		"a late answer to an earlier request": {
			answers: []came{{1, answer(200, `{}`, limitOf(6000, 0, 30)...)}, {0, answer(200, `{}`, limitOf(6000, 5000, 30)...)}},
			min:     30 * time.Second, max: 31 * time.Second,
		},
		"a higher figure after a lower one": {
			answers: []came{{0, answer(200, `{}`, limitOf(6000, 0, 30)...)}, {1, answer(200, `{}`, limitOf(6000, 5000, 30)...)}},
			min:     30 * time.Second, max: 31 * time.Second,
		},
		"less left than is under way": {
			answers: []came{{0, answer(200, `{}`, limitOf(6000, 182, 30)...)}},
			min:     30 * time.Second, max: 31 * time.Second,
		},
		"as much left as is under way": {
			answers: []came{{0, answer(200, `{}`, limitOf(6000, 184, 30)...)}},
		},
		"answers that do not show what is left": {
			answers: []came{
				{0, answer(200, `{}`, limitOf(30, 4, 30)...)}, {1, answer(200, `{}`)}, {2, answer(200, `{}`)}, {3, answer(200, `{}`)},
			},
			min: 30 * time.Second, max: 31 * time.Second,
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
		"429 without headers": {
			answers: []came{{0, answer(429, `{}`)}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := testLimiter(32)
				acquire(t, l, "")(answer(200, `{}`), nil)
				var releases []func(*http.Response, error)
				for range 4 {
					releases = append(releases, acquire(t, l, ""))
				}
				for _, came := range test.answers {
					releases[came.request](came.response, nil)
				}
				started := time.Now()
				acquire(t, l, "")
				if waited := time.Since(started); waited < test.min || waited > test.max {
					t.Errorf("waited %v, want %v to %v", waited, test.min, test.max)
				}
			})
		})
	}
}

// TestHeadersThatVanish: nothing was left, and after the reset no answer shows a limit anymore.
func TestHeadersThatVanish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := testLimiter(32)
		acquire(t, l, "")(answer(200, `{}`, limitOf(6000, 0, 30)...), nil)
		acquire(t, l, "")(answer(200, `{}`), nil)
		started := time.Now()
		for range 10 {
			acquire(t, l, "")
		}
		if waited := time.Since(started); waited > 0 {
			t.Errorf("ten requests of a hundred a second waited %v, want 0", waited)
		}
	})
}

// TestLimitThatChanges: a server that shows another limit with each answer gets no more than the higher one.
func TestLimitThatChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, sent, end := testLimiter(32), 0, time.Now().Add(time.Minute)
		for time.Now().Before(end) {
			acquire(t, l, "")(answer(200, `{}`, limitOf(100+100*(sent%2), 90, 60)...), nil)
			sent++
		}
		if sent < 95 || sent > 200 {
			t.Errorf("%d requests a minute, want 95 to 200", sent)
		}
	})
}

// TestLimitThatChangesForOneClass: two classes share a limit. The one that asks after the reset is shown another limit,
// and the other class must not wait forever.
func TestLimitThatChangesForOneClass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := testLimiter(32)
		acquire(t, l, "one")(answer(200, `{}`, limitOf(6000, 0, 30)...), nil)
		acquire(t, l, "two")(answer(200, `{}`, limitOf(6000, 0, 30)...), nil)
		acquire(t, l, "one")(answer(200, `{}`, limitOf(600, 500, 30)...), nil)
		acquire(t, l, "two")(answer(200, `{}`, limitOf(6000, 5000, 30)...), nil)
	})
}

// TestRequestsUnderWayMoveWithTheirClass: a class that is shown another limit leaves the rest of the shared one to others.
func TestRequestsUnderWayMoveWithTheirClass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := testLimiter(100)
		acquire(t, l, "one")(answer(200, `{}`, limitOf(100, 99, 30)...), nil)
		acquire(t, l, "two")(answer(200, `{}`, limitOf(100, 70, 30)...), nil)
		first := acquire(t, l, "one")
		for range 50 {
			acquire(t, l, "one")
		}
		first(answer(200, `{}`, limitOf(6000, 5000, 30)...), nil)
		started := time.Now()
		for range 30 {
			acquire(t, l, "two")
		}
		if waited := time.Since(started); waited > 0 {
			t.Errorf("30 requests of the other class waited %v, want 0", waited)
		}
	})
}

// TestFirstAnswerThatDoesNotCome: the next requests don't wait for each other's time-outs.
func TestFirstAnswerThatDoesNotCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := testLimiter(32)
		acquire(t, l, "")(nil, ErrTimeout)
		for range 16 {
			acquire(t, l, "")
		}
	})
}

// TestOneRequestPerPeriod: the smallest limit there is.
func TestOneRequestPerPeriod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := testLimiter(32)
		for range 10 {
			acquire(t, l, "")(answer(200, `{}`, "X-Ratelimit-Limit", "1", "X-Ratelimit-Period", "0.5"), nil)
			started := time.Now()
			acquire(t, l, "")(answer(200, `{}`), nil)
			if waited := time.Since(started); waited < time.Second/2 || waited > time.Second {
				t.Errorf("waited %v, want one period or two", waited)
			}
		}
	})
}

// TestHoldEndsWithThePatience: requests fail while the server asks to wait for longer than seven minutes, and are sent
// once the time has passed.
func TestHoldEndsWithThePatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := testLimiter(2)
		wait := answer(429, `{}`, "Retry-After", "120")
		started := time.Now()
		for range 4 { // at 0, 2, 4 and 6 minutes
			acquire(t, l, "held")(wait, nil)
		}
		if _, err := l.acquire(t.Context(), "held"); !errors.Is(err, ErrRetryAfterExceeded) || time.Since(started) != patience {
			t.Errorf("error %v after %v, want ErrRetryAfterExceeded after %v", err, time.Since(started), patience)
		}
		acquire(t, l, "another")(answer(200, `{}`), nil)
		time.Sleep(time.Minute)
		acquire(t, l, "held")(wait, nil)
		if _, err := l.acquire(t.Context(), "held"); !errors.Is(err, ErrRetryAfterExceeded) {
			t.Errorf("error %v, want ErrRetryAfterExceeded at once", err)
		}
		time.Sleep(2 * time.Minute)
		acquire(t, l, "held")(answer(404, `{}`), nil)
		acquire(t, l, "held")(wait, nil)
		started = time.Now()
		acquire(t, l, "held")
		if waited := time.Since(started); waited != 2*time.Minute {
			t.Errorf("waited %v after a good answer, want 2m", waited)
		}
	})
}

// BenchmarkLimiter measures a request that does not wait.
func BenchmarkLimiter(b *testing.B) {
	for name, header := range map[string][]string{
		"no headers": {},
		"headers":    {"X-Ratelimit-Limit", "1000000000", "X-Ratelimit-Period", "1", "X-Ratelimit-Remaining", "900000000", "X-Ratelimit-Reset", "1"},
	} {
		b.Run(name, func(b *testing.B) {
			l, got := testLimiter(32), answer(200, `{}`, header...)
			b.ReportAllocs()
			for b.Loop() {
				release, err := l.acquire(b.Context(), "")
				if err != nil {
					b.Fatal(err)
				}
				release(got, nil)
			}
		})
	}
}
