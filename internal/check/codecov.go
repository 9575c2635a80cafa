package check

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// repository is one of an account.
type repository struct {
	codecov.Repository
	owner string
}

func (d *doctor) codecov(ctx context.Context) {
	answers := d.step("Codecov address", "the settings of Codecov", d.Codecov != nil, func() Step { return d.reach(ctx, d.CodecovURL) })
	d.codecovReady = d.step("Codecov token", "an address of Codecov that answers", answers, func() Step { return d.codecovToken(ctx) })
	for _, owner := range d.Owners {
		d.step("account "+owner, "a token that Codecov takes", d.codecovReady, func() Step { return d.account(ctx, owner) })
	}
}

func (d *doctor) codecovToken(ctx context.Context) Step {
	ctx, cancel := patiently(ctx)
	defer cancel()
	for owner, err := range d.Codecov.Owners(ctx) {
		if err != nil {
			return refusedToken(err)
		}
		if owner.Username != nil && *owner.Username != "" {
			d.seen = append(d.seen, *owner.Username)
		}
	}
	slices.Sort(d.seen)
	if len(d.seen) == 0 {
		return warning(fmt.Sprintf("Codecov takes CODECOV_TOKEN, but its user sees no account at %s", d.Codecov.Service()), d.ownersHint())
	}
	return well(fmt.Sprintf("Codecov takes CODECOV_TOKEN; at %s its user sees %s", d.Codecov.Service(), several(len(d.seen), "account")+": "+few(d.seen)))
}

func refusedToken(err error) Step {
	if errors.Is(err, codecov.ErrUnauthorized) {
		return failed(Credentials, "Codecov refuses CODECOV_TOKEN: "+err.Error(),
			"it must be a user API token (Codecov › your avatar › Settings › Access › Generate Token); upload tokens don't work")
	}
	return failed(Other, "Codecov does not answer as it should: "+err.Error(), "try again later, or check the address; a self-hosted server is named by CODECOV_URL")
}

// account lists an account's repositories.
func (d *doctor) account(ctx context.Context, owner string) Step {
	listed, private, without := 0, 0, 0
	var gap error // what the list does not give
	options := codecov.RepositoriesOptions{Skipped: func(row *codecov.SkippedRowError) { gap = row }}
	for row, err := range d.Codecov.Repositories(ctx, owner, options) {
		if isPartial(err) {
			gap = err
			break
		}
		if err != nil {
			return d.unlisted(owner, err)
		}
		d.repositories = append(d.repositories, repository{row, owner})
		listed++
		if row.Private {
			private++
		}
		if !row.HasCoverage() {
			without++
		}
	}
	text := fmt.Sprintf("%s: %s private, %s inactive without coverage", several(listed, "repository"), number(private), number(without))
	switch {
	case gap != nil:
		return warning(text+"; not all can be read: "+gap.Error(), "'codecov-port sync' brings in the others, and those that it is given by name (--repo)")
	case listed == 0:
		return warning("no repository is to be seen", "Codecov lists only what the token's user may see")
	case private == 0:
		return noted(text, "private repositories, if there are any, are hidden from the token's user")
	}
	return well(text)
}

// isPartial tells an error that ends a list whose rows are of use all the same.
func isPartial(err error) bool {
	var (
		stopped    *codecov.TruncatedListError
		incomplete *codecov.IncompleteError
	)
	return errors.As(err, &stopped) || errors.As(err, &incomplete)
}

func (d *doctor) unlisted(owner string, err error) Step {
	if errors.Is(err, codecov.ErrOwnerNotFound) {
		return failed(Configuration, fmt.Sprintf("Codecov knows no account %s at %s", owner, d.Codecov.Service()), d.ownersHint())
	}
	return failed(Other, "the list of repositories cannot be read: "+err.Error(), "try again later")
}

func (d *doctor) ownersHint() string {
	hint := fmt.Sprintf("check CODECOV_SERVICE_PROVIDER (%s) and CODECOV_SERVICE_PROVIDER_ACCOUNT_NAME", d.Codecov.Service())
	if len(d.seen) > 0 {
		hint += "; the token's user sees " + few(d.seen)
	}
	return hint
}

const fewNames = 10

// few lists the first of some names.
func few(names []string) string {
	if len(names) > fewNames {
		return strings.Join(names[:fewNames], ", ") + fmt.Sprintf(" and %d more", len(names)-fewNames)
	}
	return strings.Join(names, ", ")
}

// several puts a noun behind its number.
func several(count int, noun string) string {
	if count == 1 {
		return "1 " + noun
	}
	if stem, ok := strings.CutSuffix(noun, "y"); ok {
		noun = stem + "ie"
	}
	return number(count) + " " + noun + "s"
}

// number writes one with a comma after each thousand.
func number(n int) string {
	digits := strconv.Itoa(n)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}
