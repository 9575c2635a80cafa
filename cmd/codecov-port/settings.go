package main

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

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
	codecov    codecov.Options
	port       port.Options
	codecovApp string
	owners     []string
	repository string // named with the only account: owner/repository
	log        *slog.Logger
}

// Format leaves the secrets out, whatever the verb.
func (s settings) Format(state fmt.State, _ rune) {
	_, _ = fmt.Fprintf(state, "settings for %s at %s: Codecov %s, Port %s", strings.Join(s.owners, ", "), s.codecov.Service, s.codecov.BaseURL, s.port.BaseURL)
}

func addSettingsFlags(flags *pflag.FlagSet) {
	flags.StringSlice("owner", nil, "Sync the repositories of this `account` (repeatable) [$"+ownerVariable+"]")
	flags.String("service", "", "Git `provider` of the account [$"+serviceVariable+"]")
	flags.String(caFileFlag, "", "Trust the certificates in this PEM `file`, too")
	flags.Bool(insecureFlag, false, "Allow http:// for remote hosts (sends credentials in clear text)")
}

// loadSources reads what is not on the command line from the environment, the env file and the config file, in this
// order, and sets the flags. It runs before every command.
func loadSources(cmd *cobra.Command, streams *terminal.Streams) error {
	v := viper.New()
	config, _ := cmd.Flags().GetString(configFlag)
	if config != "" {
		if err := readConfigFile(v, config, cmd.Root()); err != nil {
			return err
		}
	} else if _, err := os.Stat(oldConfigFile); err == nil && cmd.Name() != "help" && cmd.HasParent() {
		warn(streams, "%s in this directory is not read: use --config %s", oldConfigFile, oldConfigFile)
	}
	envFile, _ := cmd.Flags().GetString(envFileFlag)
	values, err := readEnvFile(envFile)
	if err != nil {
		return err
	}
	for _, variable := range variables {
		if value := cmp.Or(strings.TrimSpace(os.Getenv(variable.name)), values[variable.name]); value != "" {
			v.Set(cmp.Or(variable.flag, variable.name), value)
		}
	}
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if !flag.Changed {
			err = cmp.Or(err, setFlag(cmd, flag, v))
		}
	})
	cmd.SetContext(context.WithValue(cmd.Context(), sourcesKey{}, v))
	return err
}

type sourcesKey struct{}

// environment returns a variable without a flag, from the environment or the env file.
func environment(cmd *cobra.Command, name string) string {
	return strings.TrimSpace(cmd.Context().Value(sourcesKey{}).(*viper.Viper).GetString(name))
}

// setFlag sets a flag to its variable or, without one, to its key in the config file.
func setFlag(cmd *cobra.Command, flag *pflag.Flag, v *viper.Viper) error {
	value := v.Get(flag.Name)
	if date, ok := value.(time.Time); ok { // in YAML, without quotes
		value = date.Format(time.DateOnly)
	}
	_, several := value.([]any)
	if list, ok := flag.Value.(pflag.SliceValue); ok && several {
		return list.Replace(v.GetStringSlice(flag.Name))
	}
	if value == nil {
		return nil
	}
	if err := cmd.Flags().Set(flag.Name, fmt.Sprint(value)); err != nil {
		return flagError(cmd, err)
	}
	return nil
}

// oldConfigFile was read from the working directory by earlier versions.
const oldConfigFile = "codecov-port.yaml"

