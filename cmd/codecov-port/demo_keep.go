package main

import (
	"fmt"
	"strings"
)

const demoNext = `
Next, with your own account: export the five variables of Port's Codecov guide,
  PORT_CLIENT_ID, PORT_CLIENT_SECRET, CODECOV_TOKEN,
  CODECOV_SERVICE_PROVIDER, CODECOV_SERVICE_PROVIDER_ACCOUNT_NAME
then see what would be written, and write it:
  codecov-port sync --dry-run
  codecov-port sync
`

const demoKept = `
This Codecov, and a Port that holds nothing yet, go on until Ctrl-C. Paste this
into another terminal, and try every command there: sync --dry-run, sync, setup,
check, map …
`

// exports are the lines that lead a shell's commands to the demo's emulators.
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
