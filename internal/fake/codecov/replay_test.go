package codecov_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/internal/fake/recordings"
	"github.com/google/go-cmp/cmp"
)

const recordingsDir = "../../../testdata/codecov"

// recordedTokens returns a token for each name of a token in the recordings; those it doesn't name are unknown to the server.
var recordedTokens = map[string]string{
	"TOKEN_ACME":                "0a1b2c3d-0000-4000-8000-000000000001",
	"TOKEN_SLANKS":              "0a1b2c3d-0000-4000-8000-000000000002",
	"TOKEN_GHE":                 "0a1b2c3d-0000-4000-8000-000000000003",
	"TOKEN_STRANGER":            "0a1b2c3d-0000-4000-8000-000000000004",
	"TOKEN_NOSEAT":              "0a1b2c3d-0000-4000-8000-000000000005",
	"TOKEN_RATELIMITED":         "0a1b2c3d-0000-4000-8000-000000000007",
	"TOKEN_REVOKED_AT_PROVIDER": "0a1b2c3d-0000-4000-8000-000000000008",
	"TOKEN_PROVIDER_DOWN":       "0a1b2c3d-0000-4000-8000-000000000009",
	"töken":                     "t\xf6ken", // Latin-1, as the recorder sent it
}

// unmet are requests that no client of this program sends: other headers, and page numbers and names in odd spellings.
var unmet = []string{
	"013-repos-page-plus", "021-repos-page_size-_205", "022-repos-page_size-99999999999999999999",
	"024-repos-page_size--arabic", "055-repos-accept-html", "057-repos-accept-xml", "058-repos-accept-browser",
	"074-service-to_be_deleted", "116-auth-empty", "117-auth-two-words", "118-auth-scheme-token",
	"119-auth-scheme-lower", "120-auth-scheme-basic", "123-auth-nonascii",
	"424-commits-accept-html-404", "425-repos-accept-html-401",
}

// otherTokens are the tokens of requests that no client of this program sends or that have a list of their own: a token in
// another spelling, and one whose private repositories are listed once they have been read.
var otherTokens = []string{"TOKEN_ACME_NODASHES", "TOKEN_ACME_UPPER", "TOKEN_PARTIAL"}

// TestReplay sends the recorded requests to the emulator and compares the answers, with the headers that codecov-port reads.
func TestReplay(t *testing.T) {
	exchanges := readExchanges(t)
	server := recordedServer(t, exchanges)
	compared := 0
	for _, exchange := range exchanges {
		token := exchange.Request.Token
		if slices.Contains(unmet, exchange.Name) || token != nil && slices.Contains(otherTokens, *token) {
			continue
		}
		t.Run(exchange.Name, func(t *testing.T) {
			got := replay(server, exchange.Request)
			if got.Code == http.StatusNotImplemented {
				checkNotEmulated(t, exchange.Request)
				return
			}
			compared++
			compare(t, exchange, got)
		})
	}
	if compared != 222 {
		t.Errorf("%d exchanges compared, want 222", compared)
	}
}

// checkNotEmulated fails when a request is refused that codecov-port sends: for a list.
func checkNotEmulated(t *testing.T, request recordings.Request) {
	t.Helper()
	path, rawQuery, _ := strings.Cut(request.Path, "?")
	query, _ := url.ParseQuery(rawQuery)
	for _, name := range []string{"page", "page_size", "names", "branch"} {
		query.Del(name)
	}
	parts := strings.Split(strings.TrimPrefix(path, "/api/v2/"), "/")
	isList := len(parts) == 2 && parts[1] == "" || len(parts) == 3 && parts[2] == "repos" || len(parts) == 5 && parts[4] == "commits"
	if isList && len(query) == 0 && request.Method == http.MethodGet {
		t.Errorf("%s is not emulated", request.Path)
	}
}

func compare(t *testing.T, exchange recordings.Exchange, got *httptest.ResponseRecorder) {
	t.Helper()
	want := exchange.Response
	if got.Code != want.Status {
		t.Fatalf("status %d, recorded was %d", got.Code, want.Status)
	}
	wantHTML := strings.HasPrefix(want.Headers["Content-Type"], "text/html;")
	for _, name := range []string{"Content-Type", "WWW-Authenticate"} {
		if got.Header().Get(name) != want.Headers[name] {
			t.Errorf("%s: %q, recorded was %q", name, got.Header().Get(name), want.Headers[name])
		}
	}
	if wantHTML {
		return // the pages of Django's templates are not emulated
	}
	if exchange.Name == tieAtPageEdge {
		compareAllButLast(t, exchange, got)
		return
	}
	body, err := want.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(decoded(t, body), decoded(t, got.Body.Bytes())); diff != "" {
		t.Errorf("body (-recorded +emulated):\n%s", diff)
	}
}

