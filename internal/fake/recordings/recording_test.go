package recordings_test

import (
	"bytes"
	"compress/gzip"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/codecov-port/codecov-port/internal/fake/recordings"
)

func TestHTTPReadsEveryExchangeInOrder(t *testing.T) {
	exchanges, err := recordings.HTTP(os.DirFS("../../../testdata/codecov"))
	if err != nil {
		t.Fatal(err)
	}
	if len(exchanges) != 426 {
		t.Errorf("%d exchanges, want 426", len(exchanges))
	}
	for i, exchange := range exchanges {
		number, _, _ := strings.Cut(exchange.Name, "-")
		if n, err := strconv.Atoi(number); err != nil || n != i+1 {
			t.Errorf("exchange %d is named %q", i+1, exchange.Name)
		}
		if exchange.Request.Method == "" || exchange.Request.Path == "" || exchange.Response.Status == 0 {
			t.Errorf("%s: method, path or status is missing: %+v", exchange.Name, exchange.Request)
		}
	}
	first := exchanges[0]
	if first.Request.Path != "/api/v2/github/acme/repos" || *first.Request.Token != "TOKEN_ACME" || first.Response.Headers["Content-Type"] != "application/json" {
		t.Errorf("first exchange: %+v", first.Request)
	}
}

func TestBytesAreWhatWentOverTheWire(t *testing.T) {
	exchanges, err := recordings.HTTP(os.DirFS("../../../testdata/codecov"))
	if err != nil {
		t.Fatal(err)
	}
	for _, exchange := range exchanges {
		length, said := exchange.Response.Headers["Content-Length"]
		if !said || exchange.Request.Method == "HEAD" {
			continue
		}
		body, err := exchange.Response.Bytes()
		if err != nil {
			t.Errorf("%s: %v", exchange.Name, err)
		}
		want, _ := strconv.Atoi(length)
		if bytes.HasPrefix(body, []byte(`{"error":`)) {
			want-- // the blank behind the colon
		}
		if len(body) != want {
			t.Errorf("%s: %d bytes, recorded were %d", exchange.Name, len(body), want)
		}
	}
}

func TestUnreadableArchives(t *testing.T) {
	zipped := func(content string) *fstest.MapFile {
		var buffer bytes.Buffer
		writer := gzip.NewWriter(&buffer)
		_, _ = writer.Write([]byte(content))
		_ = writer.Close()
		return &fstest.MapFile{Data: buffer.Bytes()}
	}
	for name, fsys := range map[string]fstest.MapFS{
		"missing": {},
		"no gzip": {recordings.Archive: {Data: []byte("plain")}},
		"no tar":  {recordings.Archive: zipped(strings.Repeat("no tar", 200))},
	} {
		if _, err := recordings.HTTP(fsys); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
