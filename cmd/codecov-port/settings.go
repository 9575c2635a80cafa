package main

import (
	"cmp"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/joho/godotenv"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"github.com/codecov-port/codecov-port/internal/httpclient"
	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/port"
)

const (
	cloudApp = "https://app.codecov.io"
	apiPath  = "/api/v2"

	configFlag      = "config"
	envFileFlag     = "env-file"
	caFileFlag      = "ca-file"
	insecureFlag    = "insecure-http"
	portShareFlag   = "port-share"
	concurrencyFlag = "codecov-concurrency"

	ownerVariable   = "CODECOV_SERVICE_PROVIDER_ACCOUNT_NAME"
	serviceVariable = "CODECOV_SERVICE_PROVIDER"
)

// side is a service that a command talks to.
type side uint

const (
	portSide side = 1 << iota
	codecovSide
	bothSides = portSide | codecovSide
)

// variable is an environment variable.
type variable struct {
	name     string
	flag     string // the flag that overrides it; secrets and addresses have none
	side     side
	required bool
	about    string
}

var variables = []variable{
	{name: "PORT_CLIENT_ID", side: portSide, required: true, about: "Port › your avatar › Credentials"},
	{name: "PORT_CLIENT_SECRET", side: portSide, required: true, about: "Port › your avatar › Credentials"},
	{name: "CODECOV_TOKEN", side: codecovSide, required: true,
		about: "a user API token (Codecov › Settings › Access › Generate Token), not an upload token"},
	{name: serviceVariable, flag: "service", side: codecovSide, required: true, about: "the git provider: " + strings.Join(services(), ", ")},
	{name: ownerVariable, flag: "owner", side: codecovSide, required: true,
		about: "the owner in your Codecov addresses, https://app.codecov.io/gh/OWNER; several separated by commas"},
	{name: "PORT_REGION", side: portSide, about: "Port's region: eu (default) or us"},
	{name: "PORT_BASE_URL", side: portSide, about: "another address of Port's API"},
	{name: "CODECOV_URL", side: codecovSide, about: "the address of a self-hosted Codecov"},
	{name: "CODECOV_APP_URL", side: codecovSide, about: "the address of its web pages, if it is another one"},
}

// settings are what flags, environment and files set, read once. It is safe to print: secrets are left out.
type settings struct {
	clientID     string
	clientSecret string
	codecovToken string
	service      codecov.Service
	owners       []string
	repository   string // named with the only account: owner/repository
	portURL      string // before /v1
	codecovAPI   string
	codecovApp   string
	insecureHTTP bool
	network      http.RoundTripper // nil: the default
	log          *slog.Logger      // nil: no log

	portShare   float64 // of Port's rate limit
	concurrency int     // requests to Codecov
}

// Format leaves the secrets out, whatever the verb.
func (s settings) Format(state fmt.State, _ rune) {
	_, _ = fmt.Fprintf(state, "settings for %s at %s: Codecov %s, Port %s", strings.Join(s.owners, ", "), s.service, s.codecovAPI, s.portURL)
}

// LogValue leaves the secrets out.
func (s settings) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(s)) }

// addSettingsFlags adds the flags of the settings.
func addSettingsFlags(flags *pflag.FlagSet) {
	flags.StringSlice("owner", nil, "Sync the repositories of this `account` (repeatable) [$"+ownerVariable+"]")
	flags.String("service", "", "Git `provider` of the account [$"+serviceVariable+"]")
	flags.String(caFileFlag, "", "Trust the certificates in this PEM `file`, too")
	flags.Bool(insecureFlag, false, "Allow http:// for remote hosts (sends credentials in clear text)")
}

// loadSources sets the flags that are not on the command line from the environment, the env file and the config file, in this order. It
// runs before every command.
func loadSources(cmd *cobra.Command, streams *terminal.Streams) error {
	v := viper.New()
	ctx := cmd.Context()
	for _, variable := range variables {
		_ = v.BindEnv(variable.name) // only fails without a name
	}
	if err := readConfigFile(cmd, v, streams); err != nil {
		return err
	}
	if err := readEnvFile(cmd, v); err != nil {
		return err
	}
	var failure error
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if failure == nil && !flag.Changed {
			failure = setFlag(flag, v)
		}
	})
	cmd.SetContext(withViper(ctx, v))
	return failure
}

