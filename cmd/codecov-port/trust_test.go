package main

import (
	"bytes"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
)

// overTLS serves a handler with a certificate that nobody trusts, and returns that certificate as PEM.
func overTLS(t *testing.T, handler http.Handler) (address, certificate string) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
}

func TestCAFile(t *testing.T) {
	account, err := recordedCodecov()
	if err != nil {
		t.Fatal(err)
	}
	codecovURL, certificate := overTLS(t, account)
	portURL, _ := overTLS(t, fakeport.New(fakeport.Options{}))
	inFolder(t, map[string]string{
		"ca.pem": "a comment\n" + certificate, "text.pem": "no certificate", "named.yaml": "ca-file: ca.pem\n",
		"broken.pem": "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n",
	})
	export(t, codecovURL, portURL, nil)
	for name, test := range map[string]struct {
		args []string
		code int
		err  string
	}{
		"sync without":      {[]string{"sync", "--no-history", "--dry-run"}, exitFailed, "hint: if the server's certificate is from a CA of your own, add it with --ca-file FILE"},
		"setup without":     {[]string{"setup", "--dry-run"}, exitFailed, "--ca-file FILE"},
		"check without":     {[]string{"check"}, exitUsage, "--ca-file FILE"},
		"sync with":         {[]string{"sync", "--no-history", "--dry-run", "--ca-file", "ca.pem"}, exitDone, ""},
		"setup with":        {[]string{"setup", "--dry-run", "--ca-file", "ca.pem"}, exitDone, ""},
		"check with":        {[]string{"check", "--ca-file", "ca.pem"}, exitDone, ""},
		"map with":          {[]string{"map", "--repo", "monolith", "--commit", "a", "--ca-file", "ca.pem"}, exitDone, ""},
		"by config file":    {[]string{"sync", "--no-history", "--dry-run", "--config", "named.yaml"}, exitDone, ""},
		"no such file":      {[]string{"sync", "--ca-file", "nowhere.pem"}, exitUsage, "error: --ca-file: open nowhere.pem"},
		"no certificate":    {[]string{"sync", "--ca-file", "text.pem"}, exitUsage, "error: --ca-file: text.pem: no valid certificate found"},
		"wrong certificate": {[]string{"sync", "--ca-file", "broken.pem"}, exitUsage, "error: --ca-file: broken.pem: no valid certificate found"},
	} {
		t.Run(name, func(t *testing.T) {
			got := say(t, test.args...)
			if got.code != test.code || !strings.Contains(got.text(), test.err) {
				t.Errorf("exit code %d, want %d and %q:\n%s", got.code, test.code, test.err, got.text())
			}
		})
	}
}

// TestProxy: the usual variables name a proxy. It is asked by a process of its own, since a process reads them once.
func TestProxy(t *testing.T) {
	account, err := recordedCodecov()
	if err != nil {
		t.Fatal(err)
	}
	catalog := fakeport.New(fakeport.Options{})
	var proxied atomic.Int64
	proxy := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proxied.Add(1)
		switch r.URL.Host {
		case "codecov.invalid":
			account.ServeHTTP(w, r)
		case "port.invalid":
			catalog.ServeHTTP(w, r)
		default:
			http.Error(w, "who?", http.StatusBadGateway)
		}
	}))
	export(t, "http://codecov.invalid", "http://port.invalid", map[string]string{"HTTP_PROXY": proxy, "http_proxy": proxy, "NO_PROXY": "", "no_proxy": ""})
	got := sayAlone(t, "sync", "--no-history", "--dry-run", "--insecure-http")
	if got.code != exitDone || proxied.Load() == 0 {
		t.Errorf("exit code %d, %d requests through the proxy: %s", got.code, proxied.Load(), got.err)
	}
}

// TestCertificatesOfTheEnvironment: SSL_CERT_FILE, which Go ignores on Windows and macOS, works too.
func TestCertificatesOfTheEnvironment(t *testing.T) {
	portURL, certificate := overTLS(t, fakeport.New(fakeport.Options{}))
	inFolder(t, map[string]string{"ca.pem": certificate})
	export(t, "https://codecov.invalid", portURL, map[string]string{"SSL_CERT_FILE": "ca.pem"})
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("the system keeps its certificates elsewhere")
	}
	if got := sayAlone(t, "setup", "--dry-run"); got.code != exitDone {
		t.Errorf("exit code %d: %s", got.code, got.err)
	}
}

// sayAlone runs a command as a process of its own.
func sayAlone(t *testing.T, args ...string) said {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "codecov-port", args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return said{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}
