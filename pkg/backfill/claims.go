package backfill

import (
	"crypto/sha256"
	"sync"
)

// claims remembers which repository gave which identifier for a blueprint. An identifier counts as 16 bytes,
// whatever its length. It is safe for concurrent use.
type claims struct {
	mu     sync.Mutex
	owners map[claim]int32
}

type claim [16]byte

func newClaims() *claims { return &claims{owners: make(map[claim]int32)} }

func claimOf(blueprint, identifier string) claim {
	sum := sha256.Sum256([]byte(blueprint + "\x00" + identifier))
	return claim(sum[:16])
}

// verdict is what became of a claim.
type verdict int

const (
	fresh verdict = iota // nobody had given the identifier
	given                // this repository had: it was a newer commit
	lost                 // a repository earlier in the list keeps it
	won                  // it was given by a repository later in the list, which loses it
)

// take claims an identifier for the repository at this place of the list. The other repository is told where
// the claim is lost or won.
func (c *claims) take(blueprint, identifier string, repository int) (v verdict, other int) {
	key := claimOf(blueprint, identifier)
	c.mu.Lock()
	defer c.mu.Unlock()
	owner, known := c.owners[key]
	switch other = int(owner); {
	case !known:
		v = fresh
	case other == repository:
		return given, other
	case other < repository:
		return lost, other
	default:
		v = won
	}
	c.owners[key] = int32(repository)
	return v, other
}

// takenFrom tells whether another repository than this one has given the identifier.
func (c *claims) takenFrom(blueprint, identifier string, repository int) bool {
	key := claimOf(blueprint, identifier)
	c.mu.Lock()
	defer c.mu.Unlock()
	owner, known := c.owners[key]
	return known && int(owner) != repository
}