// setFlag sets a flag to its variable or, without one, to its key in the config file.
func setFlag(flag *pflag.Flag, v *viper.Viper) error {
	values, source := fileValues(v, flag.Name), v.ConfigFileUsed()
	for _, variable := range variables {
		if text := strings.TrimSpace(v.GetString(variable.name)); variable.flag == flag.Name && text != "" {
			values, source = []string{text}, variable.name
			if flag.Value.Type() == "stringSlice" {
				values = strings.Split(text, ",")
			}
		}
	}
	if values == nil {
		return nil
	}
	var err error
	if list, ok := flag.Value.(pflag.SliceValue); ok {
		err = list.Replace(values)
	} else {
		err = flag.Value.Set(strings.Join(values, ","))
	}
	if err != nil {
		return usage(fmt.Errorf("%s: %s %q: %w", source, flag.Name, strings.Join(values, ","), err), "run 'codecov-port sync --help'")
	}
	return nil
}

// fileValues returns the values of a key of the config file, or nil.
func fileValues(v *viper.Viper, key string) []string {
	switch value := v.Get(key).(type) {
	case nil:
		return nil
	case []any:
		values := []string{}
		for _, element := range value {
			values = append(values, fmt.Sprint(element))
		}
		return values
	default:
		return []string{fmt.Sprint(value)}
	}
}

// oldConfigFile was read from the working directory by earlier versions.
const oldConfigFile = "codecov-port.yaml"

// readConfigFile reads the file of --config and refuses what is not a flag.
func readConfigFile(cmd *cobra.Command, v *viper.Viper, streams *terminal.Streams) error {
	name, _ := cmd.Flags().GetString(configFlag)
	if name == "" {
		if _, err := os.Stat(oldConfigFile); err == nil && cmd.Name() != "help" && cmd.HasParent() {
			warn(streams, "%s in this directory is not read: use --config %s", oldConfigFile, oldConfigFile)
		}
		return nil
	}
	v.SetConfigFile(name)
	v.SetConfigType("yaml")
	if err := v.ReadInConfig(); err != nil {
		return usage(fmt.Errorf("--config: %w", err), "name a YAML file with lines like 'since: 1y'")
	}
	known := configKeys(cmd.Root())
	for _, key := range slices.Sorted(slices.Values(v.AllKeys())) {
		key, _, _ = strings.Cut(key, ".")
		switch {
		case !v.InConfig(key), slices.Contains(known, key):
		case successors[key] != "":
			return usage(fmt.Errorf("%s: %s was removed", name, key), successors[key])
		case isVariable(key):
			return usage(fmt.Errorf("%s: %s is a secret or an address", name, key), "don't put it in this file: export the variable, or use --env-file")
		default:
			return usage(fmt.Errorf("%s: unknown key %q", name, key), suggestion(key, known, "use the names of flags: run 'codecov-port sync --help'"))
		}
	}
	return nil
}

// configKeys returns the flags of all commands that a config file may set.
func configKeys(root *cobra.Command) []string {
	var keys []string
	for _, cmd := range root.Commands() {
		cmd.Flags().VisitAll(func(flag *pflag.Flag) { keys = append(keys, flag.Name) })
	}
	root.PersistentFlags().VisitAll(func(flag *pflag.Flag) { keys = append(keys, flag.Name) })
	return slices.DeleteFunc(keys, func(key string) bool {
		return slices.Contains([]string{"help", configFlag, envFileFlag, "yes", "dry-run", "exit-code", "adopt"}, key)
	})
}

func isVariable(key string) bool {
	key = strings.ToUpper(strings.ReplaceAll(key, "-", "_"))
	return slices.ContainsFunc(variables, func(v variable) bool { return v.name == key })
}

