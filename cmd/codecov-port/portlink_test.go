package main

import (
	"testing"

	"github.com/codecov-port/codecov-port/pkg/port"
)

func TestPortLink(t *testing.T) {
	for address, want := range map[string]string{
		port.EUBaseURL: "https://app.port.io/codecov_coverages", port.USBaseURL: "https://app.us.port.io/codecov_coverages", "http://127.0.0.1:1": "", "": "",
	} {
		if got := portLink(address, builtinMapping(t)); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
	if got := portLink(port.EUBaseURL, builtinMapping(t, historyBlueprint)); got != "" {
		t.Errorf("without the blueprint: %q", got)
	}
}
