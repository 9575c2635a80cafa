package port_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
)

// BenchmarkBulk writes bodies of 20 new entities like those of a commit and reports what each leaves in memory.
func BenchmarkBulk(b *testing.B) {
	c := start(b, fakeport.Options{})
	c.handler = c.server
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	entities := 0
	for b.Loop() {
		var body strings.Builder
		for range 20 {
			fmt.Fprintf(&body, `,{"identifier":"repository@%040d","title":"repository@0123456","properties":{"text":"a message of a commit","number":97.22222,"at":"2024-02-02T14:21:35Z","url":"https://app.codecov.io/gh/slanks/repository/commit/%040d"}}`, entities, entities)
			entities++
		}
		c.must("POST /v1/blueprints/values/entities/bulk?upsert=true&merge=true", `{"entities":[`+body.String()[1:]+`]}`)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(entities), "heap-B/entity")
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(entities), "µs/entity")
	runtime.KeepAlive(c)
}