// tieAtPageEdge is a page that ends between commits of one timestamp: the real server puts those in no fixed order.
const tieAtPageEdge = "226-commits-page_size-100"

func compareAllButLast(t *testing.T, exchange recordings.Exchange, got *httptest.ResponseRecorder) {
	t.Helper()
	rows := func(body []byte) []any {
		page, _ := decoded(t, body).(map[string]any)
		rows, _ := page["results"].([]any)
		return rows
	}
	recorded, emulated := rows(exchange.Response.Body), rows(got.Body.Bytes())
	if diff := cmp.Diff(recorded[:99], emulated[:99]); diff != "" || len(recorded) != len(emulated) {
		t.Errorf("%d rows, recorded were %d; the first 99 (-recorded +emulated):\n%s", len(emulated), len(recorded), diff)
	}
}

func decoded(t *testing.T, body []byte) any {
	t.Helper()
	if !json.Valid(body) {
		return string(body)
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func replay(server http.Handler, recorded recordings.Request) *httptest.ResponseRecorder {
	request := httptest.NewRequest(recorded.Method, recorded.Path, nil)
	request.Host = "127.0.0.1:8088"
	for name, value := range recorded.Headers {
		request.Header.Set(name, value)
	}
	if host := request.Header.Get("Host"); host != "" {
		request.Host = host
	}
	if recorded.Headers["Authorization"] != "" {
		scheme, _, _ := strings.Cut(recorded.Headers["Authorization"], " ")
		token, known := recordedTokens[*recorded.Token]
		if !known {
			token = *recorded.Token
		}
		request.Header.Set("Authorization", scheme+" "+token)
	}
	answer := httptest.NewRecorder()
	server.ServeHTTP(answer, request)
	return answer
}

func readExchanges(t testing.TB) []recordings.Exchange {
	t.Helper()
	exchanges, err := recordings.HTTP(os.DirFS(recordingsDir))
	if err != nil {
		t.Fatal(err)
	}
	return exchanges
}

// accountFile is what LoadAccount reads.
type accountFile struct {
	Service string                       `json:"service"`
	Owner   string                       `json:"owner"`
	Repos   []json.RawMessage            `json:"repos"`
	Commits map[string][]json.RawMessage `json:"commits"`
}

func accountOf(t testing.TB, file accountFile) fakecodecov.Account {
	t.Helper()
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	mustDo(t, encoder.Encode(file))
	account, err := fakecodecov.LoadAccount(&text)
	mustDo(t, err)
	return account
}

// acmeWithDeleted is the large account with the repository that its lists hide.
func acmeWithDeleted(t testing.TB, exchanges []recordings.Exchange) fakecodecov.Account {
	t.Helper()
	text, err := os.ReadFile("../../../internal/fake/recordings/accounts/github.acme.json")
	mustDo(t, err)
	var file accountFile
	mustDo(t, json.Unmarshal(text, &file))
	row, err := exchangeNamed(t, exchanges, "185-repo-deleted-repo").Response.Bytes()
	mustDo(t, err)
	file.Repos = append(file.Repos, row)
	file.Commits["deleted-repo"] = readPage(t, exchangeNamed(t, exchanges, "186-commits-of-deleted-repo")).rows
	return accountOf(t, file)
}

func exchangeNamed(t testing.TB, exchanges []recordings.Exchange, name string) recordings.Exchange {
	t.Helper()
	i := slices.IndexFunc(exchanges, func(exchange recordings.Exchange) bool { return exchange.Name == name })
	if i < 0 {
		t.Fatalf("no recording %s", name)
	}
	return exchanges[i]
}

var loaded sync.Map // accounts by name: they never change

func loadAccount(t testing.TB, name string) fakecodecov.Account {
	t.Helper()
	if account, ok := loaded.Load(name); ok {
		return account.(fakecodecov.Account)
	}
	file, err := os.Open("../../../internal/fake/recordings/accounts/" + name + ".json")
	mustDo(t, err)
	defer func() { _ = file.Close() }()
	account, err := fakecodecov.LoadAccount(file)
	mustDo(t, err)
	loaded.Store(name, account)
	return account
}

// recordedServer holds the accounts of the recordings and the poisoned ones, rebuilt from what could be read of them.
func recordedServer(t testing.TB, exchanges []recordings.Exchange) *fakecodecov.Server {
	t.Helper()
	rebuilt := []*rebuiltAccount{
		{owner: "poisoned", name: "Poisoned", malformed: []string{"poison-array", "poison-no-complexity-keys", "poison-empty-object"}},
		{owner: "poisonedsql", name: "Poisoned SQL", unreadable: []string{"sql-text"}},
		{owner: "onlyprivate", name: "Only Private", private: []string{"hidden"}},
		{owner: "alice", name: "Alice Ångström"},
		{owner: "poisoned-int", name: "Poisoned-Int", unreadable: []string{"bad"}},
		{owner: "poisoned-nan", name: "Poisoned-Nan", unreadable: []string{"bad"}},
		{owner: "poisoned-empty", name: "Poisoned-Empty", unreadable: []string{"bad"}},
		{owner: "empty-owner"},
		{owner: "Ümit"},
	}
	accounts := []fakecodecov.Account{acmeWithDeleted(t, exchanges)}
	for _, account := range rebuilt {
		accounts = append(accounts, account.build(t, exchanges))
	}
	accounts = append(accounts, loadAccount(t, "github.slanks"), loadAccount(t, "github_enterprise.initech"), loadAccount(t, "bitbucket.stash_team"))
	ofAcme := []string{"github/acme", "github/poisoned", "github/poisonedsql", "github/onlyprivate", "github/alice"}
	server := fakecodecov.New(fakecodecov.Options{
		Accounts: accounts,
		Tokens: map[string]fakecodecov.Access{
			recordedTokens["TOKEN_ACME"]:                {Owners: ofAcme},
			recordedTokens["TOKEN_SLANKS"]:              {Owners: []string{"github/slanks"}},
			recordedTokens["TOKEN_GHE"]:                 {Owners: []string{"github_enterprise/initech"}},
			recordedTokens["TOKEN_STRANGER"]:            {Mode: fakecodecov.PublicOnly},
			recordedTokens["TOKEN_NOSEAT"]:              {Mode: fakecodecov.NoSeat},
			recordedTokens["TOKEN_RATELIMITED"]:         {Mode: fakecodecov.ProviderRateLimited},
			recordedTokens["TOKEN_REVOKED_AT_PROVIDER"]: {Mode: fakecodecov.RevokedAtProvider},
			recordedTokens["TOKEN_PROVIDER_DOWN"]:       {Mode: fakecodecov.ProviderDown},
		},
	})
	mustDo(t, server.HideRepository("github", "acme", "deleted-repo"))
	for _, account := range rebuilt {
		account.poison(t, server)
	}
	return server
}

func nameOf(t testing.TB, row json.RawMessage) string {
	t.Helper()
	var facts struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(row, &facts); err != nil {
		t.Fatal(err)
	}
	return facts.Name
}

// rebuiltAccount is an account that the recordings show in pieces only. What was never shown gets a row that stands in for it:
// the real server answered 500 wherever that row would have been.
type rebuiltAccount struct {
	owner, name string
	malformed   []string // repositories whose row spoils its page, newest first
	unreadable  []string // repositories whose row spoils its page and all later ones
	private     []string // repositories that nobody was shown

	spoiled map[string]string // by repository: the id of the commit that spoils its page
}

func (a *rebuiltAccount) build(t testing.TB, exchanges []recordings.Exchange) fakecodecov.Account {
	t.Helper()
	a.spoiled = map[string]string{}
	seen := piecesOf(t, exchanges, "/api/v2/github/"+a.owner+"/repos")
	list := seen.whole(t, standIns(slices.Concat(a.malformed, a.unreadable, a.private), len(a.private) > 0))
	commits := map[string][]json.RawMessage{}
	for _, row := range list {
		repository := nameOf(t, row)
		commits[repository] = a.commits(t, exchanges, repository)
	}
	account := accountOf(t, accountFile{"github", a.owner, list, commits})
	if a.name != "" { // an account without repositories, which alone contain it, lacks the owner's name
		account.Owner.Name = &a.name
	}
	return account
}

// commits returns a repository's commits, with one that stands in for a malformed one where a page failed.
func (a *rebuiltAccount) commits(t testing.TB, exchanges []recordings.Exchange, repository string) []json.RawMessage {
	t.Helper()
	seen := piecesOf(t, exchanges, "/api/v2/github/"+a.owner+"/repos/"+repository+"/commits")
	if !seen.failed {
		return seen.whole(t, nil)
	}
	a.spoiled[repository] = "malformed"
	return seen.whole(t, standIns([]string{"malformed"}, false))
}

// standIns makes rows, of repositories or of commits, that no page was recorded with.
func standIns(names []string, private bool) []json.RawMessage {
	var rows []json.RawMessage
	for _, name := range names {
		rows = append(rows, json.RawMessage(fmt.Sprintf(`{"name":%q,"commitid":%q,"private":%t,"active":true}`, name, name, private)))
	}
	return rows
}

// pieces are what the recordings show of a list.
type pieces struct {
	rows     []json.RawMessage // by place, nil where no unfiltered page shows it
	filtered []json.RawMessage // of filtered pages, in order
	spoiled  map[int]bool      // places that a page of one row could not show
	failed   bool              // some page could not be shown
}

func piecesOf(t testing.TB, exchanges []recordings.Exchange, path string) pieces {
	t.Helper()
	p := pieces{spoiled: map[int]bool{}}
	for _, exchange := range exchanges {
		target, err := url.Parse(exchange.Request.Path)
		if err == nil && target.Path == path {
			p.add(t, exchange, target.Query())
		}
	}
	return p
}

func (p *pieces) add(t testing.TB, exchange recordings.Exchange, query url.Values) {
	t.Helper()
	if exchange.Response.Status != http.StatusOK {
		p.failed = true
		if query.Get("page_size") == "1" {
			p.spoiled[number(query, "page", 1)-1] = true
		}
		return
	}
	page := readPage(t, exchange)
	if query.Has("names") || query.Has("branch") || query.Has("search") {
		p.filtered = append(p.filtered, page.rows...)
		return
	}
	for len(p.rows) < page.count {
		p.rows = append(p.rows, nil)
	}
	copy(p.rows[page.first:], page.rows)
}

// whole fills the gaps: what a page of one row couldn't show with rows that stand in, then the others with what filtered pages showed.
func (p *pieces) whole(t testing.TB, standIns []json.RawMessage) []json.RawMessage {
	t.Helper()
	if len(p.rows) == 0 {
		return standIns
	}
	var left []json.RawMessage
	for _, row := range p.filtered {
		if !slices.ContainsFunc(p.rows, func(placed json.RawMessage) bool { return bytes.Equal(placed, row) }) {
			left = append(left, row)
		}
	}
	standIns = p.fill(standIns, func(i int) bool { return p.spoiled[i] })
	p.fill(append(left, standIns...), func(int) bool { return true })
	if i := slices.IndexFunc(p.rows, func(row json.RawMessage) bool { return row == nil }); i >= 0 {
		t.Fatalf("row %d was never recorded", i)
	}
	return p.rows
}

// fill puts rows into the selected gaps and returns those that are left over.
func (p *pieces) fill(with []json.RawMessage, gap func(int) bool) (left []json.RawMessage) {
	for i, row := range p.rows {
		if row == nil && gap(i) && len(with) > 0 {
			p.rows[i], with = with[0], with[1:]
		}
	}
	return with
}

func (a *rebuiltAccount) poison(t testing.TB, server *fakecodecov.Server) {
	t.Helper()
	for _, repository := range a.malformed {
		mustDo(t, server.PoisonRepository("github", a.owner, repository, fakecodecov.Malformed))
	}
	for _, repository := range a.unreadable {
		mustDo(t, server.PoisonRepository("github", a.owner, repository, fakecodecov.Unreadable))
	}
	for repository, id := range a.spoiled {
		mustDo(t, server.PoisonCommit("github", a.owner, repository, id))
	}
}

func mustDo(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

type recordedPage struct {
	count, first int // rows of the whole list; where in it the page begins
	rows         []json.RawMessage
}

// readPage reads a recorded page with its rows byte for byte as they were sent.
func readPage(t testing.TB, exchange recordings.Exchange) recordedPage {
	t.Helper()
	body, err := exchange.Response.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	var page struct {
		Count   int               `json:"count"`
		Results []json.RawMessage `json:"results"`
	}
	if err := json.Unmarshal(body, &page); err != nil {
		t.Fatalf("%s: %v", exchange.Name, err)
	}
	target, err := url.Parse(exchange.Request.Path)
	if err != nil {
		t.Fatal(err)
	}
	number, size := number(target.Query(), "page", 1), number(target.Query(), "page_size", 20)
	return recordedPage{count: page.Count, first: (number - 1) * size, rows: page.Results}
}

func number(query url.Values, name string, otherwise int) int {
	if n, err := strconv.Atoi(query.Get(name)); err == nil {
		return n
	}
	return otherwise
}
