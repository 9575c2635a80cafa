package codecov

import (
	"context"
	"iter"
	"net/url"
	"time"
)

// Repository is a row of Codecov's list of repositories. A nil pointer is a JSON null: Codecov's own OpenAPI document
// declares these fields as required and not null, but real answers contain nulls.
type Repository struct {
	Name        string     `json:"name"`
	Private     bool       `json:"private"`
	UpdateStamp *time.Time `json:"updatestamp"` // when the row was last saved, not when coverage was measured
	Author      Author     `json:"author"`      // the owner of the repository
	Language    *string    `json:"language"`
	Branch      string     `json:"branch"` // the default branch
	Active      *bool      `json:"active"`
	Activated   *bool      `json:"activated"`
	// Totals is that of the newest complete commit of the default branch that is at least one hour old.
	Totals *Totals `json:"totals"`
}

// HasCoverage reports whether the repository may have commits with coverage: it is active, or it has totals, as an
// archived one may.
func (r Repository) HasCoverage() bool {
	return r.Totals != nil || (r.Active != nil && *r.Active)
}

// Author is an owner or the author of a commit. Username and Name may both be nil.
type Author struct {
	Service  string  `json:"service"`
	Username *string `json:"username"`
	Name     *string `json:"name"`
}

// RepositoriesOptions selects repositories and configures how their list is read.
type RepositoriesOptions struct {
	Names    []string // exact names, compared without case, any number of them; default: all repositories
	PageSize int      // maximum rows of a request; default: the client's
	// Skipped receives each row that the list skips, while it is read. If nil, the first such row ends the list.
	Skipped func(*SkippedRowError)
}

// Repositories returns the account's repositories that the token can see, each once, newest first. If Names need more
// than one request, each request's repositories come newest first.
// owner is one path segment: a GitLab subgroup is written group:subgroup and is an owner of its own.
// The next page is read while the caller works on the one before.
//
// An error comes once and last: an *APIError, a *TruncatedListError, an *IncompleteError or, without Skipped, a
// *SkippedRowError.
func (c *Client) Repositories(ctx context.Context, owner string, o RepositoriesOptions) iter.Seq2[Repository, error] {
	all := list{
		client: c, segments: []string{string(c.service), owner, "repos"}, title: "the repositories of " + owner,
		maxSize: o.PageSize, skipped: o.Skipped,
	}
	if all.byName = len(o.Names) > 0; !all.byName {
		return repositoryRows(ctx, all)
	}
	return func(yield func(Repository, error) bool) {
		readNamed(ctx, all, o.Names, make(map[string]bool), yield)
	}
}

// Owners returns the accounts of the service that the token's user can see. It needs a token.
// An error is an *APIError and comes once and last.
func (c *Client) Owners(ctx context.Context) iter.Seq2[Author, error] {
	// Without the slash at the end of the address the server redirects.
	owners := list{client: c, segments: []string{string(c.service), ""}, title: "the accounts"}
	return func(yield func(Author, error) bool) {
		r := &pages[Author]{ctx: ctx, list: owners}
		for p := range r.all {
			for _, owner := range p.rows {
				if !yield(owner, nil) {
					return
				}
			}
			if err := r.failure(p, 0); err != nil {
				yield(Author{}, err)
				return
			}
		}
	}
}

// RepositoryExists reports whether Codecov has a repository of that name, compared without case. It returns false only
// if Codecov itself answers so, for example after the repository was renamed. Every other failure, lost access for
// example, is an error. A repository that was erased at Codecov is in no list, but still exists.
// It sends one request, for one commit: the address of the repository itself would ask the git provider.
func (c *Client) RepositoryExists(ctx context.Context, owner, repository string) (bool, error) {
	_, err := c.CountCommits(ctx, owner, repository, CommitsOptions{})
	return exists(err, "No Repository matches the given query.")
}

// Branch is a row of Codecov's list of branches.
type Branch struct {
	Name        string    `json:"name"` // "" and names of forks, owner/repo:branch, occur
	UpdateStamp time.Time `json:"updatestamp"`
}

// Branches returns the 20 branches of a repository that were updated last, newest first. The error is an *APIError.
func (c *Client) Branches(ctx context.Context, owner, repository string) ([]Branch, error) {
	branches := list{client: c, segments: []string{string(c.service), owner, "repos", repository, "branches"}}
	p := request[Branch](ctx, branches, place{size: 20}, 1, nil)
	return p.rows, p.err
}

// maxReadings is how often a list is read if its rows move between the pages.
const maxReadings = 3

// repositoryRows returns the repositories of a list, each once, in the order of the server. An error comes once and last.
func repositoryRows(ctx context.Context, l list) iter.Seq2[Repository, error] {
	return func(yield func(Repository, error) bool) {
		seen, reported, incomplete := make(map[string]bool), 0, &IncompleteError{List: l.title}
		for range maxReadings {
			r, lastPage, shrank := &pages[Repository]{ctx: ctx, list: l}, make(map[string]int), false
			for p := range r.all {
				incomplete.Moved = incomplete.Moved || p.moved
				shrank = shrank || p.shrank
				for _, row := range p.rows {
					before, again := lastPage[row.Name]
					incomplete.Moved = incomplete.Moved || again && before < r.number
					if !seen[row.Name] && !yield(row, nil) {
						return
					}
					lastPage[row.Name], seen[row.Name] = r.number, true
				}
				if err := r.failure(p, reported); err != nil {
					yield(Repository{}, err)
					return
				}
				reported = max(reported, r.skipped+len(p.bad))
			}
			incomplete.Count, incomplete.Missing = r.count, max(0, r.count-r.skipped-len(lastPage))
			if incomplete.Missing == 0 && !shrank {
				return
			}
		}
		yield(Repository{}, incomplete)
	}
}

// maxRequestLine is the longest request line that the server accepts, in bytes. It answers 400 to a longer one.
// Measured with an unmodified server.
const maxRequestLine = 4094

// readNamed yields the repositories of some names, without those that were seen before, and reports whether to go on. It
// asks for all names at once, and for halves of them if the request line is too long, or if a malformed row breaks the
// answer, until one name is left, which it skips. That also reads repositories behind a row that truncates the whole list.
func readNamed(ctx context.Context, l list, names []string, seen map[string]bool, yield func(Repository, error) bool) bool {
	l.query = url.Values{"names": names}
	half := len(names) / 2
	readHalves := func() bool {
		return readNamed(ctx, l, names[:half], seen, yield) && readNamed(ctx, l, names[half:], seen, yield)
	}
	longest, err := l.address(pastTheEnd)
	if err == nil && half > 0 && len("GET "+longest.RequestURI()+" HTTP/1.1") > maxRequestLine {
		return readHalves()
	}
	for repository, err := range repositoryRows(ctx, l) {
		switch {
		case isBrokenPage(err) && half > 0:
			return readHalves()
		case isBrokenPage(err):
			err := skipNamed(&pages[Repository]{ctx: ctx, list: l}, names[0], err)
			return err == nil || yield(Repository{}, err) && false
		case err == nil && seen[repository.Name]:
			continue
		}
		seen[repository.Name] = true
		if !yield(repository, err) || err != nil {
			return false
		}
	}
	return true
}

// skipNamed skips a repository whose row is malformed, or returns the error that ends the list, such as an outage.
func skipNamed(r *pages[Repository], name string, broken error) error {
	if r.isOutage() {
		return outage(broken)
	}
	bad := &SkippedRowError{List: r.list.title, Name: name, Err: broken}
	return r.failure(&page[Repository]{bad: []*SkippedRowError{bad}}, 0)
}
