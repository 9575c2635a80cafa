package mapper_test

import (
	"context"
	"testing"

	"github.com/codecov-port/codecov-port/pkg/mapper"
)

func BenchmarkPayload(b *testing.B) {
	account, repository, commit := sampleAccount(), sampleRepository(), sampleCommit()
	b.ReportAllocs()
	for b.Loop() {
		mapper.Payload(account, repository, &commit)
	}
}

// BenchmarkMap is the usual commit of a repository: its history entity is new, its current state is taken already.
func BenchmarkMap(b *testing.B) {
	mapping := compile(b, mapper.BuiltinMapping())
	payload := samplePayload()
	take := func(blueprint, _ string) bool { return blueprint == "codecov_commit_coverage" }
	b.ReportAllocs()
	for b.Loop() {
		if _, err := mapping.Map(context.Background(), payload, take); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMapNewest is the newest commit of a repository: both entities are new.
func BenchmarkMapNewest(b *testing.B) {
	mapping := compile(b, mapper.BuiltinMapping())
	payload := samplePayload()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := mapping.Map(context.Background(), payload, takeAll); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkConform(b *testing.B) {
	entities := mapBuiltin(b, samplePayload())
	conformer := mapper.NewConformer(mapper.BuiltinBlueprints()[1])
	b.ReportAllocs()
	for b.Loop() {
		conformer.Conform(entities[1].Entity)
	}
}
