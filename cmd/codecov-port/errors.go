package main

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/port"
)

const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitPartial     = 3
	exitCredentials = 4
	exitWouldChange = 5
	exitInterrupted = 130
)

const exitCodes = `  0    done
  1    failed
  2    wrong usage or configuration
  3    partly done: the result lists what is missing
  4    credentials refused
  5    sync --dry-run --exit-code: something would change
  130  interrupted: run it again to continue`

var (
	errInterrupted = &commandError{err: errors.New("interrupted"), code: exitInterrupted} // the result so far has been printed
	errWouldChange = &commandError{err: errors.New("the dry run would change something"), code: exitWouldChange}
)

// commandError is an error that a command ends with: what the user can do, which may be empty, and the exit code.
type commandError struct {
	err  error
	hint string
	code int
}

func (e *commandError) Error() string { return e.err.Error() }
func (e *commandError) Unwrap() error { return e.err }

func withHint(err error, hint string) error { return &commandError{err, hint, exitCode(err)} }

// usage returns err as wrong usage or configuration, with a hint.
func usage(err error, hint string) error { return &commandError{err, hint, exitUsage} }

// partial returns the error of a run that did not do everything. The result has been printed.
func partial(reason string) error { return &commandError{errors.New(reason), "", exitPartial} }

func hintOf(err error) string {
	if known := (*commandError)(nil); errors.As(err, &known) {
		return known.hint
	}
	return ""
}

func exitCode(err error) int {
	known := (*commandError)(nil)
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &known):
		return known.code
	case errors.Is(err, codecov.ErrUnauthorized), errors.Is(err, port.ErrUnauthorized):
		return exitCredentials
	}
	return exitFailed
}

// explain adds a hint to an error that ended a command.
func explain(ctx context.Context, err error, s settings, source *codecov.Client) error {
	missing := (*backfill.MissingBlueprintError)(nil)
	flood := (*backfill.FloodError)(nil)
	noMatch := (*backfill.NoMatchError)(nil)
	switch {
	case err != nil && ctx.Err() != nil:
		return withHint(errInterrupted, "run it again: it continues where it stopped")
	case errors.As(err, &flood) && flood.Declined:
		return usage(errors.New("declined: no new entity was written"), narrower)
	case errors.As(err, &flood):
		return usage(errors.New(planText(flood.Plan)), narrower+"; --yes creates all of them")
	case errors.As(err, &noMatch) && len(noMatch.Known) == 0:
		return usage(err, "check the name, and the access of the token's user at the git provider")
	case errors.As(err, &noMatch):
		return usage(err, suggestion(noMatch.Value, noMatch.Known, "Codecov has "+terminal.Names(noMatch.Known, 5)))
	case errors.Is(err, codecov.ErrUnauthorized):
		return withHint(fmt.Errorf("CODECOV_TOKEN: %w", err), tokenHint(s))
	case errors.Is(err, codecov.ErrOwnerNotFound):
		return usage(fmt.Errorf("no such account at %s: %w", s.codecov.Service, err), ownersHint(ctx, s, source))
	case errors.Is(err, codecov.ErrOutage):
		return withHint(err, "run it again later: Codecov or the git provider is down")
	case errors.As(err, &missing):
		return usage(err, "create the blueprint in Port first")
	}
	return explainPort(err, s)
}

// providerToken matches tokens of git providers.
var providerToken = regexp.MustCompile(`^(gh[opsu]_|github_pat_|glpat-)`)

// tokenHint returns what to do about a token that Codecov rejects, by what it looks like. Upload tokens look like user API tokens.
func tokenHint(s settings) string {
	reason := "upload tokens don't work"
	switch {
	case strings.HasPrefix(s.codecov.Token, "eyJ") || s.port.ClientSecret != "" && s.codecov.Token == s.port.ClientSecret:
		reason = "this is a token or secret of Port"
	case providerToken.MatchString(s.codecov.Token):
		reason = "this is a token of the git provider"
	}
	return "create a user API token (Codecov › Settings › Access › Generate Token): " + reason
}

// explainPort adds a hint to an error about rejected credentials or a wrong address.
func explainPort(err error, s settings) error {
	switch {
	case errors.Is(err, port.ErrNotPort):
		return usage(err, "check PORT_BASE_URL: it is "+port.EUBaseURL+", "+port.USBaseURL+", or leave it out")
	case !errors.Is(err, port.ErrUnauthorized):
		return err
	}
	cause := map[string]string{
		port.EUBaseURL: "the region: for the US region set PORT_REGION=us",
		port.USBaseURL: "the region: for the EU region set PORT_REGION=eu",
	}[s.port.BaseURL]
	return withHint(fmt.Errorf("PORT_CLIENT_ID and PORT_CLIENT_SECRET: %w", err), "check both, and "+cmp.Or(cause, "the address: "+s.port.BaseURL))
}

// ownersHint lists the accounts that the token sees.
func ownersHint(ctx context.Context, s settings, source *codecov.Client) string {
	var names []string
	for owner, err := range source.Owners(ctx) {
		if err != nil {
			break
		}
		if owner.Username != nil && *owner.Username != "" {
			names = append(names, *owner.Username)
		}
	}
	slices.Sort(names)
	switch near := nearest(s.owners[0], names); {
	case len(names) == 0:
		return fmt.Sprintf("check %s (%s) and %s (%s)", ownerVariable, strings.Join(s.owners, ", "), serviceVariable, s.codecov.Service)
	case near != "" && len(s.owners) == 1:
		return "did you mean " + near + "?"
	}
	return fmt.Sprintf("your token sees these accounts at %s: %s", s.codecov.Service, terminal.Names(names, 20))
}

// networkHint adds a hint to an error about an untrusted certificate or a failed connection.
func networkHint(err error) error {
	unknown, connection := (x509.UnknownAuthorityError{}), (*net.OpError)(nil)
	switch {
	case hintOf(err) != "":
		return err
	case errors.As(err, &unknown):
		return withHint(err, "if the server's certificate is from a CA of your own, add it with --"+caFileFlag+" FILE")
	case errors.As(err, &connection):
		return withHint(err, "check the address, the network, and the proxy (HTTPS_PROXY, NO_PROXY)")
	}
	return err
}
