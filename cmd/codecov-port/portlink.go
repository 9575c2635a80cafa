package main

import (
	"slices"

	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// portApps are the addresses of Port's web pages, by those of its API.
var portApps = map[string]string{port.EUBaseURL: "https://app.port.io", port.USBaseURL: "https://app.us.port.io"}

// portLink is the address of the page that Port makes for the blueprint of the current states: its name is the
// blueprint's in the plural, as Port's documentation has /services for the blueprint service. It is "" at another
// address than a region's, and where the mapping does not write that blueprint.
func portLink(portURL string, mapping *mapper.Mapping) string {
	app, known := portApps[portURL]
	if !known || mapping == nil || !slices.Contains(mapping.Blueprints(), mapper.CurrentBlueprint) {
		return ""
	}
	return app + "/" + mapper.CurrentBlueprint + "s"
}
