package codecov_test

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// tiedList is a server of one list of commits with equal timestamps, in the order that PostgreSQL returns: as long as a
// page ends in the first half of the list, the order of equal rows depends on where it ends (a heap of the first rows);
// later pages agree with each other (quicksort). Pages of the recorded sizes are the recorded ones. The order at other
// sizes is a model of the server.
type tiedList struct {
	rows     []json.RawMessage         // in the order of the later pages
	times    []string                  // of rows
	recorded map[string]string         // bodies, by "page of size"
	change   func(page, asked int)     // called before each answer, optional
	refuse   func(page, size int) bool // answers 504 instead, optional

	mu    sync.Mutex
	asked []place
}

type place struct{ page, size int }

func (l *tiedList) RoundTrip(r *http.Request) (*http.Response, error) {
	page, _ := strconv.Atoi(r.URL.Query().Get("page"))
	size, _ := strconv.Atoi(r.URL.Query().Get("page_size"))
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = append(l.asked, place{page, size})
	if l.change != nil {
		l.change(page, len(l.asked))
	}
	if l.refuse != nil && l.refuse(page, size) {
		return answer(http.StatusGatewayTimeout, nil, "upstream request timeout"), nil
	}
	if body, ok := l.recorded[fmt.Sprintf("%d of %d", page, size)]; ok {
		return answer(http.StatusOK, nil, body), nil
	}
	first, end := (page-1)*size, min(page*size, len(l.rows))
	if page > 1 && first >= len(l.rows) {
		return answer(http.StatusNotFound, nil, `{"detail":"Invalid page."}`), nil
	}
	var body strings.Builder
	fmt.Fprintf(&body, `{"count":%d,"results":[`, len(l.rows))
	for i, row := range l.order(end)[first:end] {
		if i > 0 {
			body.WriteByte(',')
		}
		body.Write(row)
	}
	body.WriteString("]}")
	return answer(http.StatusOK, nil, body.String()), nil
}

// order returns the rows as a page sees them that ends at a position.
func (l *tiedList) order(end int) []json.RawMessage {
	if 2*end >= len(l.rows) {
		return l.rows
	}
	rows, random := slices.Clone(l.rows), rand.New(rand.NewPCG(uint64(end), 1))
	for first := 0; first < len(rows); {
		next := first + 1
		for next < len(rows) && l.times[next] == l.times[first] {
			next++
		}
		group := rows[first:next]
		random.Shuffle(len(group), func(i, j int) { group[i], group[j] = group[j], group[i] })
		first = next
	}
	return rows
}

// client returns a client of the list.
func (l *tiedList) client(t testing.TB, size int) *codecov.Client {
	t.Helper()
	return newClient(t, codecov.Options{Transport: l, PageSize: size})
}

// want returns the ids of all commits in the order in which the client must return them.
func (l *tiedList) want(t testing.TB) []string {
	t.Helper()
	commits := make([]codecov.Commit, len(l.rows))
	for i, row := range l.rows {
		if err := json.Unmarshal(row, &commits[i]); err != nil {
			t.Fatal(err)
		}
	}
	slices.SortFunc(commits, newestFirst)
	return ids(commits)
}

func ids(commits []codecov.Commit) []string {
	all := make([]string, len(commits))
	for i, commit := range commits {
		all[i] = commit.CommitID
	}
	return all
}

// add appends a group of commits with the same time, older than those before it.
func (l *tiedList) add(size int) {
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC).Add(-time.Duration(len(l.rows)) * time.Minute)
	stamp := at.Format(time.RFC3339)
	for range size {
		id := fmt.Sprintf("%08x", uint32(len(l.rows)+1)*2654435761)
		l.rows = append(l.rows, json.RawMessage(fmt.Sprintf(`{"commitid":%q,"timestamp":%q}`, id, stamp)))
		l.times = append(l.times, stamp)
	}
}

// recordedTies is a list of 1,100 commits, 40 of each timestamp, that was recorded by pages of 512, 1,024 and 2,048
// rows.
func recordedTies(t testing.TB) *tiedList {
	t.Helper()
	list := &tiedList{recorded: map[string]string{}}
	files, err := filepath.Glob(recordingsDir + "/ties/*.json.gz")
	if err != nil || len(files) != 6 {
		t.Fatalf("%d recordings, %v; want 6", len(files), err)
	}
	for _, file := range files {
		var page, size int
		if _, err := fmt.Sscanf(filepath.Base(file), "g40-page%d-%d", &page, &size); err != nil {
			t.Fatal(err)
		}
		body := unzip(t, file)
		list.recorded[fmt.Sprintf("%d of %d", page, size)] = string(body)
		if size != 2048 {
			continue
		}
		var whole struct{ Results []json.RawMessage }
		decode(t, body, &whole)
		for _, row := range whole.Results {
			var commit struct{ CommitID, Timestamp string }
			decode(t, row, &commit)
			list.rows = append(list.rows, json.RawMessage(fmt.Sprintf(`{"commitid":%q,"timestamp":%q}`, commit.CommitID, commit.Timestamp)))
			list.times = append(list.times, commit.Timestamp)
		}
	}
	return list
}

