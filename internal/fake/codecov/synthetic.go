package codecov

import (
	"encoding/hex"
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
	// Branches is how many branches take turns in a repository: its default branch, "develop", "release/2.x" and so on. 0 is 1.
	Branches int
	// InactiveEvery makes every n-th repository one without coverage and without commits; 0 makes none.
	InactiveEvery int
	// IncompleteEvery makes every n-th commit of a repository one that isn't complete: pending, error or skipped; 0 makes none.
	IncompleteEvery int
	// Newest is when the newest commits were made, or a little later. Zero is 2026-11-22T21:00:00Z.
	Newest time.Time
}

// Synthetic makes up an account of any size. Its rows are computed from the seed and their place each time they are
// asked for, so that a million commits take no memory, and the same options always return the same rows.
// Every second repository is private. Commits lie up to twelve hours apart, each older than the one before it,
// every one complete and with coverage unless the options say otherwise.
func Synthetic(options SyntheticOptions) Account {
	if options.Service == "" {
		options.Service = "github"
	}
	if options.Owner == "" {
		options.Owner = "synthetic"
	}
	if options.Newest.IsZero() {
		options.Newest = time.Date(2026, time.November, 22, 21, 0, 0, 0, time.UTC)
	}
	options.Branches = max(options.Branches, 1)
	return &synthetic{options}
}

type synthetic struct{ options SyntheticOptions }

func (a *synthetic) Service() string { return a.options.Service }

func (a *synthetic) Owner() Owner {
	name := strings.ToUpper(a.options.Owner[:1]) + a.options.Owner[1:] + ", Inc."
	return Owner{Service: a.options.Service, Username: a.options.Owner, Name: &name}
}

func (a *synthetic) Repositories() int { return a.options.Repositories }

func (a *synthetic) Repository(i int) Repository {
	active := !a.inactive(i)
	return Repository{Name: a.name(i), Private: i%2 == 1, Active: &active}
}

// name ends in the index, so that Find needs no table.
func (a *synthetic) name(i int) string {
	draw := a.draw(i, -1)
	return pick(draw, subjects) + "-" + pick(draw>>8, sorts) + "-" + strconv.Itoa(i)
}

func (a *synthetic) Find(name string) (int, bool) {
	i, err := strconv.Atoi(name[strings.LastIndexByte(name, '-')+1:])
	if err != nil || i < 0 || i >= a.options.Repositories || !strings.EqualFold(a.name(i), name) {
		return 0, false
	}
	return i, true
}

func (a *synthetic) inactive(i int) bool { return isEvery(a.options.InactiveEvery, i) }

// isEvery reports whether i is the last of each n.
func isEvery(n, i int) bool { return n > 0 && i%n == n-1 }

func (a *synthetic) AppendRepository(page []byte, i int) []byte {
	facts := a.Repository(i)
	page = append(page, `{"name":`...)
	page = append(page, quote(facts.Name)...)
	page = append(page, `,"private":`...)
	page = strconv.AppendBool(page, facts.Private)
	page = append(page, `,"updatestamp":"`...)
	page = a.timestamp(i, 0).Add(3*time.Minute).AppendFormat(page, time.RFC3339)
	page = append(page, `","author":`...)
	page = append(page, encode(a.Owner())...)
	page = append(page, `,"language":"`...)
	page = append(page, pick(a.draw(i, -1)>>16, languages)...)
	page = append(page, `","branch":"`...)
	page = append(page, a.branch(i, 0)...)
	page = append(page, `","active":`...)
	page = strconv.AppendBool(page, *facts.Active)
	page = append(page, `,"activated":`...)
	page = strconv.AppendBool(page, *facts.Active)
	page = append(page, `,"totals":`...)
	page = a.appendCurrentTotals(page, i)
	return append(page, '}')
}

// appendCurrentTotals appends the totals of the newest complete commit on the default branch.
func (a *synthetic) appendCurrentTotals(page []byte, i int) []byte {
	for j := 0; j < a.commitCount(i); j += a.options.Branches {
		if !isEvery(a.options.IncompleteEvery, j) {
			return a.appendTotals(page, i, j)
		}
	}
	return append(page, "null"...)
}

