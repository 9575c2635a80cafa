package main

import (
	"fmt"
	"strings"
)

const demoSeen = `
A real Port would show this on a page with charts and a scorecard; for yours,
setup --dashboard creates it: https://app.port.io/codecov_coverage_overview
`

const demoNext = `
To sync your own account, export the five variables of Port's Codecov guide:
  PORT_CLIENT_ID, PORT_CLIENT_SECRET, CODECOV_TOKEN,
  CODECOV_SERVICE_PROVIDER, CODECOV_SERVICE_PROVIDER_ACCOUNT_NAME
then preview the changes, and make them:
  codecov-port sync --dry-run
  codecov-port sync
`

const demoKept = `
This Codecov and an empty Port keep running until Ctrl-C. Paste these lines into
another terminal to try the other commands there: sync, check, setup, map, prune.
`

// exports returns the lines that point a shell at the servers of the demo.
func exports(s settings) string {
	var lines strings.Builder
	for _, variable := range [][2]string{
		{"PORT_CLIENT_ID", s.clientID},
		{"PORT_CLIENT_SECRET", s.clientSecret},
		{"PORT_BASE_URL", s.portURL},
		{"CODECOV_TOKEN", s.codecovToken},
		{"CODECOV_SERVICE_PROVIDER", s.service.String()},
		{"CODECOV_SERVICE_PROVIDER_ACCOUNT_NAME", strings.Join(s.owners, ",")},
		{"CODECOV_URL", strings.TrimSuffix(s.codecovAPI, apiPath)},
	} {
		fmt.Fprintf(&lines, "export %s='%s'\n", variable[0], variable[1])
	}
	return lines.String()
}
