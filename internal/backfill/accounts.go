package backfill

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// addresses names the property that holds the address of an entity's page at Codecov, by built-in blueprint.
var addresses = map[string]string{mapper.CurrentBlueprint: "repository", mapper.HistoryBlueprint: "url"}

// Site is a Codecov with the accounts of a run.
type Site struct {
	AppURL  string // address of the web pages, without a slash at the end
	Service codecov.Service
	Owners  []string
}

// Page is an address of Codecov's web pages: {appURL}/{service}/{owner}/{repository}, and the segments below it.
type Page struct {
	Service           codecov.Service
	Owner, Repository string
	Rest              []string
	Account           string // which of the site's accounts Owner is, as it is spelled there; "" for another account or service
}

// page parses the address of a page. It returns the zero Page for any other address. The service may have its short or its long name.
func (s Site) page(address string) Page {
	path, ok := strings.CutPrefix(address, s.AppURL+"/")
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		segments[i], _ = url.PathUnescape(segment) // "" if it is invalid
	}
	service, err := codecov.ParseService(segments[0])
	if !ok || len(segments) < 3 || slices.Contains(segments, "") || err != nil {
		return Page{}
	}
	page := Page{Service: service, Owner: segments[1], Repository: segments[2], Rest: segments[3:]}
	i := slices.IndexFunc(s.Owners, func(account string) bool { return strings.EqualFold(account, page.Owner) })
	if i >= 0 && service == s.Service {
		page.Account = s.Owners[i]
	}
	return page
}

// Stored is an entity of a built-in blueprint in Port, with its page at Codecov.
type Stored struct {
	Entity  port.Entity
	Address string // of the page; "" if there is none
	Page    Page   // zero if Address is of another site
}

func (s Site) stored(blueprint string, entity port.Entity) Stored {
	address, _ := entity.Properties[addresses[blueprint]].(string)
	return Stored{entity, address, s.page(address)}
}

// RepositoryAccount returns the account of an entity of codecov_coverage. It returns "" for another one's, and for an entity
// that is not named like the built-in mapping's.
func (e Stored) RepositoryAccount() string {
	if len(e.Page.Rest) > 0 || e.Page.Repository != e.Entity.Identifier {
		return ""
	}
	return e.Page.Account
}

// Entities reads entities of a built-in blueprint: identifiers, pages if their address is declared, and what o includes.
func (s Site) Entities(ctx context.Context, client *port.Client, declared port.Blueprint, o port.SearchOptions) iter.Seq2[Stored, error] {
	o.Include = append(slices.Clone(o.Include), "$identifier")
	property := addresses[declared.Identifier]
	if _, isDeclared := declared.Schema.Properties[property]; isDeclared {
		o.Include = append(o.Include, property)
	}
	return func(yield func(Stored, error) bool) {
		for entity, err := range client.Search(ctx, declared.Identifier, o) {
			if !yield(s.stored(declared.Identifier, entity), err) {
				return
			}
		}
	}
}

// repositoryName is the name of a repository in its account.
type repositoryName struct{ owner, name string }

func (r *run) site() Site {
	return Site{r.options.AppURL, r.options.Codecov.Service(), r.options.Owners}
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
	host := len(segments) - 3 // the segments of https://host
	if host < 3 {
		return 0, false
	}
	site := r.site()
	site.AppURL = strings.Join(segments[:host], "/")
	page := site.page(strings.Join(segments, "/"))
	if page.Owner == "" || page.Account != "" {
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
