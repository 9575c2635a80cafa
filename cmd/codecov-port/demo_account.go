package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
)

const demoOwner = "acme"

// demoRepository is a repository of the made-up account: where its coverage came from and went to.
type demoRepository struct {
	name     string
	language string
	days     int // since its first commit; 0: it has no coverage
	commits  int // 2 at least
	lines    int // now
	from, to float64
}

var demoRepositories = []demoRepository{
	{"web-shop", "typescript", 540, 260, 61_400, 58, 79}, {"checkout", "go", 540, 210, 28_900, 71, 91}, {"billing", "java", 540, 190, 44_200, 64, 66},
	{"search", "go", 510, 150, 19_700, 82, 88}, {"catalog", "kotlin", 480, 140, 23_100, 69, 84}, {"payments", "go", 540, 170, 31_500, 76, 93},
	{"inventory", "java", 540, 90, 38_600, 55, 47}, {"shipping", "python", 430, 110, 15_300, 62, 77}, {"identity", "go", 540, 120, 17_800, 85, 94},
	{"gateway", "rust", 390, 100, 9_400, 74, 89}, {"notifications", "typescript", 500, 80, 7_200, 70, 81}, {"mobile-app", "swift", 540, 180, 52_700, 31, 52},
	{"mobile-android", "kotlin", 540, 160, 49_800, 36, 58}, {"design-system", "typescript", 450, 95, 12_600, 88, 96}, {"data-pipeline", "python", 520, 105, 21_900, 66, 61},
	{"reports", "python", 360, 60, 8_800, 59, 74}, {"admin", "ruby", 540, 70, 26_300, 48, 43}, {"recommendations", "python", 210, 55, 6_900, 41, 72},
	{"pricing", "kotlin", 330, 65, 10_700, 79, 86}, {"fraud-detection", "python", 270, 75, 13_400, 67, 83}, {"email-templates", "javascript", 540, 25, 1_900, 22, 25},
	{"feature-flags", "go", 180, 45, 3_300, 90, 97}, {"audit-log", "rust", 240, 40, 4_100, 83, 92}, {"sdk-go", "go", 420, 50, 5_600, 86, 95},
	{"sdk-python", "python", 420, 50, 5_200, 84, 93}, {"sdk-js", "typescript", 420, 55, 6_100, 80, 90}, {"cli", "go", 300, 45, 4_800, 57, 78},
	{"legacy-portal", "php", 540, 30, 71_300, 14, 12}, {"warehouse-sync", "c#", 400, 60, 9_900, 73, 64}, {"chat-support", "elixir", 150, 40, 5_900, 52, 80},
	{"load-tests", "javascript", 120, 12, 1_200, 35, 38}, {"geo-lookup", "rust", 350, 35, 2_700, 91, 100},
	{name: "infrastructure", language: "hcl"}, {name: "handbook", language: "markdown"}, {name: "playground", language: "python"}, {name: "dotfiles", language: "shell"},
}

// demoAccount makes up an account whose newest commits are of today: the same repositories and the same number of
// commits each time.
func demoAccount(now time.Time) (fakecodecov.Account, error) {
	draw := rand.New(rand.NewPCG(7, 7))
	repositories, commits := []map[string]any{}, map[string][]map[string]any{}
	for _, r := range demoRepositories {
		history := r.history(draw, now)
		row := map[string]any{
			"name": r.name, "private": draw.IntN(3) > 0, "updatestamp": now.Format(time.RFC3339), "language": r.language, "branch": "main",
			"author": map[string]any{"service": "github", "username": demoOwner, "name": "Acme, Inc."},
			"active": len(history) > 0, "activated": len(history) > 0, "totals": nil,
		}
		if len(history) > 0 {
			row["totals"] = history[0]["totals"]
		}
		repositories, commits[r.name] = append(repositories, row), history
	}
	document, err := json.Marshal(map[string]any{"service": "github", "owner": demoOwner, "repos": repositories, "commits": commits})
	if err != nil {
		return fakecodecov.Account{}, err
	}
	return fakecodecov.LoadAccount(bytes.NewReader(document))
}

// history is the repository's commits, newest first. A few are not complete.
func (r demoRepository) history(draw *rand.Rand, now time.Time) []map[string]any {
	var rows []map[string]any
	var parent any
	first, last, wobble := now.AddDate(0, 0, -r.days), now.Add(-time.Duration(draw.IntN(100))*time.Hour), 0.0
	for i := range r.commits {
		done := float64(i) / float64(r.commits-1)
		wobble = 0.8*wobble + draw.NormFloat64()*0.7
		at := first.Add(time.Duration(done * float64(last.Sub(first)))).Format(time.RFC3339)
		if i%40 == 20 { // two commits of equal time, as after a rebase
			at = rows[i-1]["timestamp"].(string)
		}
		sha := fmt.Sprintf("%016x%016x%08x", draw.Uint64(), draw.Uint64(), draw.Uint32())
		message, state := demoMessages[draw.IntN(len(demoMessages))], "complete"
		if n := draw.IntN(60); n < 2 && i < r.commits-1 {
			state = []string{"error", "pending"}[n]
		}
		rows = append(rows, map[string]any{
			"commitid": sha, "parent": parent, "message": message, "timestamp": at, "branch": "main",
			"ci_passed": true, "author": map[string]any{"service": "github", "username": "jdoe", "name": "Jane Doe"},
			"state": state, "totals": r.totals(done, wobble),
		})
		parent = sha
	}
	slices.Reverse(rows)
	return rows
}

// totals are those of a commit by when so much of the repository's history was done.
func (r demoRepository) totals(done, wobble float64) map[string]any {
	way := done * done * (3 - 2*done) // slowly at first and at the end
	coverage := min(max(r.from+(r.to-r.from)*way+wobble, 0), 100)
	lines := int(float64(r.lines) * (0.6 + 0.4*done))
	hits := int(math.Round(float64(lines) * coverage / 100))
	return map[string]any{
		"files": 1 + lines/120, "lines": lines, "hits": hits, "misses": lines - hits, "partials": 0, "coverage": math.Round(float64(hits)/float64(lines)*1e7) / 1e5,
		"branches": lines / 9, "methods": 0, "sessions": 2, "complexity": 0, "complexity_total": 0, "complexity_ratio": 0, "diff": 0,
	}
}

var demoMessages = []string{
	"Fix the rounding of totals", "Add tests for the edge cases", "Split the handler in two", "Update dependencies", "Remove what nobody calls",
	"Log less", "Retry on timeouts", "Say what went wrong", "Cache the lookups", "Rename for what it does",
}
