package codecov

import "time"

// Repository is a row of Codecov's list of repositories. A nil pointer is a JSON null: Codecov's own
// OpenAPI document calls these fields required and not null, real answers hold nulls all the same.
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

// HasCoverage tells whether commits with coverage may be expected. A repository has none when it is not
// active and has no totals; an archived one with totals counts.
func (r Repository) HasCoverage() bool {
	return r.Totals != nil || (r.Active != nil && *r.Active)
}

// Author is an owner or a commit's author as Codecov's REST API tells it.
// Username and Name may both be nil.
type Author struct {
	Service  string  `json:"service"`
	Username *string `json:"username"`
	Name     *string `json:"name"`
}
