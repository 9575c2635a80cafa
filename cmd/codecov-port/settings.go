package main

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"github.com/codecov-port/codecov-port/internal/httpclient"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// settings are what the flags, the environment and the files say, read once.
type settings struct {
	clientID     string
	clientSecret string
	codecovToken string
	service      codecov.Service
	owners       []string
	portURL      string // before /v1
	codecovAPI   string
	codecovApp   string
	insecureHTTP bool
	network      http.RoundTripper // nil: the system's certificates
	log          *slog.Logger      // told of requests; nil: nobody is

	portShare          float64 // of Port's rate limit
	portConcurrency    int
	codecovConcurrency int
}

// Format leaves the secrets out, whatever the verb.
func (s settings) Format(state fmt.State, _ rune) {
	_, _ = fmt.Fprintf(state, "settings for %s of %s at %s and Port at %s", strings.Join(s.owners, ", "), s.service, s.codecovAPI, s.portURL)
}

// LogValue leaves the secrets out.
func (s settings) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(s)) }

const (
	cloudApp = "https://app.codecov.io"
	apiPath  = "/api/v2"
)

// apis are sides that a command talks to.
type apis uint

const (
	portSide apis = 1 << iota
	codecovSide
	bothSides = portSide | codecovSide
)

// variable is a setting's name in the environment, its flag (none for a secret), and what it is.
type variable struct {
	env, flag string
	side      apis
	required  bool   // of every command that cannot do without its side
	many      bool   // several values, with commas between them
	about     string // in the flag's help
	where     string // where to find the value, for those that are required
}

var variables = []variable{
	{env: "PORT_CLIENT_ID", side: portSide, required: true, where: "Port › your avatar › Credentials"},
	{env: "PORT_CLIENT_SECRET", side: portSide, required: true, where: "Port › your avatar › Credentials"},
	{env: "CODECOV_TOKEN", side: codecovSide, required: true, where: "Codecov › your avatar › Settings › Access › Generate Token: a user API token, no upload token"},
	{env: "CODECOV_SERVICE_PROVIDER", flag: "service", side: codecovSide, required: true,
		about: "git provider: " + serviceNames(), where: "one of " + serviceNames()},
	{env: "CODECOV_SERVICE_PROVIDER_ACCOUNT_NAME", flag: "owner", side: codecovSide, required: true, many: true,
		about: "accounts whose repositories are read, with commas between them; a GitLab subgroup is group:subgroup", where: "the owner's name in your Codecov addresses: https://app.codecov.io/gh/OWNER"},
	{env: "PORT_REGION", flag: "port-region", side: portSide, about: "Port's region: eu or us (default eu)"},
	{env: "PORT_BASE_URL", flag: "port-base-url", side: portSide, about: "address of Port's API before /v1, in place of a region's"},
	{env: "CODECOV_URL", flag: "codecov-url", side: codecovSide, about: "address of a self-hosted Codecov: its API is at /api/v2 below it"},
	{env: "CODECOV_APP_URL", flag: "codecov-app-url", side: codecovSide, about: "address of Codecov's web pages where it is another one"},
}

func serviceNames() string { return strings.Join(services(), ", ") }

// The flags that are no variables.
const (
	insecureFlag           = "insecure-http"
	portShareFlag          = "port-share"
	portConcurrencyFlag    = "port-concurrency"
	codecovConcurrencyFlag = "codecov-concurrency"
)

// The defaults, measured: see docs/performance.md.
const (
	defaultPortConcurrency    = 32
	defaultCodecovConcurrency = 28
)

// of gives the variables of these sides.
func (sides apis) of() []variable {
	return slices.DeleteFunc(slices.Clone(variables), func(v variable) bool { return v.side&sides == 0 })
}

