package backfill

import "math/bits"

// table maps keys, which are hashes and not 0, onto records. A million entries take some 32 MB, where a Go map takes
// 50: what is remembered of each identifier is the one thing that grows with the number of commits.
// The zero value is empty.
type table struct {
	slots []slot
	used  int
}

type slot struct {
	key uint64 // 0: free
	record
}

const (
	fewestSlots = 64
	fullest     = 0.88 // of the slots that are used at the most
	growth      = 1.25
)

// find gives the slot of a key, or the free one where it belongs.
func (t *table) find(key uint64) *slot {
	place, _ := bits.Mul64(key, uint64(len(t.slots))) // the key's share of the whole range
	for {
		if s := &t.slots[place]; s.key == key || s.key == 0 {
			return s
		}
		if place++; place == uint64(len(t.slots)) {
			place = 0
		}
	}
}

func (t *table) get(key uint64) (record, bool) {
	if len(t.slots) == 0 {
		return record{}, false
	}
	s := t.find(key)
	return s.record, s.key == key
}

func (t *table) put(key uint64, r record) {
	if float64(t.used) >= fullest*float64(len(t.slots)) {
		t.grow()
	}
	s := t.find(key)
	if s.key == 0 {
		t.used++
	}
	*s = slot{key, r}
}

func (t *table) grow() {
	old := t.slots
	t.slots = make([]slot, max(fewestSlots, int(growth*float64(len(old)))))
	for _, s := range old {
		if s.key != 0 {
			*t.find(s.key) = s
		}
	}
}
