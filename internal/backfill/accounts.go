package backfill

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// The properties of the built-in blueprints that hold the address of an entity's page at Codecov.
const (
	RepositoryAddress = "repository" // of mapper.CurrentBlueprint
	CommitAddress     = "url"        // of mapper.HistoryBlueprint
)

// Page is an address of Codecov's web pages: {appURL}/{service}/{owner}/{repository}, and the segments below it.
type Page struct {
	Service           codecov.Service
	Owner, Repository string
	Rest              []string
}

// ParsePage parses the address of a page below appURL, which has no slash at its end. It reports false for any other
// address. The service may have its short or its long name.
func ParsePage(appURL, address string) (Page, bool) {
	path, ok := strings.CutPrefix(address, appURL+"/")
	segments := strings.Split(path, "/")
	if !ok || len(segments) < 3 {
		return Page{}, false
	}
	for i, segment := range segments {
		unescaped, err := url.PathUnescape(segment)
		if err != nil || unescaped == "" {
			return Page{}, false
		}
		segments[i] = unescaped
	}
	service, err := codecov.ParseService(segments[0])
	return Page{Service: service, Owner: segments[1], Repository: segments[2], Rest: segments[3:]}, err == nil
}

// AccountOf returns which of the accounts the page belongs to, as it is spelled there. It reports false for another account or service.
func (p Page) AccountOf(service codecov.Service, accounts []string) (string, bool) {
	i := slices.IndexFunc(accounts, func(account string) bool { return strings.EqualFold(account, p.Owner) })
	if i < 0 || p.Service != service {
		return "", false
	}
	return accounts[i], true
}

// repositoryName is the name of a repository in its account.
type repositoryName struct{ owner, name string }

// repositoryOf returns which repository of the run's accounts an entity of codecov_coverage is. It reports false for entities that
// are not named like the built-in mapping's, and for those of another Codecov or account.
func (r *run) repositoryOf(entity port.Entity) (repositoryName, bool) {
	address, _ := entity.Properties["repository"].(string)
	page, ok := ParsePage(r.options.AppURL, address)
	if !ok || len(page.Rest) > 0 || page.Repository != entity.Identifier {
		return repositoryName{}, false
	}
	owner, ok := page.AccountOf(r.options.Codecov.Service(), r.options.Owners)
	return repositoryName{owner, page.Repository}, ok
}

// otherAccount is an account for which Port holds entities and that is not one of the run's.
type otherAccount struct {
	service codecov.Service
	owner   string
	asked   sync.Once
	gone    bool // Codecov has no such account: it was renamed or deleted
}

// otherAccountOf returns the index of the account that an entity belongs to by the page of its repository, at any Codecov. It reports
// false if that is one of the run's, or unknown.
func (r *run) otherAccountOf(entity port.Entity) (index int, ok bool) {
	address, _ := entity.Properties["repository"].(string)
	segments := strings.Split(strings.TrimRight(address, "/"), "/")
	site := len(segments) - 3 // the segments of https://host
	if site < 3 {
		return 0, false
	}
	page, ok := ParsePage(strings.Join(segments[:site], "/"), strings.Join(segments, "/"))
	if _, isOurs := page.AccountOf(r.options.Codecov.Service(), r.options.Owners); !ok || isOurs {
		return 0, false
	}
	r.back.mu.Lock()
	defer r.back.mu.Unlock()
	i := slices.IndexFunc(r.back.others, func(o *otherAccount) bool { return o.service == page.Service && o.owner == page.Owner })
	if i < 0 {
		i = len(r.back.others)
		r.back.others = append(r.back.others, &otherAccount{service: page.Service, owner: page.Owner})
	}
	return i, true
}

// describe returns for whom Port holds an entity, and whether that account looks renamed. It asks Codecov once.
func (a *otherAccount) describe(ctx context.Context, r *run, ours string) string {
	if a.service != r.options.Codecov.Service() {
		return fmt.Sprintf("Port holds it for account %s of %s", a.owner, a.service)
	}
	a.asked.Do(func() {
		ctx, end := r.codecov.guard(ctx)
		defer end()
		for _, err := range r.options.Codecov.Repositories(ctx, a.owner, codecov.RepositoriesOptions{PageSize: 1}) {
			a.gone = errors.Is(err, codecov.ErrOwnerNotFound)
			break
		}
	})
	if a.gone {
		return fmt.Sprintf("Port holds it for account %s, which Codecov doesn't have: it looks renamed to %s", a.owner, ours)
	}
	return "Port holds it for account " + a.owner
}

// StaleRepository is a repository of an account that Port holds and that Codecov's list no longer contains: it was renamed or
// deleted, or the token has lost access to it.
type StaleRepository struct {
	Owner      string `json:"owner"`
	Repository string `json:"repository"`
	RenamedTo  string `json:"renamedTo"` // the listed name that differs in case only; "" if there is none
}

// recordStale records the selected repositories that Port holds and that the lists do not contain. A list that is incomplete proves
// nothing, and a name that another repository of this run has taken over is not stale.
func (r *run) recordStale() {
	spellings := make(map[repositoryName][]string, len(r.repositories))
	for _, listed := range r.repositories {
		name := repositoryName{listed.owner, strings.ToLower(listed.row.Name)}
		spellings[name] = append(spellings[name], listed.row.Name)
	}
	for _, s := range r.back.stored {
		listed := spellings[repositoryName{s.owner, strings.ToLower(s.name)}]
		if r.isIncomplete(s.owner) || slices.Contains(listed, s.name) || !r.options.Selection.selects(s.name) ||
			r.ledger.owner(r.targets[mapper.CurrentBlueprint].entry, s.name) >= 0 {
			continue
		}
		stale := StaleRepository{Owner: s.owner, Repository: s.name}
		if len(listed) > 0 {
			stale.RenamedTo = listed[len(listed)-1]
		}
		r.recorder.update(func(c *recorder) { c.result.StaleRepositories = append(c.result.StaleRepositories, stale) })
	}
}
