package codecov_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// broken is Codecov's answer to a page with a malformed row, and also while the git provider is down.
func broken(*http.Request) (*http.Response, error) {
	return answer(http.StatusInternalServerError, nil, `{"error": "Server Error (500)"}`), nil
}

// malformed breaks every page with one of these rows, counted from 0.
func malformed(bad ...int) func(int, int, *http.Request) (*http.Response, error) {
	return func(_, size int, r *http.Request) (*http.Response, error) {
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		from := (page - 1) * size
		if slices.ContainsFunc(bad, func(row int) bool { return from <= row && row < from+size }) {
			return broken(r)
		}
		return nil, nil
	}
}

// skippedRows collects the positions of skipped rows.
type skippedRows struct{ positions []int }

func (l *skippedRows) add(row *codecov.SkippedRowError) {
	l.positions = append(l.positions, row.Position)
}

// TestMalformedRowsAreSkipped: wherever they are, the other rows come in their order, and each malformed one is
// reported.
func TestMalformedRowsAreSkipped(t *testing.T) {
	const commits = 1100
	want := rowsOf(t, commits)
	random := rand.New(rand.NewPCG(6, 6))
	several := random.Perm(commits)[:20]
	slices.Sort(several)
	for _, test := range []struct {
		size     int
		bad      []int
		requests int // at the most
	}{
		{512, []int{0}, 3 + 25}, {512, []int{511}, 3 + 25}, {512, []int{512}, 3 + 25}, {512, []int{700}, 3 + 25}, {512, []int{commits - 1}, 3 + 25},
		{512, []int{0, 1}, 3 + 35}, {512, []int{0, 512, 1024}, 3 + 75}, {512, several, 3 + 20*20},
		{500, []int{499}, 3 + 150}, {25, []int{24}, 44 + 32}, {100, []int{50, 99, 100}, 11 + 150}, {1, []int{5}, commits + 7},
	} {
		t.Run(fmt.Sprintf("%d rows a page/%d bad from %d", test.size, len(test.bad), test.bad[0]), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, _, list := wired(t, commits, codecov.Options{PageSize: test.size})
				w.fault = malformed(test.bad...)
				var skipped skippedRows
				got, err := collect(list(codecov.CommitsOptions{Skipped: skipped.add}))
				if err != nil {
					t.Fatal(err)
				}
				var sound []codecov.Commit
				var positions []int
				for i, commit := range want {
					if slices.Contains(test.bad, i) {
						positions = append(positions, i+1)
						continue
					}
					sound = append(sound, commit)
				}
				if !slices.EqualFunc(got, sound, sameCommit) {
					t.Errorf("%d rows, want the %d others in their order", len(got), len(sound))
				}
				if diff := cmp.Diff(positions, skipped.positions); diff != "" {
					t.Errorf("skipped (-want +reported):\n%s", diff)
				}
				if len(w.requests()) > test.requests {
					t.Errorf("%d requests, want %d at the most", len(w.requests()), test.requests)
				}
			})
		})
	}
}

// TestMalformedRowEndsTheListWithoutSkipped: the rows before it come first.
func TestMalformedRowEndsTheListWithoutSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, list := wired(t, 100, codecov.Options{PageSize: 16})
		w.fault = malformed(20)
		rows, err := collect(list(codecov.CommitsOptions{}))
		row, apiError := (*codecov.SkippedRowError)(nil), (*codecov.APIError)(nil)
		if !errors.As(err, &row) || row.Position != 21 || !errors.As(err, &apiError) || len(rows) < 16 {
			t.Errorf("%d rows, error %v", len(rows), err)
		}
	})
}

