package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/codecov-port/codecov-port/internal/recording"
	"github.com/codecov-port/codecov-port/internal/ui"
	"github.com/codecov-port/codecov-port/pkg/backfill"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/codecov/codecovtest"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port/porttest"
)

const aboutDemo = `Bring a recorded Codecov account with 60 repositories into an emulated Port, both on this machine, and show what
lands there. It is the real pipeline over real HTTP; it needs no credentials and no network, and changes nothing.`

func newDemo(streams *ui.Streams) *cobra.Command {
	return &cobra.Command{
		Use:     "demo",
		Short:   "See it work on a recorded account, without credentials",
		Long:    aboutDemo,
		Example: "  codecov-port demo",
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return demo(cmd.Context(), streams) },
	}
}

// The emulators know these; they open nothing elsewhere.
const (
	demoToken  = "7f3d1c52-0c8e-4a55-9f0e-2f6f1b1d0a11"
	demoID     = "demo-client-id"
	demoSecret = "demo-client-secret"
)

func demo(ctx context.Context, streams *ui.Streams) error {
	account, err := loadAccount("accounts/github.acme.json")
	if err != nil {
		return fmt.Errorf("load the recorded account: %w", err)
	}
	source := codecovtest.New(codecovtest.Options{
		Accounts: []codecovtest.Account{account},
		Tokens:   map[string]codecovtest.Access{demoToken: {}},
	})
	catalog := porttest.New(porttest.Options{ClientID: demoID, ClientSecret: demoSecret, Now: recording.Now})
	codecovURL, closeCodecov, err := serve(ctx, source)
	if err != nil {
		return err
	}
	defer closeCodecov()
	portURL, closePort, err := serve(ctx, catalog)
	if err != nil {
		return err
	}
	defer closePort()
	options, err := backfillOptions(settings{
		clientID: demoID, clientSecret: demoSecret, codecovToken: demoToken,
		service: codecov.Service(account.Service()), owners: []string{account.Owner().Username},
		portURL: portURL, codecovAPI: codecovURL + apiPath, codecovApp: cloudApp,
	}, recording.Now())
	if err != nil {
		return err
	}
	if options.Mapping, err = chooseMapping(mapper.Choice{}, nil, options.Now, streams.Err); err != nil {
		return err
	}
	result, err := backfill.Run(ctx, options)
	if err != nil {
		return err
	}
	return printDemo(streams.Out, catalog, result)
}

func loadAccount(file string) (codecovtest.Account, error) {
	f, err := recording.Accounts.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return codecovtest.LoadAccount(f)
}

// serve starts a server on a free port of this machine.
func serve(ctx context.Context, handler http.Handler) (address string, stop func(), err error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("start an emulator: %w", err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // ends with Close
	}()
	return "http://" + listener.Addr().String(), func() {
		_ = server.Close()
		<-done
	}, nil
}

const demoRows = 15

func printDemo(w io.Writer, catalog *porttest.Server, result *backfill.Result) error {
	rows := demoTable(catalog)
	var text strings.Builder
	fmt.Fprintf(&text, "A recorded Codecov account, brought into an emulated Port.\n\n")
	columns := []ui.Column{{Title: "REPOSITORY"}, {Title: "COVERAGE", Align: ui.Right}, {Title: "COMMITS", Align: ui.Right}, {Title: "TREND"}}
	if err := ui.Table(&text, columns, rows[:min(demoRows, len(rows))]); err != nil {
		return err
	}
	if more := len(rows) - demoRows; more > 0 {
		fmt.Fprintf(&text, "… and %d more\n", more)
	}
	fmt.Fprintln(&text, "\nIn Port now:")
	for _, entities := range result.Entities {
		fmt.Fprintf(&text, "  %5d entities of %s\n", catalog.Count(entities.Blueprint), entities.Blueprint)
	}
	fmt.Fprintln(&text)
	if err := printResult(&text, result); err != nil {
		return err
	}
	fmt.Fprint(&text, demoNext)
	_, err := io.WriteString(w, text.String())
	return err
}

const demoNext = `
Next, with your own account: export the five variables of Port's Codecov guide,
  PORT_CLIENT_ID, PORT_CLIENT_SECRET, CODECOV_TOKEN, CODECOV_SERVICE_PROVIDER, CODECOV_SERVICE_PROVIDER_ACCOUNT_NAME
then see what would be written, and write it:
  codecov-port sync --dry-run
  codecov-port sync
`
