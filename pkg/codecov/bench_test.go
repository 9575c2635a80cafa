package codecov_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// synthetic returns an account with one repository, and the repository's name.
func synthetic(commits int) (account fakecodecov.Account, repository string) {
	account = fakecodecov.Synthetic(fakecodecov.SyntheticOptions{Repositories: 1, CommitsPerRepository: commits})
	return account, account.Repositories[0].Name
}

// far returns a network with that round trip.
func far(roundTrip time.Duration) network {
	return func(r *http.Request) (*http.Response, error) {
		time.Sleep(roundTrip)
		return http.DefaultTransport.RoundTrip(r)
	}
}

// BenchmarkPageSize reads lists of three lengths by pages of four sizes. The server takes as long as the real one,
// and the round trip is 50 ms.
func BenchmarkPageSize(b *testing.B) {
	for _, rows := range []int{20, 1000, 100_000} {
		account, name := synthetic(rows)
		server := httptest.NewServer(fakecodecov.New(fakecodecov.Options{
			Accounts: []fakecodecov.Account{account}, Tokens: map[string]fakecodecov.Access{seesAll: {}}, Latency: measuredLatency,
		}))
		for _, size := range []int{128, 256, 512, 1024} {
			b.Run(fmt.Sprintf("rows=%d/size=%d", rows, size), func(b *testing.B) {
				client := newClient(b, codecov.Options{BaseURL: server.URL + fakecodecov.DefaultBasePath, Token: seesAll, PageSize: size, Transport: far(50 * time.Millisecond)})
				for b.Loop() {
					read := 0
					for _, err := range client.Commits(b.Context(), "synthetic", name, codecov.CommitsOptions{}) {
						if err != nil {
							b.Fatal(err)
						}
						read++
					}
					if read != rows {
						b.Fatalf("%d rows, want %d", read, rows)
					}
				}
				b.ReportMetric(float64(client.Counts().Requests)/float64(b.N), "requests/op")
			})
		}
		server.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	}
}

// BenchmarkLongList reads one list of 20,000 commits, several pages at a time. The server takes as long as the real
// one, and the round trip is 80 ms.
func BenchmarkLongList(b *testing.B) {
	const rows = 20_000
	account, name := synthetic(rows)
	server := httptest.NewServer(fakecodecov.New(fakecodecov.Options{
		Accounts: []fakecodecov.Account{account}, Tokens: map[string]fakecodecov.Access{seesAll: {}}, Latency: measuredLatency,
	}))
	defer server.Close()
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	client := newClient(b, codecov.Options{
		BaseURL: server.URL + fakecodecov.DefaultBasePath, Token: seesAll, Transport: far(80 * time.Millisecond),
	})
	for b.Loop() {
		read := 0
		for _, err := range client.Commits(b.Context(), "synthetic", name, codecov.CommitsOptions{}) {
			if err != nil {
				b.Fatal(err)
			}
			read++
		}
		if read != rows {
			b.Fatalf("%d rows, want %d", read, rows)
		}
	}
}

// BenchmarkDecodeCommits reads a page of 512 commits, without a network.
func BenchmarkDecodeCommits(b *testing.B) {
	const rows = 512
	account, name := synthetic(rows)
	server := fakecodecov.New(fakecodecov.Options{Accounts: []fakecodecov.Account{account}, Tokens: map[string]fakecodecov.Access{seesAll: {}}})
	request := httptest.NewRequest(http.MethodGet, fmt.Sprintf("/api/v2/github/synthetic/repos/%s/commits?page_size=%d", name, rows), nil)
	request.Header.Set("Authorization", "Bearer "+seesAll)
	recorder := httptest.NewRecorder()
	server.ServeHTTP(recorder, request)
	page := recorder.Body.String()
	client := newClient(b, codecov.Options{PageSize: rows, Transport: network(func(*http.Request) (*http.Response, error) {
		whole := answer(http.StatusOK, nil, page)
		whole.ContentLength = int64(len(page))
		return whole, nil
	})})
	b.ReportAllocs()
	for b.Loop() {
		read := 0
		for _, err := range client.Commits(b.Context(), "synthetic", name, codecov.CommitsOptions{}) {
			if err != nil {
				b.Fatal(err)
			}
			read++
		}
		if read != rows {
			b.Fatalf("%d rows, want %d", read, rows)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
}

// measuredLatency is the time that the real server took: 20 ms a request and 0.22 ms a row.
func measuredLatency(_ *http.Request, rows int) time.Duration {
	return 20*time.Millisecond + time.Duration(rows)*220*time.Microsecond
}
