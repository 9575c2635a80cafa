package backfill

import (
	"hash/maphash"
	"sync"
)

// ledger records, for each identifier, what Port holds under it and which repository of this run has claimed it. It keeps a key of
// 64 bits for each, whatever the length of the identifier, and 16 bytes if Port holds it, else 8. It is safe for concurrent use.
type ledger struct {
	hash   hasher
	shards [64]shard
}

type shard struct {
	mu      sync.Mutex
	records map[uint64]record // of what Port holds
	claimed map[uint64]int32  // of what it doesn't: the index of the repository that has claimed it
}

// record is the state of an identifier that Port holds, in 16 bytes: a fingerprint in a field of its own would be padded.
type record struct {
	whole   uint64 // of the fingerprint of what Port holds
	partial uint32 // of the fingerprint
	owner   int32  // the index of the repository that has claimed it, unclaimed, or the account that Port holds it for
}

const unclaimed = -1

// heldFor returns the owner of an identifier that Port holds for another account, by the index of that account: it cannot be claimed.
func heldFor(account int) int { return unclaimed - 1 - account }

// accountIn returns the index of the other account, and false if the owner is none.
func accountIn(owner int) (account int, ok bool) { return unclaimed - 1 - owner, owner < unclaimed }

func newLedger() *ledger {
	l := &ledger{hash: hasher{maphash.MakeSeed()}}
	for i := range l.shards {
		l.shards[i].records, l.shards[i].claimed = make(map[uint64]record), make(map[uint64]int32)
	}
	return l
}

// shard returns the shard and the key of an identifier that an entry of the mapping returned.
func (l *ledger) shard(entry int, identifier string) (*shard, uint64) {
	key := mix(maphash.String(l.hash.seed, identifier), uint64(entry))
	return &l.shards[key%uint64(len(l.shards))], key
}

// recordStored records what Port holds under an identifier, and for whom.
func (l *ledger) recordStored(entry int, identifier string, stored fingerprint, owner int) {
	s, key := l.shard(entry, identifier)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records[key] = record{whole: stored.whole, partial: stored.partial, owner: int32(owner)}
}

// stored returns the fingerprint of what Port holds under an identifier, and false if it holds nothing.
func (l *ledger) stored(entry int, identifier string) (fingerprint, bool) {
	s, key := l.shard(entry, identifier)
	s.mu.Lock()
	defer s.mu.Unlock()
	r, isStored := s.records[key]
	return fingerprint{whole: r.whole, partial: r.partial}, isStored
}

// claim claims an identifier for the repository at an index of the list, unless Port holds it for an account, or this repository or an
// earlier one has claimed it. It returns the owner before.
func (l *ledger) claim(entry int, identifier string, repository int) (before int) {
	s, key := l.shard(entry, identifier)
	s.mu.Lock()
	defer s.mu.Unlock()
	before = s.owner(key)
	if before != unclaimed && before <= repository {
		return before
	}
	if r, isStored := s.records[key]; isStored {
		r.owner = int32(repository)
		s.records[key] = r
	} else {
		s.claimed[key] = int32(repository)
	}
	return before
}

// owner returns the index of the repository that has claimed the identifier, unclaimed, or the account that Port holds it for.
func (l *ledger) owner(entry int, identifier string) int {
	s, key := l.shard(entry, identifier)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.owner(key)
}

func (s *shard) owner(key uint64) int {
	if r, isStored := s.records[key]; isStored {
		return int(r.owner)
	}
	if repository, isClaimed := s.claimed[key]; isClaimed {
		return int(repository)
	}
	return unclaimed
}
