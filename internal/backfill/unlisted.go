package backfill

import (
	"slices"
	"strings"

	"github.com/codecov-port/codecov-port/pkg/port"
)

// The built-in blueprints: the current state of each repository, and its history.
const (
	stateBlueprint   = "codecov_coverage"
	historyBlueprint = "codecov_commit_coverage"
)

// Unlisted is a repository that Port holds for an account and that Codecov's list of the account does not have: it was
// renamed or deleted, or the token does not see it any more.
type StaleRepository struct {
	Owner      string `json:"owner"`
	Repository string `json:"repository"` // its name, which is its entity's identifier
	Removed    bool   `json:"removed"`    // under DryRun: that it would be
	Entities   int    `json:"entities"`   // its own and its history's that were removed; under DryRun: that would be
	Kept       string `json:"kept"`       // under Prune: why it was not removed, or not as a whole
}

// owned is a repository that Port holds for one of the run's accounts.
type owned struct{ owner, name string }

// ownedBy reads off an entity of the current states which repository of the run's accounts it is. An entity that is not
// named as the built-in mapping names it is none, nor is one whose address is that of another Codecov.
func (r *run) ownedBy(entity port.Entity) (owned, bool) {
	address, _ := entity.Properties["repository"].(string)
	page, ok := ParsePage(r.AppURL, address)
	if !ok || len(page.Rest) > 0 || page.Repository != entity.Identifier {
		return owned{}, false
	}
	return r.ours(page)
}

// ours gives the repository that a page is about, where it is one of the run's accounts.
func (r *run) ours(p Page) (owned, bool) {
	i := slices.IndexFunc(r.Owners, func(owner string) bool { return strings.EqualFold(owner, p.Owner) })
	if i < 0 || p.Service != r.Codecov.Service() {
		return owned{}, false
	}
	return owned{owner: r.Owners[i], name: p.Repository}, true
}

// unlisted gives the repositories that Port holds for the accounts and that the lists do not have, as far as the
// selection asks for them. What another repository of this run has taken over is not among them. A list with gaps tells
// nothing of what is not in it, unless Prune asks for an account of it.
func (r *run) unlisted() []StaleRepository {
	type key struct{ owner, name string }
	listed := make(map[key]bool, len(r.repositories))
	for _, repository := range r.repositories {
		listed[key{repository.owner, strings.ToLower(repository.Name)}] = true
	}
	var missing []StaleRepository
	for _, o := range r.owned {
		if r.Prune == nil && r.gaps.in(o.owner) {
			continue
		}
		there := listed[key{o.owner, strings.ToLower(o.name)}]
		if !there && r.selects(o.name) && !r.index.claimed(r.targets[stateBlueprint].slot, o.name) {
			missing = append(missing, StaleRepository{Owner: o.owner, Repository: o.name})
		}
	}
	return missing
}