// bindSettings declares the flags of these sides and ties each to its variable: a flag goes before the environment.
// The values are the command's own: another command's flags of the same names must not take their place.
func bindSettings(cmd *cobra.Command, values *viper.Viper, sides apis) {
	flags := cmd.Flags()
	for _, v := range sides.of() {
		switch {
		case v.many:
			flags.StringSlice(v.flag, nil, v.about+" [$"+v.env+"]")
		case v.flag != "":
			flags.String(v.flag, "", v.about+" [$"+v.env+"]")
		}
		_ = values.BindEnv(v.env, v.env) // fails only without a key
		if v.flag != "" {
			bindFlag(flags, values, v.env, v.flag)
		}
	}
	flags.Bool(insecureFlag, false, "allow plain http to other hosts than this machine: credentials travel in clear text")
	flags.String(caFileFlag, "", "trust the certificates in this PEM file, too")
	bindFlag(flags, values, insecureFlag, insecureFlag)
	bindFlag(flags, values, caFileFlag, caFileFlag)
	cmd.PreRun = func(cmd *cobra.Command, _ []string) {
		read := sourcesOf(cmd.Context())
		for env, secret := range read.secrets { // they have no flags that the env file could set
			if secret.origin == fromEnvFile {
				values.Set(env, secret.values[0])
			}
		}
		for _, v := range sides.of() {
			if read.flags[v.flag].origin == fromFlag {
				values.Set(setBy+v.env, "--"+v.flag)
			}
		}
	}
}

// setBy begins the key of the flag that a variable's value is from.
const setBy = "set by "

// setter names what a variable's value is from: its flag, where that was used.
func setter(values *viper.Viper, env string) string { return cmp.Or(values.GetString(setBy+env), env) }

func bindFlag(flags *pflag.FlagSet, values *viper.Viper, key, name string) {
	_ = values.BindPFlag(key, flags.Lookup(name)) // fails only without a flag
}

// bindRates declares the flags on how hard both sides are worked.
func bindRates(flags *pflag.FlagSet, values *viper.Viper) {
	flags.String(portShareFlag, "80%", "share of Port's rate limit to use, so that other integrations go on")
	flags.Int(portConcurrencyFlag, defaultPortConcurrency, "requests to Port under way at once, at the most")
	flags.Int(codecovConcurrencyFlag, defaultCodecovConcurrency, "requests to Codecov under way at once, at the most")
	for _, name := range []string{portShareFlag, portConcurrencyFlag, codecovConcurrencyFlag} {
		bindFlag(flags, values, name, name)
	}
}

// readSettings gives the settings, or one error that names all that is missing of what the sides that the command
// needs require. What belongs to a side that it does not need may be missing.
func readSettings(values *viper.Viper, needs apis) (settings, error) {
	if err := missing(values, needs); err != nil {
		return settings{}, err
	}
	return parseSettings(values, needs)
}

// parseSettings is readSettings for whoever has looked at what is missing.
func parseSettings(values *viper.Viper, needs apis) (settings, error) {
	value := func(env string) string { return strings.TrimSpace(values.GetString(env)) }
	s := settings{
		clientID:     value("PORT_CLIENT_ID"),
		clientSecret: value("PORT_CLIENT_SECRET"),
		codecovToken: value("CODECOV_TOKEN"),
		owners:       list(values, "CODECOV_SERVICE_PROVIDER_ACCOUNT_NAME"),
		codecovAPI:   codecov.DefaultBaseURL,
		codecovApp:   cloudApp,
		insecureHTTP: values.GetBool(insecureFlag),
	}
	var err error
	if file := value(caFileFlag); file != "" {
		if s.network, err = trusted(file); err != nil {
			return settings{}, usage(fmt.Errorf("--%s: %w", caFileFlag, err), "it holds certificates as PEM: -----BEGIN CERTIFICATE-----")
		}
	}
	if needs&codecovSide != 0 {
		if s.service, err = codecov.ParseService(value("CODECOV_SERVICE_PROVIDER")); err != nil {
			return settings{}, usage(fmt.Errorf("%s: %w", setter(values, "CODECOV_SERVICE_PROVIDER"), err),
				meant(value("CODECOV_SERVICE_PROVIDER"), services(), "name the git provider that Codecov reads your code from"))
		}
	}
	if needs&portSide != 0 {
		if s.portURL, err = portAddress(values); err != nil {
			return settings{}, err
		}
	}
	if selfHosted := strings.TrimRight(value("CODECOV_URL"), "/"); selfHosted != "" {
		s.codecovAPI, s.codecovApp = selfHosted+apiPath, selfHosted
	}
	if app := strings.TrimRight(value("CODECOV_APP_URL"), "/"); app != "" {
		if _, err := httpclient.ParseBase(app); err != nil { // it begins the addresses in Port's entities
			return settings{}, addressHint(fmt.Errorf("%s: %w", setter(values, "CODECOV_APP_URL"), err))
		}
		s.codecovApp = app
	}
	return s, nil
}

