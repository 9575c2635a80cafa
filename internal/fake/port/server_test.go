package port_test

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/fake/faults"
	"github.com/codecov-port/codecov-port/internal/fake/journal"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
)

func TestRateLimit(t *testing.T) {
	epoch := time.Date(2026, 11, 22, 22, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name  string
		limit fakeport.RateLimit
		reset string // 10.5 s into a window of a minute
	}{
		{"seconds to wait", fakeport.RateLimit{Requests: 3}, "50"},
		{"epoch", fakeport.RateLimit{Requests: 3, ResetAsEpoch: true}, strconv.FormatInt(epoch.Unix()+60, 10)},
	} {
		t.Run(test.name, func(t *testing.T) {
			now := epoch
			c := start(t, fakeport.Options{RateLimit: test.limit, Now: func() time.Time { return now }}) // spends one on the token
			now = now.Add(10*time.Second + time.Second/2)
			got := c.must("GET /v1/blueprints", "")
			want := map[string]string{"limit": "3", "remaining": "1", "period": "60", "reset": test.reset}
			for name, value := range want {
				if header := got.header.Get("x-ratelimit-" + name); header != value {
					t.Errorf("x-ratelimit-%s %q, want %q", name, header, value)
				}
			}
			c.must("GET /v1/blueprints", "")
			c.refused("GET /v1/blueprints", "", 429, "rate_limit_exceeded")
			c.refused(tokenRequest, credentials("a", "b"), 429, "rate_limit_exceeded")
			now = epoch.Add(time.Minute)
			c.must("GET /v1/blueprints", "")
		})
	}
	c := start(t, fakeport.Options{})
	if got := c.must("GET /v1/blueprints", "").header; got.Get("x-ratelimit-limit") != "" {
		t.Errorf("headers without a limit: %v", got)
	}
}

func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := fakeport.New(fakeport.Options{Latency: func(*http.Request) time.Duration { return 70 * time.Millisecond }})
		began := time.Now()
		c := &client{t: t, server: server, handler: server}
		c.login()
		if waited := time.Since(began); waited != 70*time.Millisecond {
			t.Errorf("waited %v", waited)
		}

		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		r := httptest.NewRequestWithContext(ctx, "GET", "/v1/blueprints", nil)
		began = time.Now()
		server.ServeHTTP(httptest.NewRecorder(), r)
		if waited := time.Since(began); waited != 20*time.Millisecond {
			t.Errorf("a client that gave up after 20 ms was held for %v", waited)
		}
	})
}

func TestTraceIDs(t *testing.T) {
	c := start(t, fakeport.Options{})
	seen := map[string]bool{}
	for _, request := range []string{"GET /v1/blueprints", "GET /v1/blueprints/nowhere", "GET /nowhere"} {
		seen[c.do(request, "").header.Get("x-trace-id")] = true
	}
	if len(seen) != 3 || seen[""] {
		t.Errorf("trace ids %v", seen)
	}
}

func TestFaultsAndCounts(t *testing.T) {
	server := fakeport.New(fakeport.Options{KeepRequests: true})
	if err := server.PutBlueprint([]byte(serviceBlueprint)); err != nil {
		t.Fatal(err)
	}
	wire := httptest.NewServer(underContract(t, server))
	defer wire.Close()
	c := &client{t: t, server: server, handler: server}
	c.login()
	server.ResetCounts()

	isBulk := func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/bulk") }
	server.Faults.Add(
		faults.Fault{Name: "gateway", Match: isBulk, Kind: faults.Answer, Status: 503, Body: `{"ok":false,"error":"unavailable"}`},
		faults.Fault{Name: "lost answer", Match: isBulk, Kind: faults.Reset, Effect: true},
	)
	const body = `{"entities":[{"identifier":"a"}]}`
	send := func() (int, error) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, wire.URL+"/v1/blueprints/service/entities/bulk?upsert=true", strings.NewReader(body))
		if err != nil {
			return 0, err
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+c.token)
		response, err := wire.Client().Do(r)
		if err != nil {
			return 0, err
		}
		return response.StatusCode, response.Body.Close()
	}
	if status, err := send(); status != 503 || err != nil || server.Count("service") != 0 {
		t.Errorf("behind the gateway: %d, %v; %d entities", status, err, server.Count("service"))
	}
	if _, err := send(); err == nil || server.Count("service") != 1 || server.Requests().ByStatus[0] != 1 {
		t.Errorf("lost answer: %v; %d entities; counts %+v", err, server.Count("service"), server.Requests())
	}
	if status, err := send(); status != 200 || err != nil {
		t.Errorf("afterwards: %d, %v", status, err)
	}

	want := journal.Counts{
		Requests: 3, ByKind: map[fakeport.Kind]int{fakeport.Bulk: 3}, ByStatus: map[int]int{0: 1, 200: 1, 503: 1},
		EntitiesReceived: 2, EntitiesWritten: 2, EntitiesCreated: 1, BytesReceived: 3 * len(body),
	}
	got := server.Requests()
	if got.BytesSent == 0 {
		t.Error("no bytes sent")
	}
	got.BytesSent = 0
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	seen := server.Seen()
	if len(seen) != 3 || string(seen[0].Body) != body || !strings.HasSuffix(seen[0].Target, "?upsert=true") || seen[0].Status != 503 ||
		seen[0].Path != "/v1/blueprints/service/entities/bulk" || seen[0].Header.Get("User-Agent") == "" {
		t.Errorf("seen %+v", seen)
	}
	server.ResetCounts()
	if diff := cmp.Diff(journal.Counts{}, server.Requests()); diff != "" || len(server.Seen()) != 0 {
		t.Errorf("after ResetCounts (-want +got):\n%s", diff)
	}
}

// hijacked is a connection that a fault takes over.
type hijacked struct {
	http.ResponseWriter
	taken func()
}

func (h hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	h.taken()
	conn, other := net.Pipe()
	return conn, nil, other.Close()
}

// TestResetIsCountedFirst shows that a client that sees its connection reset finds the request counted.
func TestResetIsCountedFirst(t *testing.T) {
	server := fakeport.New(fakeport.Options{})
	server.Faults.Add(faults.Fault{Kind: faults.Reset})
	var counted []int
	w := hijacked{httptest.NewRecorder(), func() { counted = append(counted, server.Requests().ByStatus[0]) }}
	server.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/v1/blueprints", nil))
	if diff := cmp.Diff([]int{1}, counted); diff != "" || server.Requests().Requests != 1 {
		t.Errorf("counts %+v when taken over (-want +got):\n%s", server.Requests(), diff)
	}
}