// TestListOfMalformedRows ends after a bounded number of requests.
func TestListOfMalformedRows(t *testing.T) {
	for name, test := range map[string]struct {
		bad      func(int) bool
		position int // where the list stops
		requests int // at the most
	}{
		"all":          {func(int) bool { return true }, 1, 40},
		"from 200 on":  {func(row int) bool { return row >= 200 }, 201, 60},
		"every second": {func(row int) bool { return row%2 == 0 }, 201, 1100},
	} {
		synctest.Test(t, func(t *testing.T) {
			const commits = 1100
			var bad []int
			for row := range commits {
				if test.bad(row) {
					bad = append(bad, row)
				}
			}
			w, _, list := wired(t, commits, codecov.Options{PageSize: 512})
			w.fault = malformed(bad...)
			rows, err := collect(list(codecov.CommitsOptions{Skipped: func(*codecov.SkippedRowError) {}}))
			stopped := (*codecov.TruncatedListError)(nil)
			if !errors.As(err, &stopped) || stopped.Position != test.position {
				t.Errorf("%s: %d rows, error %v; want a TruncatedListError at row %d", name, len(rows), err, test.position)
			}
			if sound := len(rows); test.position > 1 && sound < 100 {
				t.Errorf("%s: %d rows before it", name, sound)
			}
			if len(w.requests()) > test.requests {
				t.Errorf("%s: %d requests, want %d at the most", name, len(w.requests()), test.requests)
			}
		})
	}
}

// TestMalformedRowsBehindUndecodableOnes: rows of both kinds count for the limit of skipped rows.
func TestMalformedRowsBehindUndecodableOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const commits, size, garbled = 600, 256, 150
		w, _, list := wired(t, commits, codecov.Options{PageSize: size})
		w.fault = func(asked, wanted int, r *http.Request) (*http.Response, error) {
			if page, _ := strconv.Atoi(r.URL.Query().Get("page")); (page-1)*wanted >= size {
				return malformed(size, size+2, size+4, size+6)(asked, wanted, r)
			}
			body := fmt.Sprintf(`{"count":%d,"results":[%s%s]}`, commits, strings.Repeat("[],", garbled), strings.Repeat(`,{}`, size-garbled)[1:])
			return answer(http.StatusOK, nil, body), nil
		}
		rows, err := collect(list(codecov.CommitsOptions{Skipped: func(*codecov.SkippedRowError) {}}))
		stopped := (*codecov.TruncatedListError)(nil)
		if !errors.As(err, &stopped) || stopped.Position != size+1 {
			t.Errorf("%d rows, error %v; want a TruncatedListError at row %d", len(rows), err, size+1)
		}
	})
}

// TestOutageIsNotBisected: one retry, and one request past the end of the list.
func TestOutageIsNotBisected(t *testing.T) {
	for _, first := range []int{1, 3} {
		synctest.Test(t, func(t *testing.T) {
			w, _, list := wired(t, 1100, codecov.Options{PageSize: 512})
			w.fault = func(_, size int, r *http.Request) (*http.Response, error) {
				if page, _ := strconv.Atoi(r.URL.Query().Get("page")); (page-1)*size >= (first-1)*512 {
					return broken(r)
				}
				return nil, nil
			}
			started := time.Now()
			rows, err := collect(list(codecov.CommitsOptions{Skipped: func(row *codecov.SkippedRowError) { t.Error(row) }}))
			apiError := (*codecov.APIError)(nil)
			if !errors.Is(err, codecov.ErrOutage) || !errors.As(err, &apiError) || apiError.Attempts != 2 || len(rows) != max(0, 512*(first-1)-1) {
				t.Errorf("%d rows, error %v", len(rows), err)
			}
			if sent := len(w.requests()) - (first - 1); sent != 3 {
				t.Errorf("%d requests, want 3: %q", sent, w.requests())
			}
			if took := time.Since(started); took > 2*time.Second {
				t.Errorf("failed after %s, want 2s at most", took)
			}
		})
	}
}

// TestOutageWhileBisecting is an outage, not many malformed rows.
func TestOutageWhileBisecting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, list := wired(t, 1100, codecov.Options{PageSize: 512})
		w.fault = func(asked, size int, r *http.Request) (*http.Response, error) {
			if asked > 5 {
				return broken(r)
			}
			return malformed(300)(asked, size, r)
		}
		_, err := collect(list(codecov.CommitsOptions{Skipped: func(row *codecov.SkippedRowError) { t.Error(row) }}))
		if !errors.Is(err, codecov.ErrOutage) {
			t.Errorf("error %v", err)
		}
	})
}