// readEnvFile sets the variables of the file of --env-file that are not in the environment.
func readEnvFile(cmd *cobra.Command, v *viper.Viper) error {
	name, _ := cmd.Flags().GetString(envFileFlag)
	if name == "" {
		return nil
	}
	data, err := readSmall(name)
	if err != nil {
		return usage(fmt.Errorf("--env-file: %w", err), "name a file with lines like CODECOV_TOKEN=…")
	}
	values, err := godotenv.UnmarshalBytes(data)
	if err != nil { // the error may quote a secret
		return usage(fmt.Errorf("--env-file %s: expected lines of NAME=VALUE", name), "put values with spaces into quotes")
	}
	for _, variable := range variables {
		if value := values[variable.name]; value != "" && strings.TrimSpace(os.Getenv(variable.name)) == "" {
			v.Set(variable.name, value)
		}
	}
	return nil
}

// readSettings reads the settings of a command that needs these sides. The error names everything that is missing.
func readSettings(cmd *cobra.Command, streams *terminal.Streams, needs side) (settings, error) {
	if err := missingVariables(cmd, needs); err != nil {
		return settings{}, err
	}
	return parseSettings(cmd, streams, needs)
}

// parseSettings is readSettings without the check for missing variables.
func parseSettings(cmd *cobra.Command, streams *terminal.Streams, needs side) (settings, error) {
	v := viperOf(cmd)
	value := func(name string) string { return strings.TrimSpace(v.GetString(name)) }
	s := settings{
		clientID:     value("PORT_CLIENT_ID"),
		clientSecret: value("PORT_CLIENT_SECRET"),
		codecovToken: value("CODECOV_TOKEN"),
		codecovAPI:   codecov.DefaultBaseURL,
		codecovApp:   cloudApp,
		log:          newLog(streams),
	}
	flags := cmd.Flags()
	s.insecureHTTP, _ = flags.GetBool(insecureFlag)
	var err error
	if file, _ := flags.GetString(caFileFlag); file != "" {
		if s.network, err = trust(file); err != nil {
			return settings{}, usage(fmt.Errorf("--%s: %w", caFileFlag, err), "name a PEM file with -----BEGIN CERTIFICATE-----")
		}
	}
	if needs&codecovSide != 0 {
		if err = s.readCodecov(cmd, value); err != nil {
			return settings{}, err
		}
	}
	if needs&portSide != 0 {
		region, err := port.RegionURL(cmp.Or(value("PORT_REGION"), "eu"))
		if err != nil {
			return settings{}, usage(fmt.Errorf("PORT_REGION: %w", err), "use eu for app.port.io, us for app.us.port.io")
		}
		s.portURL = cmp.Or(strings.TrimSuffix(strings.TrimRight(value("PORT_BASE_URL"), "/"), "/v1"), region)
	}
	if share := flags.Lookup(portShareFlag); share != nil {
		if s.portShare, err = parseShare(portShareFlag, share.Value.String()); err != nil {
			return settings{}, usage(err, "for example --port-share 50%")
		}
	}
	return s, nil
}

func (s *settings) readCodecov(cmd *cobra.Command, value func(string) string) error {
	service, _ := cmd.Flags().GetString("service")
	var err error
	if s.service, err = codecov.ParseService(service); err != nil {
		return usage(fmt.Errorf("%s: %w", flagOrVariable(cmd, "service", serviceVariable), err), suggestion(service, services(), "name the git provider of the account"))
	}
	if selfHosted := strings.TrimSuffix(strings.TrimRight(value("CODECOV_URL"), "/"), apiPath); selfHosted != "" && !slices.Contains(codecovHosts, hostOf(selfHosted)) {
		s.codecovAPI, s.codecovApp = selfHosted+apiPath, selfHosted
	}
	if app := strings.TrimRight(value("CODECOV_APP_URL"), "/"); app != "" {
		if _, err := httpclient.ParseBase(app); err != nil {
			return addressError(fmt.Errorf("CODECOV_APP_URL: %w", err))
		}
		s.codecovApp = app
	}
	if s.owners, s.repository, err = s.parseOwners(owners(cmd)); err != nil {
		return err
	}
	if s.repository != "" && cmd.Flags().Lookup("repo") == nil {
		return usage(fmt.Errorf("account with repository %q: %s covers the whole account", s.repository, cmd.Name()), "name the account only: --owner "+s.owners[0])
	}
	if flag := cmd.Flags().Lookup(concurrencyFlag); flag != nil {
		if s.concurrency, _ = cmd.Flags().GetInt(concurrencyFlag); s.concurrency < 1 {
			return usage(fmt.Errorf("--%s %d: expected a number from 1", concurrencyFlag, s.concurrency), "leave it out to use the default")
		}
	}
	return nil
}

