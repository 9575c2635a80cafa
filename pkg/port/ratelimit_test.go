package port_test

import (
	"math"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// TestRateLimitIsKept writes several times as much as one period allows, from many workers at once.
func TestRateLimitIsKept(t *testing.T) {
	for name, limit := range map[string]fakeport.RateLimit{
		"reset in seconds": {Requests: 20, Period: 5 * time.Second},
		"reset as epoch":   {Requests: 20, Period: 5 * time.Second, ResetAsEpoch: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const batches = 60
				server := emulate(t, fakeport.Options{RateLimit: limit})
				client := connectInside(t, server)
				if estimate, known := client.EstimateDuration(1); known {
					t.Errorf("estimate %v before the first answer, want none", estimate)
				}
				all := events(batches * port.MaxBulkEntities)
				var writers sync.WaitGroup
				for i := range batches {
					writers.Go(func() {
						entities := all[i*port.MaxBulkEntities : (i+1)*port.MaxBulkEntities]
						if _, err := bulkUpsert(t, client, "event", entities, port.UpsertOptions{}); err != nil {
							t.Error(err)
						}
					})
				}
				writers.Wait()
				if refused := server.Requests().ByStatus[http.StatusTooManyRequests]; refused > 0 {
					t.Errorf("%d answers 429, want 0", refused)
				}
				if written := server.Count("event"); written != len(all) {
					t.Errorf("%d entities written, want %d", written, len(all))
				}
				// 16 in each window of 5 s: 80 % of the limit
				estimate, known := client.EstimateDuration(1000)
				if !known || estimate < 300*time.Second || estimate > 320*time.Second {
					t.Errorf("estimate for 1000 requests %v, %v, want about 310 s", estimate, known)
				}
			})
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
