package port_test

import (
	"math"
	"net/http"
	"sync"
	"testing"
	"time"

	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// TestRateLimitIsKept writes several times as much as one period allows, from many workers at once.
func TestRateLimitIsKept(t *testing.T) {
	for name, limit := range map[string]fakeport.RateLimit{
		"reset in seconds": {Requests: 20, Period: 250 * time.Millisecond},
		"reset as epoch":   {Requests: 20, Period: 250 * time.Millisecond, ResetAsEpoch: true},
	} {
		t.Run(name, func(t *testing.T) {
			const batches = 60
			server := emulate(t, fakeport.Options{RateLimit: limit})
			client := connect(t, server)
			if _, known := client.Rate(); known {
				t.Error("a rate is known before Port has told it")
			}
			all := events(batches * port.MaxBulkEntities)
			var writers sync.WaitGroup
			for i := range batches {
				writers.Go(func() {
					entities := all[i*port.MaxBulkEntities : (i+1)*port.MaxBulkEntities]
					if _, err := client.BulkUpsert(t.Context(), "event", entities, port.UpsertOptions{}); err != nil {
						t.Error(err)
					}
				})
			}
			writers.Wait()
			if refused := server.Requests().ByStatus[http.StatusTooManyRequests]; refused > 0 || server.Count("event") != len(all) {
				t.Errorf("%d requests refused, %d of %d entities written", refused, server.Count("event"), len(all))
			}
			if rate, known := client.Rate(); !known || math.Abs(rate-64) > 1e-9 {
				t.Errorf("rate %v, %v, want 80 %% of 80 a second", rate, known)
			}
		})
	}
}

func TestShareIsChecked(t *testing.T) {
	for share, want := range map[float64]bool{0: true, 0.01: true, 0.8: true, 1: true, 1.01: false, 80: false, -0.5: false, math.Inf(1): false} {
		if _, err := port.NewClient(port.Options{Share: share}); (err == nil) != want {
			t.Errorf("share %v: error %v", share, err)
		}
	}
	if _, err := port.NewClient(port.Options{Share: math.NaN()}); err == nil {
		t.Error("share NaN: no error")
	}
}