// TestSingleServerErrorIsRetried: the page comes when it is requested again.
func TestSingleServerErrorIsRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, list := wired(t, 100, codecov.Options{PageSize: 512})
		w.fault = func(asked, _ int, r *http.Request) (*http.Response, error) {
			if asked == 1 {
				return broken(r)
			}
			return nil, nil
		}
		rows, err := collect(list(codecov.CommitsOptions{}))
		if len(rows) != 100 || err != nil || len(w.requests()) != 2 {
			t.Errorf("%d rows, %v, requests %q", len(rows), err, w.requests())
		}
	})
}

// TestProviderDown: the list of a private repository fails as an outage, that of a public one is read.
func TestProviderDown(t *testing.T) {
	account := acme(t)
	const token = "0a1b2c3d-0000-4000-8000-00000000bbbb"
	server := fakecodecov.New(fakecodecov.Options{BasePath: basePath, Accounts: []fakecodecov.Account{account.emulated},
		Tokens: map[string]fakecodecov.Access{token: {Mode: fakecodecov.ProviderDown}}})
	emulated := emulator{server, listen(t, server)}
	synctest.Test(t, func(t *testing.T) {
		client := emulated.client(t, emulated.direct, func(o *codecov.Options) { o.Token = token })
		if _, err := collect(client.Commits(t.Context(), "acme", "monolith", codecov.CommitsOptions{})); !errors.Is(err, codecov.ErrOutage) {
			t.Errorf("private repository: error %v, want ErrOutage", err)
		}
		rows, err := collect(client.Commits(t.Context(), "acme", "ties", codecov.CommitsOptions{}))
		compare(t, rows, err, wantCommits(t, account.Commits["ties"]))
	})
}

// poisonedAcme serves the recorded account with malformed rows at these positions of the list of repositories.
func poisonedAcme(t *testing.T, poison map[int]fakecodecov.Poison) (recordedAccount, emulator) {
	t.Helper()
	account := acme(t)
	server := serve(t, account.emulated)
	for place, kind := range poison {
		if err := server.PoisonRepository("github", "acme", nameAt(account, place), kind); err != nil {
			t.Fatal(err)
		}
	}
	return account, server
}

func nameAt(account recordedAccount, place int) string {
	return account.Repositories[place]["name"].(string)
}

func TestMalformedRepositoriesAreSkipped(t *testing.T) {
	account, server := poisonedAcme(t, map[int]fakecodecov.Poison{8: fakecodecov.Malformed, 19: fakecodecov.Malformed, 20: fakecodecov.Malformed, 59: fakecodecov.Malformed})
	synctest.Test(t, func(t *testing.T) {
		var skipped skippedRows
		client := server.client(t, server.direct)
		got, err := collect(client.Repositories(t.Context(), "acme", codecov.RepositoriesOptions{Skipped: skipped.add}))
		sound := slices.Concat(account.Repositories[:8], account.Repositories[9:19], account.Repositories[21:59])
		compare(t, got, err, wantAll(t, sound, wantRepository))
		if !slices.Equal(skipped.positions, []int{9, 20, 21, 60}) {
			t.Errorf("skipped rows %v, want 9, 20, 21 and 60", skipped.positions)
		}
	})
}

// TestUnreadableRepositoryTruncatesTheList: all before it are listed, and those behind it can be read by name.
func TestUnreadableRepositoryTruncatesTheList(t *testing.T) {
	for _, place := range []int{0, 1, 30, 58} {
		account, server := poisonedAcme(t, map[int]fakecodecov.Poison{place: fakecodecov.Unreadable})
		synctest.Test(t, func(t *testing.T) { checkTruncated(t, account, server, place) })
	}
}

