package backfill

import (
	"net/url"
	"strings"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// StaleRepository is a repository of an account that Port holds and that Codecov's list no longer contains: it was renamed or
// deleted, or the token has lost access to it.
type StaleRepository struct {
	Owner      string `json:"owner"`
	Repository string `json:"repository"`
	RenamedTo  string `json:"renamedTo"` // the listed name that differs in case only; "" if there is none
}

// storedRepository is a repository of one of the run's accounts that Port holds.
type storedRepository struct{ owner, name string }

// storedAs returns which repository of the run's accounts an entity of codecov_coverage is. It reports false for entities that
// are not named like the built-in mapping's, and for those of another Codecov or account.
func storedAs(entity port.Entity, o Options) (storedRepository, bool) {
	address, _ := entity.Properties["repository"].(string)
	page, ok := ParsePage(o.AppURL, address)
	if !ok || len(page.Rest) > 0 || page.Repository != entity.Identifier {
		return storedRepository{}, false
	}
	owner, ok := page.AccountOf(o.Codecov.Service(), o.Owners)
	return storedRepository{owner: owner, name: page.Repository}, ok
}

// accountOf returns the account in the address of a repository's page at any Codecov: …/{service}/{owner}/{name}. The service may have
// its long name, as in the addresses of older scripts.
func accountOf(address string) (service codecov.Service, owner string, ok bool) {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" {
		return "", "", false
	}
	segments := strings.Split(strings.Trim(parsed.Path, "/"), "/")
	if len(segments) < 3 {
		return "", "", false
	}
	account := segments[len(segments)-3:]
	service, err = codecov.ParseService(account[0])
	return service, account[1], err == nil
}

// stale returns the selected repositories that Port holds and that the lists do not contain. A list that is incomplete proves nothing,
// and a name that another repository of this run has taken over is not stale.
func (d *discovery) stale(o Options) []StaleRepository {
	listed, spellings := make(map[storedRepository]bool, len(d.repositories)), make(map[storedRepository]string, len(d.repositories))
	for _, r := range d.repositories {
		listed[storedRepository{r.owner, r.row.Name}] = true
		spellings[storedRepository{r.owner, strings.ToLower(r.row.Name)}] = r.row.Name
	}
	var stale []StaleRepository
	for _, s := range d.back.stored {
		if d.missing.isIncomplete(s.owner) || listed[s] || !o.Selection.selects(s.name) {
			continue
		}
		if !d.ledger.isClaimed(d.targets[mapper.CurrentBlueprint].entry, s.name) {
			renamed := spellings[storedRepository{s.owner, strings.ToLower(s.name)}]
			stale = append(stale, StaleRepository{Owner: s.owner, Repository: s.name, RenamedTo: renamed})
		}
	}
	return stale
}