// portAddress is the address that is given, or that of the region.
func portAddress(values *viper.Viper) (string, error) {
	ofRegion, err := port.RegionURL(cmp.Or(strings.TrimSpace(values.GetString("PORT_REGION")), "eu"))
	if err != nil {
		return "", usage(fmt.Errorf("%s: %w", setter(values, "PORT_REGION"), err), "your region is in the address you open Port at: app.port.io is eu, app.us.port.io is us")
	}
	return cmp.Or(strings.TrimSpace(values.GetString("PORT_BASE_URL")), ofRegion), nil
}

// readRates adds what the flags of bindRates say.
func (s settings) readRates(values *viper.Viper) (settings, error) {
	s.portConcurrency, s.codecovConcurrency = values.GetInt(portConcurrencyFlag), values.GetInt(codecovConcurrencyFlag)
	for _, flag := range []string{portConcurrencyFlag, codecovConcurrencyFlag} {
		if number := values.GetInt(flag); number < 1 {
			return settings{}, usage(errorf("--%s %d: expected a number from 1", flag, number), "leave it out: the default suits most")
		}
	}
	var err error
	if s.portShare, err = parseShare(portShareFlag, values.GetString(portShareFlag)); err != nil {
		return settings{}, usage(err, "for example --port-share 50%")
	}
	return s, nil
}

func missing(values *viper.Viper, needs apis) error {
	var names, hints []string
	for _, v := range needs.of() {
		if v.required && len(list(values, v.env)) == 0 {
			names = append(names, v.env)
			hints = append(hints, fmt.Sprintf("  %s: %s", v.env, v.where))
		}
	}
	if len(names) == 0 {
		return nil
	}
	what, them := "variable", "it"
	if len(names) > 1 {
		what, them = "variables", "them"
	}
	return usage(fmt.Errorf("missing environment %s: %s", what, strings.Join(names, ", ")),
		fmt.Sprintf("export %s, or name a file that holds %s with --env-file:\n", them, them)+strings.Join(hints, "\n"))
}

const environmentTitle = "Environment, required:"

// aboutVariables is the part of a command's help that tells of the environment of the sides that it talks to.
func aboutVariables(sides apis) string {
	var required, others strings.Builder
	for _, v := range sides.of() {
		about, text := v.about, &others
		if v.flag == "" {
			about = v.where
		} else {
			about += " (--" + v.flag + ")"
		}
		if v.required {
			text = &required
		}
		fmt.Fprintf(text, "\n  %s\n      %s", v.env, about)
	}
	return environmentTitle + required.String() + "\nand at will:" + others.String() +
		"\nA flag goes before the environment, that before the file of --env-file, and that before the config file."
}

// list gives the values of a variable, which the environment separates with commas. Blank and repeated ones are dropped.
func list(values *viper.Viper, env string) []string {
	parts, isList := values.Get(env).([]string)
	if !isList {
		parts = strings.Split(values.GetString(env), ",")
	}
	var all []string
	for _, part := range parts {
		part = strings.TrimSpace(part)
		repeated := slices.ContainsFunc(all, func(other string) bool { return strings.EqualFold(other, part) })
		if part != "" && !repeated {
			all = append(all, part)
		}
	}
	return all
}
