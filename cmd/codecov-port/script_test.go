package main

import (
	"flag"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/internal/fake/faults"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/internal/fake/recordings"
)

func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "4"); err != nil { // one script only waits, for servers that refuse connections
		panic(err)
	}
	debug.SetGCPercent(testGC) // the tests hold little, and collecting it would take a fifth of their time
	testscript.Main(m, map[string]func(){"codecov-port": main})
}

// TestScripts runs testdata/script: each has both emulators of its own, with the recorded accounts, the
// environment that a user would have, and the files of examples/.
func TestScripts(t *testing.T) {
	t.Parallel() // it mostly waits
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Setup:               setUp,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"entities": entities,
			"requests": requests,
			"exits":    exits,
			"fault":    fault,
			"portapi":  portAPI,
			"masked":   masked,
			"catalog":  catalogDump,
		},
	})
}

const (
	scriptToken = "5c1f1f6e-6d59-4b0e-9d0e-1f2f3a4b5c6d"
	portKey     = "port"
)

func setUp(env *testscript.Env) error {
	source, err := recordedCodecov()
	if err != nil {
		return err
	}
	catalog := fakeport.New(fakeport.Options{})
	codecovServer, portServer := httptest.NewServer(source), httptest.NewServer(catalog)
	env.Defer(codecovServer.Close)
	env.Defer(portServer.Close)
	env.Values[portKey] = catalog
	if err := os.CopyFS(filepath.Join(env.WorkDir, "examples"), os.DirFS("../../examples")); err != nil {
		return err
	}
	for name, value := range userEnvironment(codecovServer.URL, portServer.URL) {
		env.Setenv(name, value)
	}
	return nil
}

// testGC is the percentage of the garbage collector in tests and in the programs that they run.
const testGC = 400

// userEnvironment is what a user of the emulators exports.
func userEnvironment(codecovURL, portURL string) map[string]string {
	return map[string]string{
		"GOGC":                                  strconv.Itoa(testGC),
		"PORT_CLIENT_ID":                        fakeport.DefaultClientID,
		"PORT_CLIENT_SECRET":                    fakeport.DefaultClientSecret,
		"PORT_BASE_URL":                         portURL,
		"CODECOV_TOKEN":                         scriptToken,
		"CODECOV_SERVICE_PROVIDER":              "github",
		"CODECOV_SERVICE_PROVIDER_ACCOUNT_NAME": "acme",
		"CODECOV_URL":                           codecovURL,
		"CODECOV_APP_URL":                       "https://app.codecov.io",
	}
}

func recordedCodecov() (*fakecodecov.Server, error) {
	options := fakecodecov.Options{Tokens: map[string]fakecodecov.Access{scriptToken: {}}}
	files, err := fs.Glob(recordings.Accounts, "accounts/*.json")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		account, err := loadAccount(file)
		if err != nil {
			return nil, err
		}
		options.Accounts = append(options.Accounts, account)
	}
	return fakecodecov.New(options), nil
}

// loadAccount reads a recorded account.
func loadAccount(file string) (fakecodecov.Account, error) {
	f, err := recordings.Accounts.Open(file)
	if err != nil {
		return fakecodecov.Account{}, err
	}
	defer func() { _ = f.Close() }()
	return fakecodecov.LoadAccount(f)
}

// entities BLUEPRINT COUNT: Port holds so many.
func entities(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: entities BLUEPRINT COUNT")
	}
	if got := strconv.Itoa(ts.Value(portKey).(*fakeport.Server).Count(args[0])); got != args[1] {
		ts.Fatalf("%s holds %s entities, want %s", args[0], got, args[1])
	}
}

// requests KIND COUNT: Port saw so many requests of a kind.
func requests(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: requests KIND COUNT")
	}
	counts := ts.Value(portKey).(*fakeport.Server).Requests()
	if got := strconv.Itoa(counts.ByKind[fakeport.Kind(args[0])]); got != args[1] {
		ts.Fatalf("Port saw %s requests of kind %s, want %s", got, args[0], args[1])
	}
}

// exits CODE ARG...: codecov-port ends with this exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: exits CODE ARG...")
	}
	err := ts.Exec("codecov-port", args[1:]...)
	got := "0"
	if err != nil {
		got = err.Error()
	}
	if want := args[0]; got != want && got != "exit status "+want {
		ts.Fatalf("codecov-port %q: %s, want exit code %s", args[1:], got, want)
	}
}

// fault STATUS PATH: Port answers each request below the path with this status.
func fault(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: fault STATUS PATH")
	}
	status, err := strconv.Atoi(args[0])
	ts.Check(err)
	ts.Value(portKey).(*fakeport.Server).Faults.Add(faults.Fault{
		Times: -1, Status: status, Match: func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, args[1]) },
	})
}
