package mapper

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper/jq"
)

// eventParts are the parts of an event in Port that a rebuilt payload does not have.
var eventParts = []string{".headers", ".queryParams"}

// unknownParts are the parts of a webhook's payload that Codecov's REST API does not return.
var unknownParts = []string{
	".body.repo.service_id", ".body.owner.service_id", ".body.head.author.service_id", ".body.head.author.email",
	".body.head.totals.messages", ".body.head.totals.diff", ".body.base", ".body.compare", ".body.pull",
}

// Shape lists the known keys of an object of the payload, at any depth. A nil Shape is a value that is known
// as a whole.
type Shape map[string]Shape

// Project returns the part of value that has the keys of the shape. Values that are not objects are returned
// unchanged.
func (s Shape) Project(value any) any {
	object, ok := value.(map[string]any)
	if s == nil || !ok {
		return value
	}
	part := make(map[string]any, len(s))
	for key, inner := range s {
		if member, ok := object[key]; ok {
			part[key] = inner.Project(member)
		}
	}
	return part
}

// knowledge knows which parts of the payloads of one git provider are unknown.
type knowledge struct {
	unknown []string
	shape   Shape // of a whole payload
}

func newKnowledge(service codecov.Service) knowledge {
	k := knowledge{unknownParts, shapeOf(samplePayload(service, sampleCommits[0]))}
	if _, ok := commitPages[service]; !ok {
		k.unknown = append(slices.Clone(k.unknown), ".body.head.service_url")
	}
	return k
}

// shapeOf returns the shape of a payload in which every known part has a value.
func shapeOf(value any) Shape {
	object, ok := value.(map[string]any)
	if !ok {
		return nil
	}
	shape := make(Shape, len(object))
	for key, inner := range object {
		if inner != nil {
			shape[key] = shapeOf(inner)
		}
	}
	return shape
}

// firstUnknown returns the unknown part that the query depends on, as in ".body.pull", and "" if there is none. A
// query that uses an object with unknown parts otherwise than by following a known key depends on them. A query that
// is only a path may return such an object: its shape is returned.
func (k knowledge) firstUnknown(query *jq.Query) (part string, shape Shape) {
	for _, read := range query.Reads {
		for _, part := range k.unknown {
			switch {
			case isWithin(read.Path, part):
				return part, nil
			case !read.Whole || !isWithin(part, read.Path):
			case query.Path == nil:
				return part, nil
			default:
				shape = k.shape
				for _, key := range query.Path {
					shape = shape[key]
				}
				return "", shape
			}
		}
	}
	return "", nil
}

// isWithin reports whether the path leads to the part or into it.
func isWithin(path, part string) bool { return strings.HasPrefix(path+".", part+".") }

// sampleCommits are two commits of one branch that have nothing else in common.
var sampleCommits = [2]codecov.Commit{sampleCommit(3, "one"), sampleCommit(11, "another")}

func sampleCommit(n int64, text string) codecov.Commit {
	branch, lines, misses, coverage := "main", 4*n, 2*n, float64(n)+0.5
	return codecov.Commit{
		CommitID:  strings.Repeat(strconv.FormatInt(n, 16), 40),
		Message:   &text,
		Timestamp: time.Date(2000+int(n), time.Month(n), int(n), int(n), int(n), int(n), int(n)*1000, time.UTC),
		Author:    &codecov.Author{Service: string(codecov.GitHub), Username: &text, Name: &text},
		Branch:    &branch,
		Totals: &codecov.Totals{
			Files: &n, Lines: &lines, Hits: &n, Misses: &misses, Partials: &n, Branches: &n, Methods: &n, Sessions: &n,
			Coverage: &coverage, Complexity: &coverage, ComplexityTotal: &coverage,
		},
	}
}

func samplePayload(service codecov.Service, commit codecov.Commit) map[string]any {
	account := Account{Service: service, Owner: "slanks", AppURL: "https://app.codecov.io"}
	return Payload(account, codecov.Repository{Name: "codecov-example"}, &commit)
}
