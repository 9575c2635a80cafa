// Package recordings reads what a real Codecov answered: requests with their answers, and whole accounts. For tests only.
package recordings

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"
)

// Accounts holds the recorded accounts, a file each: accounts/{service}.{owner}.json, in the form that
// fakecodecov.LoadAccount reads.
//
//go:embed accounts/*.json
var Accounts embed.FS

// Archive is the name of the archive of exchanges inside the folder testdata/codecov: a JSON file for each.
const Archive = "http.tar.gz"

// Now returns the instant at which the clock is pinned when the recordings are used.
func Now() time.Time { return time.Date(2026, time.November, 22, 22, 0, 0, 0, time.UTC) }

// Exchange is one request and its answer.
type Exchange struct {
	Name     string   `json:"-"` // the file's name without ".json": "001-repos-default"
	Request  Request  `json:"request"`
	Response Response `json:"response"`
}

// Request is what was asked.
type Request struct {
	Method  string            `json:"method"`
	Path    string            `json:"path"`    // with the query, escaped as it was sent
	Headers map[string]string `json:"headers"` // the token in Authorization stands as "Bearer <TOKEN_ACME>"
	Token   *string           `json:"token"`   // the token's name, "TOKEN_ACME"; nil where none was sent
}

// Response is what was answered.
type Response struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"` // JSON as it was answered, but indented; a JSON string where the answer was none
}

// Bytes returns the body as it went over the wire: compact JSON, or the text that was no JSON.
// The two line separators that the recording holds raw are escaped, as the server's JSON library does.
// Only the blank in {"error": "..."} isn't restored.
func (r Response) Bytes() ([]byte, error) {
	var text string
	if err := json.Unmarshal(r.Body, &text); err == nil {
		return []byte(text), nil
	}
	var compact bytes.Buffer
	err := json.Compact(&compact, r.Body)
	body := bytes.ReplaceAll(compact.Bytes(), []byte("\u2028"), []byte(`\u2028`))
	return bytes.ReplaceAll(body, []byte("\u2029"), []byte(`\u2029`)), err
}

// HTTP reads every exchange of the archive in fsys, a view of the folder testdata/codecov, in their order.
func HTTP(fsys fs.FS) (exchanges []Exchange, err error) {
	zipped, err := fs.ReadFile(fsys, Archive)
	if err != nil {
		return nil, err
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		return nil, err
	}
	archive := tar.NewReader(unzipped)
	header, err := archive.Next()
	for ; err == nil; header, err = archive.Next() {
		exchange := Exchange{Name: strings.TrimSuffix(path.Base(header.Name), ".json")}
		if err := json.NewDecoder(archive).Decode(&exchange); err != nil {
			return nil, fmt.Errorf("read recording %s: %w", header.Name, err)
		}
		exchanges = append(exchanges, exchange)
	}
	if !errors.Is(err, io.EOF) {
		return nil, err
	}
	return exchanges, nil
}
