package backfill

import (
	"math/rand/v2"
	"testing"
)

func TestTableAgreesWithAMap(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var got table
	want := make(map[uint64]record)
	for range 20_000 {
		// Few distinct keys near each other make collisions and overwriting common.
		key := uint64(random.IntN(5000))<<51 | 1
		r := record{giver: int32(random.IntN(100))}
		got.put(key, r)
		want[key] = r
	}
	if got.used != len(want) {
		t.Errorf("%d entries, want %d", got.used, len(want))
	}
	for key := range uint64(6000) {
		key = key<<51 | 1
		r, known := got.get(key)
		if wanted, ok := want[key]; known != ok || r != wanted {
			t.Fatalf("key %x: %+v %v, want %+v %v", key, r, known, wanted, ok)
		}
	}
}

func BenchmarkIndexTake(b *testing.B) {
	x := newIndex()
	identifiers := make([]string, 1<<16)
	for i := range identifiers {
		identifiers[i] = "repository@" + string(rune('a'+i%26)) + string(rune(i))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		x.take(0, identifiers[i%len(identifiers)], 1)
	}
}
