package port_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codecov-port/codecov-port/internal/fake/faults"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/pkg/port"
)

func read(t testing.TB, client *port.Client) {
	t.Helper()
	if _, err := client.Blueprint(t.Context(), "service"); err != nil {
		t.Error(err)
	}
}

func TestOneTokenForAll(t *testing.T) {
	server := emulate(t, fakeport.Options{})
	client := connect(t, server)
	var readers sync.WaitGroup
	for range 50 {
		readers.Go(func() { read(t, client) })
	}
	readers.Wait()
	if kinds := server.Requests().ByKind; kinds[fakeport.Token] != 1 || kinds[fakeport.BlueprintRead] != 50 {
		t.Errorf("requests %v, want one for a token", kinds)
	}
	for _, request := range server.Seen() {
		if sent := request.Header.Get("Authorization") != ""; sent != (request.Kind != fakeport.Token) {
			t.Errorf("%s: Authorization %q", request.Kind, request.Header.Get("Authorization"))
		}
	}
}

// TestTokenIsRenewedBeforeItExpires reads for nine hours. The server issues the same token until it has expired.
func TestTokenIsRenewedBeforeItExpires(t *testing.T) {
	for _, step := range []time.Duration{time.Minute, 7 * time.Minute, 50 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			server := emulate(t, fakeport.Options{})
			client := connectInside(t, server)
			for range int(9 * time.Hour / step) {
				read(t, client)
				time.Sleep(step)
			}
			counts := server.Requests()
			if rejected := counts.ByStatus[http.StatusUnauthorized]; rejected != 0 {
				t.Errorf("every %s: %d requests with an expired token, want 0", step, rejected)
			}
			if tokens := counts.ByKind[fakeport.Token]; tokens < 3 || tokens > 12 {
				t.Errorf("every %s: %d sign-ins in nine hours, want 3 to 12", step, tokens)
			}
		})
	}
}

func TestTokenIsKeptUntilFiveMinutesBeforeItExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := emulate(t, fakeport.Options{})
		client := connectInside(t, server)
		started := time.Now()
		for _, test := range []struct {
			after   time.Duration
			signIns int
		}{{0, 1}, {175*time.Minute - time.Second, 1}, {175 * time.Minute, 2}} {
			time.Sleep(test.after - time.Since(started))
			read(t, client)
			if signIns := server.Requests().ByKind[fakeport.Token]; signIns != test.signIns {
				t.Errorf("after %s: %d sign-ins, want %d", test.after, signIns, test.signIns)
			}
		}
	})
}

// TestRevokedTokenIsRenewedOnceForAll revokes the token when all requests are under way with it.
func TestRevokedTokenIsRenewedOnceForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const requests = 12
		server := emulate(t, fakeport.Options{})
		var hold atomic.Pointer[chan struct{}]
		client := connectInside(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if held := hold.Load(); held != nil && isNoToken(r) {
				<-*held
			}
			server.ServeHTTP(w, r)
		}))
		read(t, client)
		server.ResetCounts()
		held := make(chan struct{})
		hold.Store(&held)
		var readers sync.WaitGroup
		for range requests {
			readers.Go(func() { read(t, client) })
		}
		synctest.Wait()
		server.RevokeTokens()
		close(held)
		readers.Wait()
		counts := server.Requests()
		if signIns := counts.ByKind[fakeport.Token]; signIns != 1 {
			t.Errorf("%d sign-ins, want 1", signIns)
		}
		if rejected := counts.ByStatus[http.StatusUnauthorized]; rejected != requests {
			t.Errorf("%d rejected requests, want each of %d once", rejected, requests)
		}
	})
}

// TestSameTokenAgain: Port may refuse a token by mistake and hand it out again.
func TestSameTokenAgain(t *testing.T) {
	server := emulate(t, fakeport.Options{})
	server.Faults.Add(faults.Fault{Match: isNoToken, Status: http.StatusUnauthorized, Body: `{"ok":false,"error":"unauthorized"}`})
	client := connect(t, server)
	read(t, client)
	if kinds := server.Requests().ByKind; kinds[fakeport.BlueprintRead] != 2 || kinds[fakeport.Token] != 2 {
		t.Errorf("requests %v", kinds)
	}
}

// TestSameTokenAgainIsNoLoop: one that is refused again is not tried a third time.
func TestSameTokenAgainIsNoLoop(t *testing.T) {
	server := emulate(t, fakeport.Options{})
	server.Faults.Add(faults.Fault{Match: isNoToken, Times: -1, Status: http.StatusUnauthorized, Body: `{"ok":false,"error":"unauthorized"}`})
	client := connect(t, server)
	for attempt := 1; attempt <= 2; attempt++ {
		_, err := client.Blueprint(t.Context(), "service")
		if !errors.Is(err, port.ErrUnauthorized) {
			t.Errorf("error %v", err)
		}
		kinds := server.Requests().ByKind
		if kinds[fakeport.BlueprintRead] != 2*attempt || kinds[fakeport.Token] != attempt+1 {
			t.Errorf("call %d: requests %v", attempt, kinds)
		}
	}
}

