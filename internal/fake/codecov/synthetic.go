package codecov

import (
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// SyntheticOptions describe a made-up account.
type SyntheticOptions struct {
	Service              string // long name; empty is "github"
	Owner                string // empty is "synthetic"
	Seed                 uint64 // another seed, another account
	Repositories         int
	CommitsPerRepository int // on all branches together
	// Branches take turns in a repository: its default branch, "develop", "release/2.x" and so on. 0 is 1.
	Branches int
	// InactiveEvery makes every n-th repository one without coverage and without commits; 0 makes none.
	InactiveEvery int
	// IncompleteEvery makes every n-th commit of a repository pending, error or skipped; 0 makes none.
	IncompleteEvery int
	// Newest is when the newest commits were made, or a little later. Zero is 2026-11-22T21:00:00Z.
	Newest time.Time
}

// Synthetic makes up an account of any size. Its commits are computed from the seed and their place each time they are
// asked for, so that a million commits take no memory, and the same options always return the same rows.
// Every second repository is private. Commits lie up to twelve hours apart, each older than the one before it,
// every one complete and with coverage by default.
func Synthetic(options SyntheticOptions) Account {
	options.Service = cmp.Or(options.Service, "github")
	options.Owner = cmp.Or(options.Owner, "synthetic")
	options.Branches = max(options.Branches, 1)
	if options.Newest.IsZero() {
		options.Newest = time.Date(2026, time.November, 22, 21, 0, 0, 0, time.UTC)
	}
	name := strings.ToUpper(options.Owner[:1]) + options.Owner[1:] + ", Inc."
	account := Account{Service: options.Service, Owner: Owner{Service: options.Service, Username: options.Owner, Name: &name}}
	for i := range options.Repositories {
		account.Repositories = append(account.Repositories, options.repository(i, account.Owner))
	}
	return account
}

// isEvery reports whether i is the last of each n.
func isEvery(n, i int) bool { return n > 0 && i%n == n-1 }

func (o SyntheticOptions) repository(i int, owner Owner) Repository {
	draw, isPrivate, isActive, count := o.draw(i, -1), i%2 == 1, true, o.CommitsPerRepository
	if isEvery(o.InactiveEvery, i) {
		isActive, count = false, 0
	}
	totals := "null" // else those of the newest complete commit on the default branch
	for j := 0; j < count && totals == "null"; j += o.Branches {
		totals, _ = o.totals(i, j)
	}
	name := fmt.Sprintf("%s-%s-%d", pick(draw, subjects), pick(draw>>8, sorts), i)
	row := fmt.Appendf(nil, `{"name":"%s","private":%t,"updatestamp":"%s","author":%s,"language":"%s","branch":"%s","active":%t,"activated":%t,"totals":%s}`,
		name, isPrivate, o.timestamp(i, 0).Add(3*time.Minute).Format(time.RFC3339), encode(owner), pick(draw>>16, languages), o.branch(i, 0),
		isActive, isActive, totals)
	return Repository{Name: name, Private: isPrivate, Row: row, Commits: func(branch string) Rows { return o.commits(i, count, branch) }}
}

// branch names branch b of repository i; 0 is the default one. Commit j is on branch j modulo the number of branches.
func (o SyntheticOptions) branch(i, b int) string {
	names := []string{pick(o.draw(i, -1)>>24, defaultBranches), "develop", "release/2.x"}
	if b < len(names) {
		return names[b]
	}
	return "feature/" + strconv.Itoa(b)
}

// commits returns those of a repository's commits that are on a branch.
func (o SyntheticOptions) commits(i, count int, branch string) Rows {
	if branch == "" {
		return Rows{count, func(j int) json.RawMessage { return o.commit(i, j) }}
	}
	for b := range o.Branches {
		if o.branch(i, b) == branch {
			onBranch := (count - b + o.Branches - 1) / o.Branches
			return Rows{onBranch, func(j int) json.RawMessage { return o.commit(i, b+j*o.Branches) }}
		}
	}
	return Rows{}
}

func (o SyntheticOptions) commit(i, j int) json.RawMessage {
	draw, parent := o.draw(i, j), "null"
	if j+1 < o.CommitsPerRepository {
		parent = `"` + o.commitID(i, j+1) + `"`
	}
	author := pick(draw>>16, authors)
	totals, state := o.totals(i, j)
	return fmt.Appendf(make([]byte, 0, 700), `{"commitid":"%s","message":"%s (#%d)","timestamp":"%s","ci_passed":%s,`+
		`"author":{"service":"%s","username":"%s","name":"%s"},"branch":"%s","totals":%s,"state":"%s","parent":%s}`,
		o.commitID(i, j), pick(draw, messages), o.CommitsPerRepository-j, o.timestamp(i, j).Format(time.RFC3339), pick(draw>>8, ciResults),
		o.Service, author[0], author[1], o.branch(i, j%o.Branches), totals, state, parent)
}

// commitID returns 40 hexadecimal digits.
func (o SyntheticOptions) commitID(i, j int) string {
	first := o.draw(i, j)
	second := mix(first + 1)
	id := binary.LittleEndian.AppendUint64(nil, first)
	id = binary.LittleEndian.AppendUint64(id, second)
	return hex.EncodeToString(binary.LittleEndian.AppendUint32(id, uint32(mix(second))))
}

// commitInterval is the time in which a repository gets one commit.
const commitInterval = 6 * time.Hour

// timestamp returns whole seconds: each commit has an interval of its own and lies somewhere in it.
func (o SyntheticOptions) timestamp(i, j int) time.Time {
	within := time.Duration(o.draw(i, j)>>20%uint64(commitInterval/time.Second)) * time.Second
	return o.Newest.UTC().Truncate(time.Second).Add(-within - time.Duration(j)*commitInterval)
}

// totals makes a repository that grows over time and whose coverage drifts up, with some noise.
func (o SyntheticOptions) totals(i, j int) (totals, state string) {
	if isEvery(o.IncompleteEvery, j) {
		return "null", pick(uint64(j/o.IncompleteEvery), unfinishedStates)
	}
	repository, noise := o.draw(i, -1), o.draw(i, j)>>32
	age := int64(o.CommitsPerRepository - j)
	lines := 400 + int64(repository>>32%9000) + age*3
	permille := min(1000, 500+int64(repository>>44%400)+age*80/int64(o.CommitsPerRepository)+int64(noise%20))
	hits := lines * permille / 1000
	partials := (lines - hits) / 50
	return fmt.Sprintf(`{"files":%d,"lines":%d,"hits":%d,"misses":%d,"partials":%d,"coverage":%s,"branches":%d,"methods":0,"sessions":%d,`+
		`"complexity":0.0,"complexity_total":0.0,"complexity_ratio":0,"diff":0}`,
		lines/40+1, lines, hits, lines-hits-partials, partials, coverage(hits, lines), lines/6, 1+noise>>8%6), "complete"
}

// coverage cuts to two decimals as the API does: the ratio with five decimals, times 100 and down, in floats.
// All but the rows that contradict themselves of the recorded accounts agree with it.
func coverage(hits, lines int64) string {
	percent, _ := strconv.ParseFloat(fmt.Sprintf("%.5f", float64(hits)/float64(lines)*100), 64)
	text := strconv.FormatFloat(math.Floor(percent*100)/100, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// draw returns 64 bits that depend on nothing but the seed and the place; j is -1 for the repository itself.
func (o SyntheticOptions) draw(i, j int) uint64 {
	return mix(mix(o.Seed) + mix(uint64(i)<<32|uint64(uint32(j+1))))
}

// mix is the finishing step of SplitMix64, which maps no two numbers to the same one.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func pick[T any](draw uint64, from []T) T { return from[draw%uint64(len(from))] }

// What rows are made of. The texts need no escaping in JSON.
var (
	subjects         = []string{"billing", "search", "ingest", "auth", "ledger", "notify", "queue", "report", "media", "edge", "cart", "risk"}
	sorts            = []string{"service", "web", "lib", "worker", "infra"}
	languages        = []string{"go", "python", "typescript", "java", "rust", "ruby", "c++"}
	defaultBranches  = []string{"main", "main", "main", "master"}
	ciResults        = []string{"true", "true", "true", "true", "false", "null"}
	unfinishedStates = []string{"pending", "error", "skipped"}
	authors          = [][2]string{ // username and name
		{"jdoe", "Jane Doe"}, {"alice", "Alice Ångström"}, {"o.brien", "Séamus O'Brien"}, {"li-wei", "李伟"},
		{"marie-claire", "Marie-Claire"}, {"k8s-guy", "K8s Guy"}, {"dependabot[bot]", "dependabot[bot]"}, {"sasha", "Sasha S."},
	}
	messages = []string{
		"Fix flaky test in scheduler", "feat(api): add cursor pagination", "chore(deps): bump the minor group",
		"refactor: split parser\\n\\n- move tokens\\n- drop dead code", "Add retries to uploader", "docs: say how to run it",
		"perf: read the index once", "fix: no panic on an empty report",
	}
)
