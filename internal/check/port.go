package check

import (
	"context"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/codecov-port/codecov-port/internal/httpclient"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// adminHint is the hint for missing permissions in Port.
const adminHint = "use the credentials of an admin of the organization"

// portCredentials judges the credentials by the outcome of the first request.
func (d *doctor) portCredentials(ctx context.Context, err error) Step {
	switch {
	case err == nil, errors.Is(err, port.ErrNotFound):
		return passed("Port accepts PORT_CLIENT_ID and PORT_CLIENT_SECRET", "")
	case errors.Is(err, port.ErrUnauthorized) && !port.IsPermissionError(err):
		return d.credentialsError(ctx, err)
	case errors.Is(err, port.ErrForbidden), port.IsPermissionError(err):
		return failed(Credentials, "the credentials may not read blueprints in Port: "+err.Error(),
			adminHint+", and check whether Port restricts the addresses of its clients")
	}
	return failed(Other, "unexpected response of Port: "+err.Error(), "try again later, or check the address "+d.options.PortURL)
}

// credentialsError tries the credentials in the other region.
func (d *doctor) credentialsError(ctx context.Context, err error) Step {
	if d.options.OtherPort != nil {
		if _, err := readBlueprint(ctx, d.options.OtherPort, mapper.CurrentBlueprint); err == nil || errors.Is(err, port.ErrNotFound) {
			return failed(Configuration, "wrong region: "+d.options.PortURL+" rejected the credentials, region "+d.options.OtherRegion+" accepts them",
				"set PORT_REGION="+d.options.OtherRegion)
		}
	}
	return failed(Credentials, "Port rejected PORT_CLIENT_ID and PORT_CLIENT_SECRET: "+err.Error(),
		"copy both from Port › your avatar › Credentials; each region and organization has its own")
}

// readBlueprint sends a small request that needs credentials.
func readBlueprint(ctx context.Context, client *port.Client, identifier string) (port.Blueprint, error) {
	ctx, cancel := withPatience(ctx)
	defer cancel()
	return client.Blueprint(ctx, identifier)
}

func (d *doctor) webhook(ctx context.Context) Step {
	const name = "webhook " + mapper.WebhookIdentifier
	ctx, cancel := withPatience(ctx)
	defer cancel()
	w, err := d.options.Port.Webhook(ctx, mapper.WebhookIdentifier)
	switch {
	case errors.Is(err, port.ErrNotFound):
		return warning("Port has no "+name+": new coverage doesn't arrive", "'codecov-port setup' creates it")
	case port.IsPermissionError(err):
		return warning("the credentials may not read webhooks", adminHint)
	case err != nil:
		return unexpected("read webhook", err)
	}
	d.live = w.Mappings
	entries, err := mapper.ParseMapping(w.Mappings)
	var targets []string
	for _, e := range entries {
		if !e.Deletes() && !slices.Contains(targets, e.Blueprint) {
			targets = append(targets, e.Blueprint)
		}
	}
	switch {
	case !w.Enabled:
		return warning(name+" is disabled: new coverage doesn't arrive", "enable it in Port › Data sources")
	case err != nil:
		return warning("read the mapping of "+name+": "+oneLine(err), "compare it with the output of 'codecov-port setup --dry-run'")
	case !slices.Contains(targets, mapper.HistoryBlueprint):
		return warning(name+" has no entry for "+mapper.HistoryBlueprint+": new coverage doesn't extend the history", "'codecov-port setup --update' adds it")
	}
	return passed(name+" is enabled and writes "+strings.Join(targets, ", "),
		"with only_pulls: false in Codecov's YAML, builds of every branch overwrite the current state of a repository; branches: limits them ('codecov-port setup --branches main' prints it)")
}

// oneLine joins the lines of an error.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// address judges the address of an API by the outcome of the first request: any answer will do, also
// one that was retried until the patience ended.
func address(url string, err error, answered bool) Step {
	unknown, portError, codecovError := x509.UnknownAuthorityError{}, (*port.APIError)(nil), (*codecov.APIError)(nil)
	cause := err
	switch {
	case errors.As(err, &portError):
		cause = portError.Err
	case errors.As(err, &codecovError):
		cause = codecovError.Err
	}
	switch {
	case err == nil || answered:
		return passed(url+" responds", "")
	case errors.As(err, &unknown):
		return failed(Configuration, "the certificate of "+url+" is not trusted: "+httpclient.Message(unknown.Error()),
			"if it was issued by your own CA, add --ca-file FILE")
	}
	return failed(Other, url+" doesn't respond: "+httpclient.Message(cause.Error()), "check the address, the network, and the proxy (HTTPS_PROXY, NO_PROXY)")
}

// patience limits a request with all its retries.
const patience = 40 * time.Second

func withPatience(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, patience, errors.New("no valid response within "+patience.String()))
}
