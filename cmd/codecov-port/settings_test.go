package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// inFolder moves the test into a folder with these files, without any of the program's variables.
func inFolder(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range variables {
		t.Setenv(v.name, "")
	}
}

// settingsOf returns the settings of a sync with these arguments, and its flags.
func settingsOf(t *testing.T, args ...string) (settings, *cobra.Command, error) {
	t.Helper()
	root := newRoot(&terminal.Streams{Out: new(strings.Builder), Err: new(strings.Builder)})
	var read settings
	var used *cobra.Command
	for _, cmd := range root.Commands() {
		if cmd.Name() == "sync" {
			cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
				used = cmd
				read, err = parseSettings(cmd, &terminal.Streams{}, bothSides)
				return err
			}
		}
	}
	root.SetArgs(append([]string{"sync"}, args...))
	err := root.ExecuteContext(t.Context())
	return read, used, err
}

// TestPrecedence: flag, environment, env file, config file, default. Each source is taken away in turn.
func TestPrecedence(t *testing.T) {
	inFolder(t, map[string]string{
		"config.yaml": "owner: [config, config-two]\nservice: bitbucket\nport-share: 10%\nsince: 2024-01-31\n",
		"env":         "export CODECOV_SERVICE_PROVIDER_ACCOUNT_NAME=file\nCODECOV_SERVICE_PROVIDER='gitlab'\nPORT_REGION=us\n",
	})
	t.Setenv("CODECOV_SERVICE_PROVIDER_ACCOUNT_NAME", "environment, second")
	t.Setenv("CODECOV_SERVICE_PROVIDER", "github")
	all := []string{"--config", "config.yaml", "--env-file", "env", "--owner", "flag", "--service", "github_enterprise"}
	for _, test := range []struct {
		args    []string
		unset   bool
		owners  []string
		service string
		portURL string
	}{
		{all, false, []string{"flag"}, "github_enterprise", "https://api.us.port.io"},
		{all[:4], false, []string{"environment", "second"}, "github", "https://api.us.port.io"},
		{all[:4], true, []string{"file"}, "gitlab", "https://api.us.port.io"},
		{all[:2], true, []string{"config", "config-two"}, "bitbucket", "https://api.port.io"},
	} {
		if test.unset {
			t.Setenv("CODECOV_SERVICE_PROVIDER_ACCOUNT_NAME", " ")
			t.Setenv("CODECOV_SERVICE_PROVIDER", "")
		}
		s, cmd, err := settingsOf(t, test.args...)
		if err != nil {
			t.Fatalf("%v: %v", test.args, err)
		}
		if diff := cmp.Diff(test.owners, s.owners); diff != "" || string(s.codecov.Service) != test.service || s.port.BaseURL != test.portURL {
			t.Errorf("%v: service %s, Port %s, owners (-want +got):\n%s", test.args, s.codecov.Service, s.port.BaseURL, diff)
		}
		if since := cmd.Flags().Lookup("since").Value.String(); since != "2024-01-31" || s.port.Share != 0.1 {
			t.Errorf("%v: since %q and share %v of the config file, want 2024-01-31 and 0.1", test.args, since, s.port.Share)
		}
	}
}

func TestConfigFileErrors(t *testing.T) {
	for content, want := range map[string]string{
		"snice: 1y":                  `unknown key "snice"` + "\nhint: did you mean since?",
		"latest: true":               "latest was removed\nhint: use --no-history",
		"port_client_secret: secret": "port_client_secret is a secret or an address\nhint: don't put it in this file",
		"codecov-token: secret":      "codecov-token is a secret or an address",
		"yes: true":                  `unknown key "yes"`,
		"since: [":                   "--config: ",
		"max-commits: many":          `max-commits "many"`,
		"since: 1y\nsince: 2y":       `already defined`,
		"every: fortnight":           "fortnight",
	} {
		inFolder(t, map[string]string{"config.yaml": content})
		export(t, "http://127.0.0.1:1", "http://127.0.0.1:1", nil)
		got := say(t, "sync", "--config", "config.yaml")
		if got.code != exitUsage || !strings.Contains(got.err, want) || strings.Contains(got.err, "secret: secret") {
			t.Errorf("%q: exit code %d, want %q in\n%s", content, got.code, want, got.err)
		}
	}
}

func TestEnvFileErrorsDoNotQuoteSecrets(t *testing.T) {
	for content, want := range map[string]string{
		"CODECOV_TOKEN='unclosed-secret\n": "--env-file env: expected lines of NAME=VALUE",
		"unclosed-secret without a sign":   "--env-file env: expected lines of NAME=VALUE",
	} {
		inFolder(t, map[string]string{"env": content})
		got := say(t, "sync", "--env-file", "env")
		if got.code != exitUsage || !strings.Contains(got.err, want) || strings.Contains(got.err, "unclosed-secret") {
			t.Errorf("%q: exit code %d, want %q in\n%s", content, got.code, want, got.err)
		}
	}
	if got := say(t, "sync", "--env-file", "nowhere"); got.code != exitUsage || !strings.Contains(got.err, "nowhere") {
		t.Errorf("a missing file: exit code %d: %s", got.code, got.err)
	}
}

func TestOldConfigFileIsNamed(t *testing.T) {
	inFolder(t, map[string]string{oldConfigFile: "since: 1y\n"})
	got := say(t, "version")
	if want := "warning: codecov-port.yaml in this directory is not read: use --config codecov-port.yaml\n"; got.err != want {
		t.Errorf("standard error %q, want %q", got.err, want)
	}
}

func TestSettingsHideSecrets(t *testing.T) {
	s := settings{port: port.Options{ClientID: "id-secret", ClientSecret: "client-secret"}, codecov: codecov.Options{Token: "token-secret"}, owners: []string{"acme"}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, s); strings.Contains(text, "secret") {
			t.Errorf("%s prints %s", verb, text)
		}
	}
}

func TestParseShare(t *testing.T) {
	for text, want := range map[string]float64{"80%": 0.8, "80": 0.8, "0.8": 0.8, " 1% ": 0.01, "100%": 1, "1": 1, "0": 0, "101%": 0, "x": 0, "-1": 0, "NaN": 0} {
		if got, err := parseShare("port-share", text); got != want || (err == nil) != (want != 0) {
			t.Errorf("parseShare(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"github", "gitlab", "bitbucket", "auto", "since"}
	for text, want := range map[string]string{"gihtub": "github", "git": "github", "autoo": "auto", "snice": "since", "completely-different": "", "": ""} {
		if got := nearest(text, names); got != want {
			t.Errorf("nearest(%q) = %q, want %q", text, got, want)
		}
	}
}

func FuzzConfigFile(f *testing.F) {
	f.Add("since: 1y\nowner: [a, b]\n")
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, text string) {
		inFolder(t, map[string]string{"config.yaml": text})
		if _, _, err := settingsOf(t, "--config", "config.yaml"); err != nil && exitCode(err) != exitUsage {
			t.Errorf("%q: %v", text, err)
		}
	})
}