func unzip(t testing.TB, file string) []byte {
	t.Helper()
	compressed, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = compressed.Close() }()
	reader, err := gzip.NewReader(compressed)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// TestTiesAreReadWhole reads the recorded list by the recorded page sizes and by many others.
func TestTiesAreReadWhole(t *testing.T) {
	list := recordedTies(t)
	want := list.want(t)
	sizes := []int{1, 2, 3, 512, 513, 549, 550, 551, 1024, 1099, 1100, 2048}
	for size := 5; size < 1100; size += 23 {
		sizes = append(sizes, size)
	}
	for _, size := range sizes {
		rows, err := collect(list.client(t, size).Commits(t.Context(), "acme", "api", codecov.CommitsOptions{}))
		if err != nil || !slices.Equal(ids(rows), want) {
			t.Errorf("pages of %d: %d rows, %v; want all 1100, newest first, of equal time by their ids", size, len(rows), err)
		}
	}
}

// TestStopAmongTies stops at every kind of place, with and without a limit hint. No commit before it may be missing.
func TestStopAmongTies(t *testing.T) {
	list := recordedTies(t)
	want := list.want(t)
	for stop := 1; stop <= len(want); stop += 61 {
		for _, size := range []int{64, 512} {
			for _, hint := range []int{0, stop} {
				options := codecov.CommitsOptions{LimitHint: hint}
				got := firstCommits(t, list.client(t, size), stop, options)
				if !slices.Equal(got, want[:stop]) {
					t.Errorf("the first %d by pages of %d, hint %d: %d rows, not the newest ones", stop, size, hint, len(got))
				}
			}
		}
	}
}

func firstCommits(t *testing.T, client *codecov.Client, limit int, o codecov.CommitsOptions) []string {
	t.Helper()
	var got []string
	for commit, err := range client.Commits(t.Context(), "acme", "api", o) {
		if err != nil {
			t.Error(err)
			break
		}
		if got = append(got, commit.CommitID); len(got) == limit {
			break
		}
	}
	return got
}

// TestTiesOfEveryShape reads lists of groups of random sizes. Their order is a model of the server's.
func TestTiesOfEveryShape(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 22))
	for range 100 {
		list, largest := &tiedList{}, 1+random.IntN(60)
		for length := 1 + random.IntN(700); len(list.rows) < length; {
			list.add(1 + random.IntN(largest))
		}
		size := 1 + random.IntN(len(list.rows))
		rows, err := collect(list.client(t, size).Commits(t.Context(), "acme", "api", codecov.CommitsOptions{}))
		if err != nil || !slices.Equal(ids(rows), list.want(t)) {
			t.Errorf("%d rows in groups of up to %d by pages of %d: %d rows, %v", len(list.rows), largest, size, len(rows), err)
		}
	}
}

// TestTiesCostFewRequests: only where rows repeat are some read again.
func TestTiesCostFewRequests(t *testing.T) {
	list := recordedTies(t)
	if _, err := collect(list.client(t, 512).Commits(t.Context(), "acme", "api", codecov.CommitsOptions{})); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(list.asked, func(a, b place) int { return a.size*a.page - b.size*b.page })
	if len(list.asked) != 4 {
		t.Errorf("requests %v, want the 3 pages and one for the group at row 512", list.asked)
	}
	distinct := &tiedList{}
	for range 1100 {
		distinct.add(1)
	}
	if _, err := collect(distinct.client(t, 100).Commits(t.Context(), "acme", "api", codecov.CommitsOptions{})); err != nil {
		t.Fatal(err)
	}
	if len(distinct.asked) != 11 {
		t.Errorf("%d requests for 11 pages without equal times", len(distinct.asked))
	}
}

// TestTiesThatCannotBeRead: if the server cannot return a group as one page, the list is incomplete, but has not moved.
func TestTiesThatCannotBeRead(t *testing.T) {
	list := &tiedList{refuse: func(_, size int) bool { return size > 100 }}
	list.add(1)
	list.add(600)
	list.add(599)
	rows, err := collect(list.client(t, 100).Commits(t.Context(), "acme", "api", codecov.CommitsOptions{}))
	incomplete := (*codecov.IncompleteError)(nil)
	if !errors.As(err, &incomplete) || incomplete.Moved || incomplete.Missing != 1200-len(rows) || incomplete.Missing == 0 {
		t.Errorf("%d rows, error %v; want an IncompleteError without Moved", len(rows), err)
	}
	if got := ids(rows); !slices.IsSorted(times(rows)) || len(got) != len(unique(got)) {
		t.Errorf("%d rows are repeated or out of order", len(got))
	}
}

