package mapper_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

func takeAll(string, string) bool { return true }

func compile(tb testing.TB, entries []mapper.Entry) *mapper.Mapping {
	tb.Helper()
	mapping, err := mapper.Compile(entries, mapper.Options{Now: sampleNow})
	if err != nil {
		tb.Fatal(err)
	}
	return mapping
}

func mapBuiltin(tb testing.TB, payload map[string]any) []mapper.Mapped {
	tb.Helper()
	result, err := compile(tb, mapper.BuiltinMapping()).Map(context.Background(), payload, takeAll)
	if err != nil {
		tb.Fatal(err)
	}
	return result.Entities
}

var sampleNow = time.Date(2026, 11, 22, 22, 0, 0, 0, time.UTC)

func sampleAccount() mapper.Account {
	return mapper.Account{Service: codecov.GitHub, Owner: "slanks", AppURL: "https://app.codecov.io"}
}

func sampleRepository() codecov.Repository {
	return codecov.Repository{Name: "codecov-example", Author: codecov.Author{Service: "github", Username: pointer("slanks")}}
}

// sampleCommit is the commit of the recorded webhook as the REST API returns it.
func sampleCommit() codecov.Commit {
	return codecov.Commit{
		CommitID:  "a7794fc92007d3a1b99066c8f6ec66a393bf3520",
		Message:   pointer("Update sonarqube.yml"),
		Timestamp: time.Date(2024, 2, 2, 14, 21, 35, 0, time.UTC),
		Author:    &codecov.Author{Service: "github", Username: pointer("slanks"), Name: pointer("PagesCoffy")},
		Branch:    pointer("slanks-patch-11"),
		State:     pointer(codecov.StateComplete),
		Totals: &codecov.Totals{
			Files: pointer(int64(3)), Lines: pointer(int64(36)), Hits: pointer(int64(35)), Misses: pointer(int64(1)),
			Partials: new(int64), Branches: new(int64), Methods: new(int64), Sessions: pointer(int64(2)),
			Coverage: pointer(97.22), Complexity: new(float64), ComplexityTotal: new(float64), ComplexityRatio: new(float64),
		},
	}
}

func pointer[T any](value T) *T { return &value }

// recorded reads a file of testdata/port, whole numbers as int, as Payload returns them.
func recorded(tb testing.TB, name string) map[string]any {
	tb.Helper()
	data, err := os.ReadFile("../../testdata/port/" + name)
	if err != nil {
		tb.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var document map[string]any
	if err := decoder.Decode(&document); err != nil {
		tb.Fatal(err)
	}
	return withInts(document).(map[string]any)
}

func withInts(value any) any {
	switch v := value.(type) {
	case json.Number:
		if i, err := strconv.Atoi(v.String()); err == nil {
			return i
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = withInts(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = withInts(v[key])
		}
	}
	return value
}

// part follows keys into nested objects.
func part(tb testing.TB, value any, keys ...string) any {
	tb.Helper()
	for _, key := range keys {
		object, ok := value.(map[string]any)
		if !ok {
			tb.Fatalf("%q: not within an object but within %v", key, value)
		}
		value = object[key]
	}
	return value
}

// entry is a mapping entry with one property, p.
func entry(expression string) mapper.Entry {
	return mapper.Entry{Blueprint: "b", Entity: mapper.EntityTemplate{
		Identifier: `"id"`, Properties: map[string]string{"p": expression},
	}}
}

// mapOne runs one entry on a payload and returns the one entity.
func mapOne(tb testing.TB, e mapper.Entry, payload map[string]any) mapper.Mapped {
	tb.Helper()
	result := mapAll(tb, e, payload)
	if len(result.Entities) != 1 {
		tb.Fatalf("got %d entities, want 1: %+v", len(result.Entities), result)
	}
	return result.Entities[0]
}

func mapAll(tb testing.TB, e mapper.Entry, payload map[string]any) mapper.Result {
	tb.Helper()
	result, err := compile(tb, []mapper.Entry{e}).Map(context.Background(), payload, takeAll)
	if err != nil {
		tb.Fatal(err)
	}
	return result
}

func samplePayload() map[string]any {
	commit := sampleCommit()
	return mapper.Payload(sampleAccount(), sampleRepository(), &commit)
}
