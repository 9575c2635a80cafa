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

// synthetic is an account with one repository, and its name.
func synthetic(commits int) (account fakecodecov.Account, repository string) {
	account = fakecodecov.Synthetic(fakecodecov.SyntheticOptions{Repositories: 1, CommitsPerRepository: commits})
	return account, account.Repository(0).Name
}

// far is a network with a round trip of 50 ms.
func far(r *http.Request) (*http.Response, error) {
	time.Sleep(50 * time.Millisecond)
	return http.DefaultTransport.RoundTrip(r)
}

// BenchmarkPageSize reads lists of three lengths by pages of three sizes, from a server that takes the time that the
// real one took, behind a round trip of 50 ms.
func BenchmarkPageSize(b *testing.B) {
	for _, rows := range []int{20, 1000, 100_000} {
		account, name := synthetic(rows)
		server := httptest.NewServer(fakecodecov.New(fakecodecov.Options{
			Accounts: []fakecodecov.Account{account}, Tokens: map[string]fakecodecov.Access{seesAll: {}}, Latency: fakecodecov.MeasuredLatency,
		}))
		for _, size := range []int{128, 256, 512, 1024} {
			b.Run(fmt.Sprintf("rows=%d/size=%d", rows, size), func(b *testing.B) {
				client := newClient(b, codecov.Options{BaseURL: server.URL + fakecodecov.DefaultBasePath, Token: seesAll, PageSize: size, Transport: network(far)})
				for b.Loop() {
					given := 0
					for _, err := range client.Commits(b.Context(), "synthetic", name, codecov.CommitsOptions{}) {
						if err != nil {
							b.Fatal(err)
						}
						given++
					}
					if given != rows {
						b.Fatalf("%d rows, want %d", given, rows)
					}
				}
				b.ReportMetric(float64(client.Counts().Requests)/float64(b.N), "requests/op")
			})
		}
		server.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	}
}

// BenchmarkDecodeCommits takes a page of 512 commits from the answer to the rows, without a network.
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
		given := 0
		for _, err := range client.Commits(b.Context(), "synthetic", name, codecov.CommitsOptions{}) {
			if err != nil {
				b.Fatal(err)
			}
			given++
		}
		if given != rows {
			b.Fatalf("%d rows, want %d", given, rows)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
}