func checkTruncated(t *testing.T, account recordedAccount, server emulator, place int) {
	t.Helper()
	client := server.client(t, server.direct, func(o *codecov.Options) { o.PageSize = 16 })
	options := codecov.RepositoriesOptions{Skipped: func(row *codecov.SkippedRowError) { t.Error(row) }}
	got, err := collect(client.Repositories(t.Context(), "acme", options))
	stopped := (*codecov.TruncatedListError)(nil)
	if !errors.As(err, &stopped) || stopped.Position != place+1 || place > 0 && stopped.Count != 60 {
		t.Errorf("error %v, want a TruncatedListError at row %d", err, place+1)
	}
	compare(t, got, nil, wantAll(t, account.Repositories[:place], wantRepository))

	for at := range account.Repositories {
		options.Names = append(options.Names, nameAt(account, at))
	}
	var unread []string
	options.Skipped = func(row *codecov.SkippedRowError) { unread = append(unread, row.Name) }
	server.Reset()
	named, err := collect(client.Repositories(t.Context(), "acme", options))
	if err != nil || len(named) != len(options.Names)-1 || !slices.Equal(unread, []string{nameAt(account, place)}) {
		t.Errorf("by name: %d repositories, %q skipped, %v", len(named), unread, err)
	}
	if requests := server.Requests().Requests; requests > 50 {
		t.Errorf("%d requests for %d names", requests, len(options.Names))
	}
}

// TestNamesInAnOutage: nothing is skipped if every answer is broken.
func TestNamesInAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, client, _ := wired(t, 1, codecov.Options{})
		w.fault = func(_, _ int, r *http.Request) (*http.Response, error) { return broken(r) }
		options := codecov.RepositoriesOptions{Names: []string{"a", "b", "c"}, Skipped: func(row *codecov.SkippedRowError) { t.Error(row) }}
		if _, err := collect(client.Repositories(t.Context(), "synthetic", options)); !errors.Is(err, codecov.ErrOutage) {
			t.Errorf("error %v", err)
		}
	})
}

// TestRowsThatCannotBeDecoded are skipped one by one, with their ids if they have one.
func TestRowsThatCannotBeDecoded(t *testing.T) {
	body := `{"count":5,"results":[
		{"commitid":"a","timestamp":"2026-11-22T21:00:00Z"},
		{"commitid":"b","timestamp":"2026-11-22T20:00:00Z","totals":{"lines":1e30}},
		{"commitid":"c","timestamp":"yesterday"},
		[],
		{"commitid":"e","timestamp":"2026-11-22T18:00:00Z"}]}`
	client := newClient(t, codecov.Options{Transport: network(func(*http.Request) (*http.Response, error) {
		return answer(http.StatusOK, nil, body), nil
	})})
	var reported []string
	rows, err := collect(client.Commits(t.Context(), "acme", "monolith", codecov.CommitsOptions{Skipped: func(row *codecov.SkippedRowError) {
		text, _, _ := strings.Cut(row.Error(), ": ")
		reported = append(reported, text)
	}}))
	if err != nil || len(rows) != 2 || rows[0].CommitID != "a" || rows[1].CommitID != "e" {
		t.Errorf("rows %+v, %v", rows, err)
	}
	want := []string{
		`read row 2 ("b") of the commits of acme/monolith`, `read row 3 ("c") of the commits of acme/monolith`,
		`read row 4 of the commits of acme/monolith`,
	}
	if diff := cmp.Diff(want, reported); diff != "" {
		t.Errorf("skipped (-want +reported):\n%s", diff)
	}
}

