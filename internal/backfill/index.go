package backfill

import (
	"hash/maphash"
	"sync"
)

// index remembers, for each identifier, what Port holds under it and which repository of this run gave it:
// a 64-bit key and a record of 16 bytes each, whatever the identifier's length. It is safe for concurrent use.
type index struct {
	hasher
	shards [64]shard
}

type shard struct {
	mu sync.Mutex
	table
}

// record is what is kept of one identifier. A fingerprint without plain part means that Port does not hold it.
type record struct {
	fingerprint
	giver int32 // the repository's place in the list, or one of the negative values below
}

const (
	nobody    = -1 // no repository of this run has given the identifier yet
	otherOnes = -2 // nor may one: Port holds it for another account
)

func newIndex() *index {
	return &index{hasher: newHasher()}
}

// at gives the place of an identifier that an entry of the mapping gives.
func (x *index) at(entry int, identifier string) (*shard, uint64) {
	key := max(mix(maphash.String(x.seed, identifier), uint64(entry)), 1)
	return &x.shards[key%uint64(len(x.shards))], key
}

// hold notes what Port holds.
func (x *index) hold(entry int, identifier string, f fingerprint, foreign bool) {
	r := record{fingerprint: f, giver: nobody}
	if foreign {
		r.giver = otherOnes
	}
	s, key := x.at(entry, identifier)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(key, r)
}

// held gives the fingerprint of what Port holds under an identifier.
func (x *index) held(entry int, identifier string) (fingerprint, bool) {
	s, key := x.at(entry, identifier)
	s.mu.Lock()
	defer s.mu.Unlock()
	r, _ := s.get(key)
	return r.fingerprint, r.plain != 0
}

// verdict is what became of a claim.
type verdict int

const (
	fresh   verdict = iota // nobody had given the identifier
	given                  // this repository had: it was a newer commit
	lost                   // a repository earlier in the list keeps it
	won                    // it was given by a repository later in the list, which loses it
	foreign                // Port holds it for another account
)

// take claims an identifier for the repository at this place of the list. The other repository is told where
// the claim is lost or won.
func (x *index) take(entry int, identifier string, repository int) (v verdict, other int) {
	s, key := x.at(entry, identifier)
	s.mu.Lock()
	defer s.mu.Unlock()
	r, known := s.get(key)
	other = int(r.giver)
	switch {
	case !known, other == nobody:
		v = fresh
	case other == otherOnes:
		return foreign, other
	case other == repository:
		return given, other
	case other < repository:
		return lost, other
	default:
		v = won
	}
	r.giver = int32(repository)
	s.put(key, r)
	return v, other
}

// astray tells whether an identifier is another repository's or another account's.
func (x *index) astray(entry int, identifier string, repository int) bool {
	s, key := x.at(entry, identifier)
	s.mu.Lock()
	defer s.mu.Unlock()
	r, known := s.get(key)
	return known && r.giver != nobody && int(r.giver) != repository
}

// claimed tells whether a repository of this run has given the identifier.
func (x *index) claimed(entry int, identifier string) bool {
	s, key := x.at(entry, identifier)
	s.mu.Lock()
	defer s.mu.Unlock()
	r, known := s.get(key)
	return known && r.giver >= 0
}
