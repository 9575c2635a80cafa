package main

import (
	"testing"

	"github.com/codecov-port/codecov-port/internal/setup"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// TestSetupEndsWithThePage if there is one at a known address.
func TestSetupEndsWithThePage(t *testing.T) {
	page := setup.Thing{Kind: setup.Page, Identifier: "codecov_coverage_overview"}
	const address = "\nThe page in Port: https://app.port.io/codecov_coverage_overview\n"
	for name, test := range map[string]struct {
		apiURL string
		step   setup.Step
		flags  setupFlags
		want   string
	}{
		"created":      {port.EUBaseURL, setup.Step{Thing: page, State: setup.Created}, setupFlags{}, address},
		"exists":       {port.EUBaseURL, setup.Step{Thing: page, State: setup.Exists}, setupFlags{}, address},
		"US region":    {port.USBaseURL, setup.Step{Thing: page, State: setup.Created}, setupFlags{}, "\nThe page in Port: https://app.us.port.io/codecov_coverage_overview\n"},
		"other server": {"http://localhost:1", setup.Step{Thing: page, State: setup.Created}, setupFlags{}, ""},
		"refused":      {port.EUBaseURL, setup.Step{Thing: page, State: setup.Refused}, setupFlags{}, ""},
		"dry run":      {port.EUBaseURL, setup.Step{Thing: page, State: setup.Created}, setupFlags{options: setup.Options{DryRun: true}}, ""},
		"no page":      {port.EUBaseURL, setup.Step{Thing: setup.Thing{Kind: setup.Webhook}, State: setup.Created}, setupFlags{}, ""},
	} {
		if got := pageText(test.apiURL, &setup.Report{Steps: []setup.Step{test.step}}, test.flags); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
