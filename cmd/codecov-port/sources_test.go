package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/viper"

	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// shown is what config tells of one setting.
type shown struct {
	Value  any    `json:"value"`
	Source string `json:"source"`
	From   string `json:"from"`
}

// settingsShown runs config in a folder with these files, and gives what it shows, by name.
func settingsShown(t *testing.T, args ...string) map[string]shown {
	t.Helper()
	got := say(t, append([]string{"config", "--output", "json"}, args...)...)
	if got.code != 0 || got.err != "" {
		t.Fatalf("exit code %d: %s", got.code, got.err)
	}
	var document struct {
		Settings []struct {
			Name string `json:"name"`
			shown
		} `json:"settings"`
	}
	if err := json.Unmarshal([]byte(got.out), &document); err != nil {
		t.Fatal(err)
	}
	all := make(map[string]shown)
	for _, s := range document.Settings {
		all[s.Name] = s.shown
	}
	return all
}

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
		t.Setenv(v.env, "")
	}
}

// TestPrecedence holds the order of the sources: each setting is said by all that can say it, and these are taken away
// one after the other.
func TestPrecedence(t *testing.T) {
	for _, test := range []struct {
		name, variable                  string
		flag, environment, envFile, cfg string
		want                            []any // by flag, environment, env file, config file, default
	}{
		{name: "service", variable: "CODECOV_SERVICE_PROVIDER", flag: "gitlab", environment: "bitbucket", envFile: "ghe", cfg: "github",
			want: []any{"gitlab", "bitbucket", "ghe", "github", ""}},
		{name: "owner", variable: "CODECOV_SERVICE_PROVIDER_ACCOUNT_NAME", flag: "a,b", environment: "c, d", envFile: "e,f", cfg: "[g, h]",
			want: []any{[]any{"a", "b"}, []any{"c", "d"}, []any{"e", "f"}, []any{"g", "h"}, []any{}}},
		{name: "port-region", variable: "PORT_REGION", flag: "eu", environment: "us", envFile: "eu", cfg: "us", want: []any{"eu", "us", "eu", "us", "eu"}},
		{name: "codecov-url", variable: "CODECOV_URL", flag: "https://a", environment: "https://b", envFile: "https://c", cfg: "https://d",
			want: []any{"https://a", "https://b", "https://c", "https://d", "https://api.codecov.io"}},
		{name: "port-base-url", variable: "PORT_BASE_URL", flag: "https://a", environment: "https://b", cfg: "https://d",
			want: []any{"https://a", "https://b", nil, "https://d", port.EUBaseURL}},
		{name: "PORT_CLIENT_SECRET", variable: "PORT_CLIENT_SECRET", environment: "s1", envFile: "s2", want: []any{nil, "set", "set", nil, "missing"}},
		{name: "since", flag: "1y", cfg: "2024-01-01", want: []any{"1y", nil, nil, "2024-01-01", ""}},
		{name: "max-entities", flag: "5", cfg: "7", want: []any{"5", nil, nil, "7", "10000"}},
		{name: "repo", flag: "x,y", cfg: "[a, '!b']", want: []any{[]any{"x,y"}, nil, nil, []any{"a", "!b"}, []any{}}},
		{name: "latest", flag: "false", cfg: "true", want: []any{false, nil, nil, true, false}},
		{name: "port-share", flag: "10%", cfg: "0.5", want: []any{"10%", nil, nil, "0.5", "80%"}},
	} {
		sources := []string{"flag", "environment", "env file", "config file", "default"}
		names := []string{"--" + test.name, test.variable, "e.env", "c.yaml", ""}
		for first, source := range sources {
			if test.want[first] == nil {
				continue
			}
			t.Run(test.name+" from "+source, func(t *testing.T) {
				files := map[string]string{"e.env": "", "c.yaml": ""}
				var args []string
				if first <= 0 {
					args = append(args, "--"+test.name+"="+test.flag)
				}
				if test.envFile != "" && first <= 2 {
					files["e.env"] = "export " + test.variable + "='" + test.envFile + "'\n"
				}
				if test.cfg != "" && first <= 3 {
					files["c.yaml"] = test.name + ": " + test.cfg + "\n"
				}
				inFolder(t, files)
				if test.variable != "" && first <= 1 {
					t.Setenv(test.variable, test.environment)
				}
				got := settingsShown(t, append(args, "--config", "c.yaml", "--env-file", "e.env")...)[test.name]
				want := shown{Value: test.want[first], Source: source, From: names[first]}
				if want.Value == "missing" {
					want.Source = ""
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("want, got:\n%s", diff)
				}
			})
		}
	}
}

// TestPortAddressBySource: of Port's region and address, what the higher source says counts; of one source, the address.
func TestPortAddressBySource(t *testing.T) {
	const flag, environment, envFile, configFile, nowhere = 0, 1, 2, 3, 4
	for _, test := range []struct {
		name            string
		region, address int
		want            string
	}{
		{"region by flag, address by environment", flag, environment, "api.us.port.io"},
		{"region by flag, address by config file", flag, configFile, "api.us.port.io"},
		{"region by environment, address by env file", environment, envFile, "api.us.port.io"},
		{"region by env file, address by config file", envFile, configFile, "api.us.port.io"},
		{"address by flag, region by environment", environment, flag, "port.invalid"},
		{"address by env file, region by config file", configFile, envFile, "port.invalid"},
		{"both by environment", environment, environment, "port.invalid"},
		{"both by env file", envFile, envFile, "port.invalid"},
		{"both by config file", configFile, configFile, "port.invalid"},
		{"address alone", nowhere, configFile, "port.invalid"},
		{"region alone", configFile, nowhere, "api.us.port.io"},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := map[string]string{"e.env": "", "c.yaml": ""}
			args := []string{"--config", "c.yaml", "--env-file", "e.env"}
			exported := map[string]string{}
			give := func(source int, name, variable, value string) {
				switch source {
				case flag:
					args = append(args, "--"+name, value)
				case environment:
					exported[variable] = value
				case envFile:
					files["e.env"] += variable + "=" + value + "\n"
				case configFile:
					files["c.yaml"] += name + ": " + value + "\n"
				}
			}
			give(test.region, "port-region", "PORT_REGION", "us")
			give(test.address, "port-base-url", "PORT_BASE_URL", "https://port.invalid")
			inFolder(t, files)
			for name, value := range exported {
				t.Setenv(name, value)
			}
			if got := portAddressOf(t, args); !strings.Contains(got, test.want) {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// portAddressOf runs a command that only settles Port's address.
func portAddressOf(t *testing.T, args []string) string {
	t.Helper()
	streams := &terminal.Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard}
	root, values := newRoot(streams), viper.New()
	var address string
	probe := &cobra.Command{Use: "probe", RunE: func(*cobra.Command, []string) (err error) {
		address, err = portAddress(values)
		return err
	}}
	bindSettings(probe, values, bothSides)
	root.AddCommand(probe)
	root.SetArgs(append([]string{"probe"}, args...))
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	return address
}