// flagOrVariable names where a setting comes from.
func flagOrVariable(cmd *cobra.Command, flag, variable string) string {
	if f := cmd.Flags().Lookup(flag); f != nil && f.Changed {
		return "--" + flag
	}
	return variable
}

// missingVariables names the required variables of these sides that have no value.
func missingVariables(cmd *cobra.Command, needs side) error {
	v := viperOf(cmd)
	var names, hints []string
	for _, variable := range variables {
		value := v.GetString(variable.name)
		if flag := cmd.Flags().Lookup(variable.flag); flag != nil {
			value = strings.Trim(flag.Value.String(), "[] ,")
		}
		if variable.required && variable.side&needs != 0 && strings.TrimSpace(value) == "" {
			names = append(names, variable.name)
			hints = append(hints, fmt.Sprintf("  %s: %s", variable.name, variable.about))
		}
	}
	if len(names) == 0 {
		return nil
	}
	noun, them := "variable", "it"
	if len(names) > 1 {
		noun, them = "variables", "them"
	}
	return usage(fmt.Errorf("missing environment %s: %s", noun, strings.Join(names, ", ")),
		fmt.Sprintf("export %s, or name a file that contains %s with --env-file:\n", them, them)+strings.Join(hints, "\n"))
}

func services() []string {
	var names []string
	for _, service := range codecov.Services() {
		names = append(names, string(service))
	}
	return names
}

// parseShare parses a share: 80%, 80 or 0.8.
func parseShare(flag, text string) (float64, error) {
	number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	share, err := strconv.ParseFloat(number, 64)
	if percent || share > 1 {
		share /= 100
	}
	if err != nil || !(share > 0 && share <= 1) {
		return 0, fmt.Errorf("--%s %q: expected a share from 1%% to 100%%", flag, text)
	}
	return share, nil
}

// trust returns a network that trusts the certificates of a PEM file in addition to the system's.
func trust(name string) (http.RoundTripper, error) {
	data, err := readSmall(name)
	if err != nil {
		return nil, err
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("read the system's certificates: %w", err)
	}
	count := 0
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: certificate %d: %w", name, count+1, err)
		}
		roots.AddCert(certificate)
		count++
	}
	if count == 0 {
		return nil, fmt.Errorf("%s: no certificate found", name)
	}
	return httpclient.NewNetwork(roots)
}

func newCodecov(s settings) (*codecov.Client, error) {
	client, err := codecov.NewClient(codecov.Options{
		BaseURL:      s.codecovAPI,
		Token:        s.codecovToken,
		Service:      s.service,
		UserAgent:    userAgent(),
		InsecureHTTP: s.insecureHTTP,
		Concurrency:  s.concurrency,
		Logger:       logFor(s.log, "codecov"),
		Transport:    s.network,
	})
	return client, addressError(err)
}

func newPort(s settings) (*port.Client, error) {
	client, err := port.NewClient(port.Options{
		BaseURL:      s.portURL,
		ClientID:     s.clientID,
		ClientSecret: s.clientSecret,
		UserAgent:    userAgent(),
		InsecureHTTP: s.insecureHTTP,
		Share:        s.portShare,
		Logger:       logFor(s.log, "port"),
		Transport:    s.network,
	})
	return client, addressError(err)
}

func logFor(log *slog.Logger, side string) *slog.Logger {
	if log == nil {
		return nil
	}
	return log.With("to", side)
}

func addressError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, httpclient.ErrInsecure):
		return usage(err, "use https, or --"+insecureFlag+" if the network is trusted")
	}
	return usage(err, "an address looks like https://codecov.example.com")
}