func (a *synthetic) commitCount(i int) int {
	if a.inactive(i) {
		return 0
	}
	return a.options.CommitsPerRepository
}

// branch names branch b of repository i; 0 is the default one. Commit j is on branch j modulo the number of branches.
func (a *synthetic) branch(i, b int) string {
	switch b {
	case 0:
		return pick(a.draw(i, -1)>>24, defaultBranches)
	case 1:
		return "develop"
	case 2:
		return "release/2.x"
	default:
		return "feature/" + strconv.Itoa(b)
	}
}

func (a *synthetic) Commits(i int, branch string) Rows {
	count := a.commitCount(i)
	if branch == "" {
		return syntheticCommits{account: a, repository: i, step: 1, count: count}
	}
	for b := range a.options.Branches {
		if a.branch(i, b) == branch {
			onBranch := (count - b + a.options.Branches - 1) / a.options.Branches
			return syntheticCommits{account: a, repository: i, first: b, step: a.options.Branches, count: onBranch}
		}
	}
	return rawRows(nil)
}

// syntheticCommits are the commits first, first+step, … of a repository.
type syntheticCommits struct {
	account                        *synthetic
	repository, first, step, count int
}

func (c syntheticCommits) Len() int { return c.count }

func (c syntheticCommits) AppendRow(page []byte, i int) []byte {
	return c.account.appendCommit(page, c.repository, c.first+i*c.step)
}

func (a *synthetic) appendCommit(page []byte, i, j int) []byte {
	draw := a.draw(i, j)
	page = append(page, `{"commitid":"`...)
	page = a.appendCommitID(page, i, j)
	page = append(page, `","message":"`...)
	page = append(page, pick(draw, messages)...)
	page = append(page, ` (#`...)
	page = strconv.AppendInt(page, int64(a.options.CommitsPerRepository-j), 10)
	page = append(page, `)","timestamp":"`...)
	page = a.timestamp(i, j).AppendFormat(page, time.RFC3339)
	page = append(page, `","ci_passed":`...)
	page = append(page, pick(draw>>8, ciResults)...)
	page = append(page, `,"author":`...)
	page = a.appendAuthor(page, draw>>16)
	page = append(page, `,"branch":"`...)
	page = append(page, a.branch(i, j%a.options.Branches)...)
	page = append(page, `","totals":`...)
	page = a.appendStateAndTotals(page, i, j)
	page = append(page, `,"parent":`...)
	if j+1 == a.options.CommitsPerRepository {
		return append(page, "null}"...)
	}
	page = append(page, '"')
	page = a.appendCommitID(page, i, j+1)
	return append(page, `"}`...)
}

func (a *synthetic) appendStateAndTotals(page []byte, i, j int) []byte {
	if isEvery(a.options.IncompleteEvery, j) {
		page = append(page, `null,"state":"`...)
		page = append(page, pick(uint64(j/a.options.IncompleteEvery), unfinishedStates)...)
		return append(page, '"')
	}
	page = a.appendTotals(page, i, j)
	return append(page, `,"state":"complete"`...)
}

func (a *synthetic) appendAuthor(page []byte, draw uint64) []byte {
	author := pick(draw, authors)
	page = append(page, `{"service":"`...)
	page = append(page, a.options.Service...)
	page = append(page, `","username":"`...)
	page = append(page, author.username...)
	page = append(page, `","name":"`...)
	page = append(page, author.name...)
	return append(page, `"}`...)
}

// appendCommitID appends 40 hexadecimal digits.
func (a *synthetic) appendCommitID(page []byte, i, j int) []byte {
	first, second := a.draw(i, j), mix(a.draw(i, j)+1)
	var id [20]byte
	for k := range 8 {
		id[k], id[8+k] = byte(first>>(8*k)), byte(second>>(8*k))
	}
	for k := range 4 {
		id[16+k] = byte(mix(second) >> (8 * k))
	}
	return hex.AppendEncode(page, id[:])
}

// commitInterval is the time in which a repository gets one commit.
const commitInterval = 6 * time.Hour