// readConfigFile reads the file of --config and refuses what is not a flag.
func readConfigFile(v *viper.Viper, name string, root *cobra.Command) error {
	v.SetConfigFile(name)
	v.SetConfigType("yaml")
	if err := v.ReadInConfig(); err != nil {
		return usage(fmt.Errorf("--config: %w", err), "name a YAML file with lines like 'since: 1y'")
	}
	known := configKeys(root)
	for _, key := range slices.Sorted(maps.Keys(v.AllSettings())) {
		environmentName := strings.ToUpper(strings.ReplaceAll(key, "-", "_"))
		switch {
		case slices.Contains(known, key):
		case successors[key] != "":
			return usage(fmt.Errorf("%s: %s was removed", name, key), successors[key])
		case slices.ContainsFunc(variables, func(v variable) bool { return v.name == environmentName }):
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
	add := func(flag *pflag.Flag) {
		if !slices.Contains([]string{"help", configFlag, envFileFlag, "yes", "dry-run", "exit-code", "adopt"}, flag.Name) {
			keys = append(keys, flag.Name)
		}
	}
	for _, cmd := range root.Commands() {
		cmd.Flags().VisitAll(add)
	}
	root.PersistentFlags().VisitAll(add)
	return keys
}

// readEnvFile reads the file of --env-file, if there is one.
func readEnvFile(name string) (map[string]string, error) {
	if name == "" {
		return nil, nil
	}
	values, err := godotenv.Read(name)
	if errors.As(err, new(*fs.PathError)) {
		return nil, usage(fmt.Errorf("--env-file: %w", err), "name a file with lines like CODECOV_TOKEN=…")
	}
	if err != nil { // the error may quote a secret
		return nil, usage(fmt.Errorf("--env-file %s: expected lines of NAME=VALUE", name), "put values with spaces into quotes")
	}
	return values, nil
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
	log, agent := newLog(streams), "codecov-port/"+version().Version // Port shows the agent as the source of entities
	insecure, _ := cmd.Flags().GetBool(insecureFlag)
	s := settings{
		codecovApp: cloudApp,
		log:        log,
		codecov: codecov.Options{
			BaseURL: codecov.DefaultBaseURL, Token: environment(cmd, "CODECOV_TOKEN"),
			UserAgent: agent, InsecureHTTP: insecure, Logger: log.With("to", "codecov"),
		},
		port: port.Options{
			ClientID: environment(cmd, "PORT_CLIENT_ID"), ClientSecret: environment(cmd, "PORT_CLIENT_SECRET"),
			UserAgent: agent, InsecureHTTP: insecure, Logger: log.With("to", "port"),
		},
	}
	err := s.readNetwork(cmd.Flags())
	if needs&codecovSide != 0 {
		err = cmp.Or(err, s.readCodecov(cmd))
	}
	if needs&portSide != 0 {
		err = cmp.Or(err, s.readPort(cmd))
	}
	return s, err
}

// readNetwork trusts the certificates of --ca-file in addition to the system's.
func (s *settings) readNetwork(flags *pflag.FlagSet) error {
	const hint = "name a PEM file with -----BEGIN CERTIFICATE-----"
	name, _ := flags.GetString(caFileFlag)
	if name == "" {
		return nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return usage(fmt.Errorf("--%s: %w", caFileFlag, err), hint)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		return fmt.Errorf("read the system's certificates: %w", err)
	}
	if !roots.AppendCertsFromPEM(data) {
		return usage(fmt.Errorf("--%s: %s: no valid certificate found", caFileFlag, name), hint)
	}
	s.codecov.Transport, err = httpclient.NewNetwork(roots)
	s.port.Transport = s.codecov.Transport
	return err
}

func (s *settings) readPort(cmd *cobra.Command) error {
	region, err := port.RegionURL(cmp.Or(environment(cmd, "PORT_REGION"), "eu"))
	if err != nil {
		return usage(fmt.Errorf("PORT_REGION: %w", err), "use eu for app.port.io, us for app.us.port.io")
	}
	s.port.BaseURL = cmp.Or(baseAddress(cmd, "PORT_BASE_URL", "/v1"), region)
	if share := cmd.Flags().Lookup(portShareFlag); share != nil {
		if s.port.Share, err = parseShare(portShareFlag, share.Value.String()); err != nil {
			return usage(err, "for example --port-share 50%")
		}
	}
	return nil
}

// baseAddress returns an address from the environment without the path that the clients add.
func baseAddress(cmd *cobra.Command, variable, path string) string {
	return strings.TrimRight(strings.TrimSuffix(strings.TrimRight(environment(cmd, variable), "/"), path), "/")
}

func (s *settings) readCodecov(cmd *cobra.Command) error {
	flags := cmd.Flags()
	service, _ := flags.GetString("service")
	var err error
	if s.codecov.Service, err = codecov.ParseService(service); err != nil {
		return usage(fmt.Errorf("--service or %s: %w", serviceVariable, err), suggestion(service, services(), "name the git provider of the account"))
	}
	selfHosted := baseAddress(cmd, "CODECOV_URL", apiPath)
	if provider, isCloud := cloudHosts[hostOf(selfHosted)]; selfHosted != "" && (provider != "" || !isCloud) {
		s.codecov.BaseURL, s.codecovApp = selfHosted+apiPath, selfHosted
	}
	if app := baseAddress(cmd, "CODECOV_APP_URL", ""); app != "" {
		if _, err := httpclient.ParseBase(app); err != nil {
			return addressError(fmt.Errorf("CODECOV_APP_URL: %w", err))
		}
		s.codecovApp = app
	}
	if s.owners, s.repository, err = s.parseOwners(owners(cmd)); err != nil {
		return err
	}
	if s.repository != "" && flags.Lookup("repo") == nil {
		return usage(fmt.Errorf("account with repository %q: %s covers the whole account", s.repository, cmd.Name()), "name the account only: --owner "+s.owners[0])
	}
	if s.codecov.Concurrency, err = flags.GetInt(concurrencyFlag); err == nil && s.codecov.Concurrency < 1 {
		return usage(fmt.Errorf("--%s %d: expected a number from 1", concurrencyFlag, s.codecov.Concurrency), "leave it out to use the default")
	}
	return nil
}

// missingVariables names the required variables of these sides that have no value.
func missingVariables(cmd *cobra.Command, needs side) error {
	var names, hints []string
	for _, variable := range variables {
		value := environment(cmd, variable.name)
		if flag := cmd.Flags().Lookup(variable.flag); flag != nil {
			value = strings.Trim(flag.Value.String(), "[] ,")
		}
		if variable.required && variable.side&needs != 0 && value == "" {
			names = append(names, variable.name)
			hints = append(hints, fmt.Sprintf("\n  %s: %s", variable.name, variable.about))
		}
	}
	if len(names) == 0 {
		return nil
	}
	return usage(fmt.Errorf("missing in the environment: %s", strings.Join(names, ", ")),
		"export what is missing, or name a file that contains it with --env-file:"+strings.Join(hints, ""))
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

func newCodecov(s settings) (*codecov.Client, error) {
	client, err := codecov.NewClient(s.codecov)
	return client, addressError(err)
}

func newPort(s settings) (*port.Client, error) {
	client, err := port.NewClient(s.port)
	return client, addressError(err)
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