// TestDeletedRowHidesAnother: a row that moves to a page that has been read is found when the list is read again.
func TestDeletedRowHidesAnother(t *testing.T) {
	account := acme(t)
	server := serve(t, account.emulated)
	client := server.client(t, func(o *codecov.Options) { o.PageSize = 10 })
	names := map[string]int{}
	for repository, err := range client.Repositories(t.Context(), "acme", codecov.RepositoriesOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		if names[repository.Name]++; len(names) == 5 {
			// Five pages may have been read by now, no more.
			if err := server.HideRepository("github", "acme", nameAt(account, 0)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for place := range account.Repositories {
		if name := nameAt(account, place); names[name] != 1 {
			t.Errorf("%s came %d times, want once", name, names[name])
		}
	}
}

// TestPageThatRepeatsAnother: if a page has the rows of the one before, the rows in its place are read again.
func TestPageThatRepeatsAnother(t *testing.T) {
	const commits, size = 60, 20
	want := rowsOf(t, commits)
	synctest.Test(t, func(t *testing.T) {
		w, _, list := wired(t, commits, codecov.Options{PageSize: size})
		w.fault = func(_, asked int, r *http.Request) (*http.Response, error) {
			if asked == size && r.URL.Query().Get("page") == "2" {
				return answerWith(w, r, "page=2", "page=1"), nil
			}
			return nil, nil
		}
		rows, err := collect(list(codecov.CommitsOptions{}))
		if err != nil || !slices.EqualFunc(rows, want, sameCommit) {
			t.Errorf("%d rows, %v; want all %d in order", len(rows), err, commits)
		}
	})
}

// TestRowThatMovesToTheFront: a commit whose time changes is missing if its new place has been read. It does not come
// out of order.
func TestRowThatMovesToTheFront(t *testing.T) {
	list := &tiedList{}
	for range 60 {
		list.add(1)
	}
	want := list.want(t)
	list.change = func(page, _ int) {
		if page == 2 && len(unique(list.times)) == 60 {
			moved := strings.Replace(string(list.rows[50]), list.times[50], "2026-11-02T00:00:00Z", 1)
			list.remove(50)
			list.rows = slices.Insert(list.rows, 0, json.RawMessage(moved))
			list.times = slices.Insert(list.times, 0, "2026-11-01T00:00:00Z")
		}
	}
	rows, err := collect(list.client(t, 20).Commits(t.Context(), "acme", "api", codecov.CommitsOptions{LimitHint: 19}))
	incomplete := (*codecov.IncompleteError)(nil)
	if !errors.As(err, &incomplete) || incomplete.Missing != 1 || !incomplete.Moved {
		t.Errorf("%d rows, error %v; want one missing row that moved", len(rows), err)
	}
	if !slices.Equal(ids(rows), slices.Delete(want, 50, 51)) {
		t.Errorf("%d rows, want the 59 others in order", len(rows))
	}
}

// answerWith returns the answer to another page.
func answerWith(w *wire, r *http.Request, page, other string) *http.Response {
	changed := r.Clone(r.Context())
	changed.URL.RawQuery = strings.Replace(r.URL.RawQuery, page+"&", other+"&", 1)
	recorder := httptest.NewRecorder()
	w.server.ServeHTTP(recorder, changed)
	return recorder.Result()
}

// TestCountWithMalformedRows: the newest commits may be malformed.
func TestCountWithMalformedRows(t *testing.T) {
	account := acme(t)
	ties := account.Commits["ties"]
	server := serve(t, account.emulated)
	client := server.client(t, server.direct)
	for _, bad := range ties[:2] {
		if err := server.PoisonCommit("github", "acme", "ties", bad["commitid"].(string)); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		if count, err := client.CountCommits(t.Context(), "acme", "ties", codecov.CommitsOptions{}); count != len(ties) || err != nil {
			t.Errorf("%d commits, %v; want %d", count, err, len(ties))
		}
	})
}

// TestMalformedFirstPage: the count of the list is known from the rows behind it.
func TestMalformedFirstPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, list := wired(t, 60, codecov.Options{PageSize: 8})
		w.fault = malformed(0, 1, 2, 3, 4, 5, 6, 7)
		var counts []int
		rows, err := collect(list(codecov.CommitsOptions{
			Skipped: func(*codecov.SkippedRowError) {}, Counted: func(count int) { counts = append(counts, count) },
		}))
		if len(rows) != 52 || err != nil || counts[0] != 60 {
			t.Errorf("%d rows, counted %v, %v; want 52 of 60", len(rows), counts, err)
		}
	})
}

// TestMalformedRowIsReportedOnce: also if rows are read again.
func TestMalformedRowIsReportedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, list := wired(t, 60, codecov.Options{PageSize: 20})
		moved := false
		w.fault = func(asked, size int, r *http.Request) (*http.Response, error) {
			if r.URL.Query().Get("page") == "3" && size == 20 && !moved {
				moved = true
				return answerWith(w, r, "page=3", "page=2"), nil
			}
			return malformed(5)(asked, size, r)
		}
		var skipped skippedRows
		rows, err := collect(list(codecov.CommitsOptions{Skipped: skipped.add}))
		if len(rows) != 59 || err != nil || !slices.Equal(skipped.positions, []int{6}) || !moved {
			t.Errorf("%d rows, rows %v skipped, %v", len(rows), skipped.positions, err)
		}
	})
}