// timestamp returns whole seconds: each commit has an interval of its own and lies somewhere in it.
func (a *synthetic) timestamp(i, j int) time.Time {
	within := time.Duration(a.draw(i, j)>>20%uint64(commitInterval/time.Second)) * time.Second
	return a.options.Newest.UTC().Truncate(time.Second).Add(-within - time.Duration(j)*commitInterval)
}

// appendTotals makes a repository that grows over time and whose coverage drifts up, with some noise.
func (a *synthetic) appendTotals(page []byte, i, j int) []byte {
	repository, noise := a.draw(i, -1), a.draw(i, j)>>32
	age := int64(a.options.CommitsPerRepository - j)
	lines := 400 + int64(repository>>32%9000) + age*3
	permille := min(1000, 500+int64(repository>>44%400)+age*80/int64(a.options.CommitsPerRepository)+int64(noise%20))
	hits := lines * permille / 1000
	partials := (lines - hits) / 50
	for _, figure := range []struct {
		name  string
		value int64
	}{
		{`{"files":`, lines/40 + 1}, {`,"lines":`, lines}, {`,"hits":`, hits}, {`,"misses":`, lines - hits - partials}, {`,"partials":`, partials},
	} {
		page = append(page, figure.name...)
		page = strconv.AppendInt(page, figure.value, 10)
	}
	page = append(page, `,"coverage":`...)
	page = appendCoverage(page, hits, lines)
	page = append(page, `,"branches":`...)
	page = strconv.AppendInt(page, lines/6, 10)
	page = append(page, `,"methods":0,"sessions":`...)
	page = strconv.AppendInt(page, 1+int64(noise>>8%6), 10)
	return append(page, `,"complexity":0.0,"complexity_total":0.0,"complexity_ratio":0,"diff":0}`...)
}

// appendCoverage cuts to two decimals as the API does: the ratio with five decimals, times 100 and down, in floats.
// All but the rows that contradict themselves of the recorded accounts agree with it.
func appendCoverage(page []byte, hits, lines int64) []byte {
	ratio := 100.0
	if hits != lines {
		five := strconv.FormatFloat(float64(hits)/float64(lines)*100, 'f', 5, 64)
		ratio, _ = strconv.ParseFloat(five, 64)
	}
	cut := float64(int64(ratio*100)) / 100
	decimals := -1
	if cut == float64(int64(cut)) {
		decimals = 1
	}
	return strconv.AppendFloat(page, cut, 'f', decimals, 64)
}

// draw returns 64 bits that depend on nothing but the seed and the place; j is -1 for the repository itself.
func (a *synthetic) draw(i, j int) uint64 {
	return mix(mix(a.options.Seed) + mix(uint64(i)<<32|uint64(uint32(j+1))))
}

// mix is the finishing step of SplitMix64, which maps no two numbers to the same one.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func pick[T any](draw uint64, from []T) T { return from[draw%uint64(len(from))] }

type author struct{ username, name string }

// What rows are made of. The texts need no escaping in JSON.
var (
	subjects         = []string{"billing", "search", "ingest", "auth", "ledger", "notify", "queue", "report", "media", "edge", "cart", "risk"}
	sorts            = []string{"service", "web", "lib", "worker", "infra"}
	languages        = []string{"go", "python", "typescript", "java", "rust", "ruby", "c++"}
	defaultBranches  = []string{"main", "main", "main", "master"}
	ciResults        = []string{"true", "true", "true", "true", "false", "null"}
	unfinishedStates = []string{"pending", "error", "skipped"}
	authors          = []author{
		{"jdoe", "Jane Doe"}, {"alice", "Alice Ångström"}, {"o.brien", "Séamus O'Brien"}, {"li-wei", "李伟"},
		{"marie-claire", "Marie-Claire"}, {"k8s-guy", "K8s Guy"}, {"dependabot[bot]", "dependabot[bot]"}, {"sasha", "Sasha S."},
	}
	messages = []string{
		"Fix flaky test in scheduler", "feat(api): add cursor pagination", "chore(deps): bump the minor group",
		"refactor: split parser\\n\\n- move tokens\\n- drop dead code", "Add retries to uploader", "docs: say how to run it",
		"perf: read the index once", "fix: no panic on an empty report",
	}
)