// TestTiesThatAreTooMany: a group is read again by a page of 100,000 rows at most.
func TestTiesThatAreTooMany(t *testing.T) {
	list := &tiedList{}
	list.add(100_100)
	rows, err := collect(list.client(t, 30_000).Commits(t.Context(), "acme", "api", codecov.CommitsOptions{}))
	incomplete := (*codecov.IncompleteError)(nil)
	if !errors.As(err, &incomplete) || incomplete.Moved || incomplete.Missing != 100_100-len(rows) {
		t.Errorf("%d rows, error %v; want an IncompleteError without Moved", len(rows), err)
	}
	if len(list.asked) != 4 {
		t.Errorf("requests %v, want 4 pages", list.asked)
	}
}

// times returns what increases from commit to commit.
func times(commits []codecov.Commit) []int64 {
	var all []int64
	for _, commit := range commits {
		all = append(all, -commit.Timestamp.Unix())
	}
	return all
}

func unique(all []string) map[string]bool {
	set := map[string]bool{}
	for _, id := range all {
		set[id] = true
	}
	return set
}

// TestListThatChanges changes a list of groups between requests, and the order of equal commits with each request.
// Commits that were there all the time must arrive, in order. Commits that are both added and removed between two
// requests leave no trace in the count: then only the order is certain.
func TestListThatChanges(t *testing.T) {
	for name, change := range map[string]func(l *tiedList, random *rand.Rand){
		"added in front": func(l *tiedList, _ *rand.Rand) { l.insert(0, time.Minute) },
		"added anywhere": func(l *tiedList, random *rand.Rand) { l.insert(random.IntN(len(l.rows)), 0) },
		"removed":        func(l *tiedList, random *rand.Rand) { l.remove(random.IntN(len(l.rows))) },
		"removed in front": func(l *tiedList, random *rand.Rand) {
			for range 1 + random.IntN(5) {
				l.remove(0)
			}
		},
		"mixed": func(l *tiedList, random *rand.Rand) {
			if random.IntN(2) == 0 {
				l.insert(random.IntN(len(l.rows)), 0)
			} else {
				l.remove(random.IntN(len(l.rows)))
			}
		},
		"ties reordered": func(*tiedList, *rand.Rand) {},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(50) {
				random := rand.New(rand.NewPCG(seed, 7))
				list := &tiedList{}
				for length := 30 + random.IntN(200); len(list.rows) < length; {
					list.add(1 + random.IntN(1+random.IntN(8)))
				}
				before := list.want(t)
				list.change = func(_, asked int) {
					if random.IntN(3) == 0 && len(list.rows) > 20 {
						change(list, random)
					}
					list.shuffleTies(random)
				}
				size := 10 + random.IntN(50)
				rows, err := collect(list.client(t, size).Commits(t.Context(), "acme", "api", codecov.CommitsOptions{}))
				list.change = nil
				got, after := unique(ids(rows)), unique(list.want(t))
				var missing []string
				for _, id := range before {
					if after[id] && !got[id] {
						missing = append(missing, id)
					}
				}
				if name != "mixed" && (len(missing) > 0 || err != nil) {
					t.Errorf("seed %d: %d of %d commits missing by pages of %d, %v", seed, len(missing), len(before), size, err)
				}
				if !slices.IsSortedFunc(rows, newestFirst) || len(got) != len(rows) {
					t.Errorf("seed %d: rows are repeated or out of order", seed)
				}
			}
		})
	}
}

// insert adds a commit before the one at a position, newer by that much.
func (l *tiedList) insert(i int, newer time.Duration) {
	at, err := time.Parse(time.RFC3339, l.times[i])
	if err != nil {
		panic(err)
	}
	stamp := at.Add(newer).Format(time.RFC3339)
	row := fmt.Sprintf(`{"commitid":"new %d","timestamp":%q}`, len(l.asked), stamp)
	l.rows = slices.Insert(l.rows, i, json.RawMessage(row))
	l.times = slices.Insert(l.times, i, stamp)
}

func (l *tiedList) remove(i int) {
	l.rows, l.times = slices.Delete(slices.Clone(l.rows), i, i+1), slices.Delete(slices.Clone(l.times), i, i+1)
}

// shuffleTies orders all rows of equal time anew.
func (l *tiedList) shuffleTies(random *rand.Rand) {
	l.rows = slices.Clone(l.rows)
	for i := range l.rows {
		if j := i + 1 + random.IntN(3); j < len(l.rows) && l.times[i] == l.times[j] {
			l.rows[i], l.rows[j] = l.rows[j], l.rows[i]
		}
	}
}
