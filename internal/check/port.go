package check

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

func (d *doctor) port(ctx context.Context) {
	answers := d.step("Port address", "the settings of Port", d.Port != nil, func() Step { return d.reach(ctx, d.PortURL) })
	d.portReady = d.step("Port credentials", "an address of Port that answers", answers, func() Step { return d.portCredentials(ctx) })
}

func (d *doctor) portCredentials(ctx context.Context) Step {
	err := accepts(ctx, d.Port)
	switch {
	case err == nil:
		return well("Port takes PORT_CLIENT_ID and PORT_CLIENT_SECRET")
	case errors.Is(err, port.ErrUnauthorized) && !port.IsPermissionError(err):
		return d.refused(ctx, err)
	case errors.Is(err, port.ErrForbidden), port.IsPermissionError(err):
		return failed(Credentials, "Port does not let these credentials read blueprints: "+err.Error(),
			"use credentials of an organisation's admin, and see whether Port restricts the addresses that may ask")
	}
	return failed(Other, "Port does not answer as it should: "+err.Error(), "try again later, or check the address "+d.PortURL)
}

// refused looks whether the credentials are right in another region.
func (d *doctor) refused(ctx context.Context, err error) Step {
	for _, region := range slices.Sorted(maps.Keys(d.Regions)) {
		if accepts(ctx, d.Regions[region]) == nil {
			return failed(Configuration, "the region is wrong: "+d.PortURL+" refuses the credentials, region "+region+" takes them",
				"set PORT_REGION="+region)
		}
	}
	return failed(Credentials, "Port refuses PORT_CLIENT_ID and PORT_CLIENT_SECRET: "+err.Error(),
		"copy both from Port › your avatar › Credentials; they are another pair in each region and organisation")
}

// accepts asks Port for something small that credentials are needed for.
func accepts(ctx context.Context, client *port.Client) error {
	ctx, cancel := patiently(ctx)
	defer cancel()
	_, err := client.Blueprint(ctx, mapper.BuiltinBlueprints()[0].Identifier)
	if errors.Is(err, port.ErrNotFound) {
		return nil
	}
	return err
}
