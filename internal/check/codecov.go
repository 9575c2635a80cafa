package check

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// repository is a row of an account's list.
type repository struct {
	owner string
	row   codecov.Repository
}

func (d *doctor) codecovToken(ctx context.Context) Step {
	ctx, cancel := withPatience(ctx)
	defer cancel()
	for owner, err := range d.Codecov.Owners(ctx) {
		if err != nil {
			return codecovError(err)
		}
		if owner.Username != nil && *owner.Username != "" {
			d.visible = append(d.visible, *owner.Username)
		}
	}
	slices.Sort(d.visible)
	service := d.Codecov.Service()
	if len(d.visible) == 0 {
		return warning(fmt.Sprintf("Codecov accepts CODECOV_TOKEN, but its user can see no account at %s", service), d.ownersHint())
	}
	return passed(fmt.Sprintf("Codecov accepts CODECOV_TOKEN; its user can see %s at %s: %s",
		terminal.Plural(len(d.visible), "account"), service, shortList(d.visible)), "")
}

func codecovError(err error) Step {
	if errors.Is(err, codecov.ErrUnauthorized) {
		return failed(Credentials, "Codecov rejected CODECOV_TOKEN: "+err.Error(),
			"create a user API token (Codecov › your avatar › Settings › Access › Generate Token); upload tokens don't work")
	}
	return failed(Other, "unexpected response of Codecov: "+err.Error(), "try again later, or check the address; CODECOV_URL sets that of a self-hosted server")
}

// account lists an account's repositories.
func (d *doctor) account(ctx context.Context, owner string) Step {
	listed, private, inactive := 0, 0, 0
	var gap error // why the list is not complete
	options := codecov.RepositoriesOptions{Skipped: func(row *codecov.SkippedRowError) { gap = row }}
	for row, err := range d.Codecov.Repositories(ctx, owner, options) {
		if codecov.IsPartial(err) {
			gap = err
			break
		}
		switch {
		case errors.Is(err, codecov.ErrOwnerNotFound):
			return failed(Configuration, fmt.Sprintf("Codecov has no account %s at %s", owner, d.Codecov.Service()), d.ownersHint())
		case err != nil:
			return unexpected("list the repositories", err)
		}
		d.repositories = append(d.repositories, repository{owner, row})
		listed++
		if row.Private {
			private++
		}
		if !row.HasCoverage() {
			inactive++
		}
	}
	text := fmt.Sprintf("%s: %s private, %s inactive without coverage",
		terminal.Plural(listed, "repository"), terminal.Count(private), terminal.Count(inactive))
	switch {
	case gap != nil:
		return warning(text+"; some could not be read: "+gap.Error(), "'codecov-port sync' reads the others; name a missing one with --repo")
	case listed == 0:
		return warning("no repository is visible", "Codecov only lists repositories that the token's user may see")
	case private == 0:
		return passed(text, "if there are private repositories, they are hidden from the token's user")
	}
	return passed(text, "")
}

func (d *doctor) ownersHint() string {
	hint := fmt.Sprintf("check CODECOV_SERVICE_PROVIDER (%s) and CODECOV_SERVICE_PROVIDER_ACCOUNT_NAME", d.Codecov.Service())
	if len(d.visible) > 0 {
		hint += "; the token's user can see " + shortList(d.visible)
	}
	return hint
}

// shortList joins the first names of a list.
func shortList(names []string) string {
	const most = 10
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), more)
	}
	return strings.Join(names, ", ")
}
