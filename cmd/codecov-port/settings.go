package main

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// settings are what the flags and the environment say, read once.
type settings struct {
	clientID     string
	clientSecret string
	codecovToken string
	service      codecov.Service
	owner        string
	portURL      string // before /v1
	codecovAPI   string
	codecovApp   string
	insecureHTTP bool
}

const (
	cloudApp = "https://app.codecov.io"
	apiPath  = "/api/v2"
)

// variable is a setting's name in the environment, its flag (none for a secret), and what it is.
type variable struct {
	env, flag string
	required  bool
	about     string // in the flag's help
	where     string // where to find the value, for those that are required
}

var variables = []variable{
	{env: "PORT_CLIENT_ID", required: true, where: "Port › your avatar › Credentials"},
	{env: "PORT_CLIENT_SECRET", required: true, where: "Port › your avatar › Credentials"},
	{env: "CODECOV_TOKEN", required: true, where: "Codecov › your avatar › Settings › Access › Generate Token: a user API token, no upload token"},
	{env: "CODECOV_SERVICE_PROVIDER", flag: "service", required: true,
		about: "git provider: " + serviceNames(), where: "one of " + serviceNames()},
	{env: "CODECOV_SERVICE_PROVIDER_ACCOUNT_NAME", flag: "owner", required: true,
		about: "account whose repositories are read; a GitLab subgroup is group:subgroup", where: "the owner's name in your Codecov addresses: https://app.codecov.io/gh/OWNER"},
	{env: "PORT_REGION", flag: "port-region", about: "Port's region: eu or us (default eu)"},
	{env: "PORT_BASE_URL", flag: "port-base-url", about: "address of Port's API before /v1, in place of a region's"},
	{env: "CODECOV_URL", flag: "codecov-url", about: "address of a self-hosted Codecov: its API is at /api/v2 below it"},
	{env: "CODECOV_APP_URL", flag: "codecov-app-url", about: "address of Codecov's web pages where it is another one"},
}

func serviceNames() string {
	var names []string
	for _, service := range codecov.Services() {
		names = append(names, string(service))
	}
	return strings.Join(names, ", ")
}

const insecureFlag = "insecure-http"

// bindSettings declares the flags and ties each to its variable: a flag goes before the environment.
func bindSettings(flags *pflag.FlagSet, values *viper.Viper) {
	for _, v := range variables {
		if v.flag != "" {
			flags.String(v.flag, "", v.about+" [$"+v.env+"]")
		}
	}
	flags.Bool(insecureFlag, false, "allow plain http to other hosts than this machine: credentials travel in clear text")
	bindVariables(flags, values)
}

func bindVariables(flags *pflag.FlagSet, values *viper.Viper) {
	for _, v := range variables {
		_ = values.BindEnv(v.env, v.env) // fails only without a key
		if v.flag != "" {
			_ = values.BindPFlag(v.env, flags.Lookup(v.flag)) // fails only without a flag
		}
	}
	_ = values.BindPFlag(insecureFlag, flags.Lookup(insecureFlag))
}

// readSettings gives the settings, or one error that names all that is missing.
func readSettings(values *viper.Viper) (settings, error) {
	if err := missing(values); err != nil {
		return settings{}, err
	}
	value := func(env string) string { return strings.TrimSpace(values.GetString(env)) }
	s := settings{
		clientID:     value("PORT_CLIENT_ID"),
		clientSecret: value("PORT_CLIENT_SECRET"),
		codecovToken: value("CODECOV_TOKEN"),
		owner:        value("CODECOV_SERVICE_PROVIDER_ACCOUNT_NAME"),
		portURL:      value("PORT_BASE_URL"),
		codecovAPI:   codecov.DefaultBaseURL,
		codecovApp:   cloudApp,
		insecureHTTP: values.GetBool(insecureFlag),
	}
	var err error
	if s.service, err = codecov.ParseService(value("CODECOV_SERVICE_PROVIDER")); err != nil {
		return settings{}, usage(fmt.Errorf("CODECOV_SERVICE_PROVIDER: %w", err), "set CODECOV_SERVICE_PROVIDER to the git provider that Codecov reads your code from")
	}
	if s.portURL == "" {
		region := value("PORT_REGION")
		if region == "" {
			region = "eu"
		}
		if s.portURL, err = port.RegionURL(region); err != nil {
			return settings{}, usage(fmt.Errorf("PORT_REGION: %w", err), "your region is in the address you open Port at: app.port.io is eu, app.us.port.io is us")
		}
	}
	if selfHosted := strings.TrimRight(value("CODECOV_URL"), "/"); selfHosted != "" {
		s.codecovAPI, s.codecovApp = selfHosted+apiPath, selfHosted
	}
	if app := strings.TrimRight(value("CODECOV_APP_URL"), "/"); app != "" {
		s.codecovApp = app
	}
	return s, nil
}

func missing(values *viper.Viper) error {
	var names, hints []string
	for _, v := range variables {
		if v.required && strings.TrimSpace(values.GetString(v.env)) == "" {
			names = append(names, v.env)
			hints = append(hints, fmt.Sprintf("  %s: %s", v.env, v.where))
		}
	}
	if len(names) == 0 {
		return nil
	}
	what := "variable"
	if len(names) > 1 {
		what = "variables"
	}
	return usage(fmt.Errorf("missing environment %s: %s", what, strings.Join(names, ", ")),
		"find and export each of them:\n"+strings.Join(hints, "\n"))
}

// aboutVariables is the part of a command's help that tells of the environment.
func aboutVariables() string {
	var text strings.Builder
	text.WriteString("Environment, the first five required:")
	for _, v := range variables {
		about := v.about
		if v.flag == "" {
			about = v.where
		} else {
			about += " (--" + v.flag + ")"
		}
		fmt.Fprintf(&text, "\n  %s\n      %s", v.env, about)
	}
	return text.String()
}