// TestEveryNewTokenRefusedIsNoLoop: a new token is tried once.
func TestEveryNewTokenRefusedIsNoLoop(t *testing.T) {
	server := emulate(t, fakeport.Options{})
	client := connect(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isNoToken(r) {
			server.RevokeTokens()
		}
		server.ServeHTTP(w, r)
	}))
	_, err := client.Blueprint(t.Context(), "service")
	if kinds := server.Requests().ByKind; !errors.Is(err, port.ErrUnauthorized) || kinds[fakeport.BlueprintRead] != 2 || kinds[fakeport.Token] != 2 {
		t.Errorf("%v after %v", err, kinds)
	}
}

func TestWrongSecretIsToldAtOnce(t *testing.T) {
	server := emulate(t, fakeport.Options{})
	client := connect(t, server, func(o *port.Options) { o.ClientSecret = "wrong-" + secret })
	_, err := client.Blueprint(t.Context(), "service")
	if requests := server.Requests().Requests; !errors.Is(err, port.ErrUnauthorized) || requests != 1 {
		t.Fatalf("%v after %d requests", err, requests)
	}
	if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, secret) {
		t.Errorf("the secret is in %s", text)
	}
	apiError := (*port.APIError)(nil)
	if !errors.As(err, &apiError) || apiError.Retryable() || !strings.Contains(err.Error(), "invalid_credentials") {
		t.Errorf("error %v", err)
	}
}

func TestTokenRequestThatFails(t *testing.T) {
	for name, test := range map[string]struct {
		fault faults.Fault
		want  error
	}{
		"unknown client":  {faults.Fault{Status: http.StatusNotFound, Body: `{"ok":false,"error":"not_found"}`}, port.ErrNotPort},
		"another address": {faults.Fault{Status: http.StatusNotFound, Body: `<html>`}, port.ErrNotPort},
		"a redirect": {
			faults.Fault{Status: http.StatusMovedPermanently, Header: http.Header{"Location": {"https://login.example.com/?hidden"}}}, port.ErrNotPort,
		},
		"forbidden address":   {faults.Fault{Status: http.StatusForbidden, Body: `{"ok":false,"error":"forbidden"}`}, port.ErrForbidden},
		"no token":            {faults.Fault{Status: http.StatusOK, Body: `{"ok":true}`}, nil},
		"token of no text":    {faults.Fault{Status: http.StatusOK, Body: `{"accessToken":{"value":"hidden"}}`}, nil},
		"an answer of a list": {faults.Fault{Status: http.StatusOK, Body: `["hidden"]`}, nil},
	} {
		server := emulate(t, fakeport.Options{})
		test.fault.Match = isToken
		server.Faults.Add(test.fault)
		_, err := connect(t, server).Blueprint(t.Context(), "service")
		apiError := (*port.APIError)(nil)
		if !errors.As(err, &apiError) || (test.want != nil && !errors.Is(err, test.want)) {
			t.Errorf("%s: error %v", name, err)
			continue
		}
		if requests := server.Requests().Requests; requests != 1 || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: %v after %d requests", name, err, requests)
		}
	}
}

var retriedAttempt = regexp.MustCompile(`"request will be repeated".* attempt=(\d+)`)

// TestTokenRequestIsRetried: what passes is no reason to fail.
func TestTokenRequestIsRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := emulate(t, fakeport.Options{})
		server.Faults.Add(faults.Fault{Match: isToken, Times: 2, Status: http.StatusServiceUnavailable})
		var logged bytes.Buffer
		read(t, connectInside(t, server, func(o *port.Options) { o.Logger = slog.New(slog.NewTextHandler(&logged, nil)) }))
		if kinds := server.Requests().ByKind; kinds[fakeport.Token] != 3 || kinds[fakeport.BlueprintRead] != 1 {
			t.Errorf("requests %v, want 3 sign-ins and one read", kinds)
		}
		var attempts []string
		for _, retry := range retriedAttempt.FindAllStringSubmatch(logged.String(), -1) {
			attempts = append(attempts, retry[1])
		}
		if !slices.Equal(attempts, []string{"1", "2"}) {
			t.Errorf("retries logged after attempts %v, want 1 and 2: %s", attempts, logged.String())
		}
	})
}

// TestOneWhoGivesUpTakesNobodyAlong: when the request that fetches the token is cancelled, the next one fetches it.
func TestOneWhoGivesUpTakesNobodyAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := emulate(t, fakeport.Options{})
		server.Faults.Add(faults.Fault{Match: isToken, Kind: faults.Hang})
		client := connectInside(t, server)
		ctx, cancel := context.WithCancel(t.Context())
		var readers sync.WaitGroup
		readers.Go(func() {
			if _, err := client.Blueprint(ctx, "service"); !errors.Is(err, context.Canceled) {
				t.Errorf("error %v", err)
			}
		})
		synctest.Wait()
		readers.Go(func() { read(t, client) })
		synctest.Wait()
		cancel()
		readers.Wait()
		if kinds := server.Requests().ByKind; kinds[fakeport.Token] != 2 {
			t.Errorf("requests %v", kinds)
		}
	})
}

// TestWaitingForTheTokenEnds with the context of the one who waits.
func TestWaitingForTheTokenEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := emulate(t, fakeport.Options{})
		server.Faults.Add(faults.Fault{Match: isToken, Kind: faults.Hang})
		client := connectInside(t, server)
		var first sync.WaitGroup
		first.Go(func() { read(t, client) })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := client.Blueprint(ctx, "service"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		first.Wait()
	})
}
