package main

import "testing"

func TestFooterVersion(t *testing.T) {
	for version, want := range map[string]string{
		"v1.2.3":                             "v1.2.3",
		"v1.2.3-rc.1":                        "v1.2.3-rc.1",
		"devel":                              "devel",
		"v0.0.0-20261123035238-0bed67f2a1b3": "0bed67f2a1b3",
		"v1.2.4-0.20261123035238-0bed67f2a1b3+dirty": "0bed67f2a1b3",
	} {
		if got := footerVersion(version); got != want {
			t.Errorf("%s: got %s, want %s", version, got, want)
		}
	}
}
