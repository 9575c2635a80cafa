package main

import (
	"encoding/json"
	"io"
	"net/http"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
)

// emulators are the two servers.
type emulators struct {
	codecov *fakecodecov.Server
	port    *fakeport.Server
}

// counted is what both have seen and what Port holds.
type counted struct {
	Codecov  codecovCounts   `json:"codecov"`
	Port     fakeport.Counts `json:"port"`
	Entities map[string]int  `json:"entities"` // by blueprint
}

// codecovCounts is fakecodecov.Counts with the JSON names that fakeport.Counts has.
type codecovCounts struct {
	Requests int                      `json:"requests"`
	ByKind   map[fakecodecov.Kind]int `json:"byKind"`
	ByStatus map[int]int              `json:"byStatus"`
	Rows     int                      `json:"rows"`
	Bytes    int64                    `json:"bytesSent"`
}

func (e emulators) counts() counted {
	c := counted{Codecov: codecovCounts(e.codecov.Requests()), Port: e.port.Requests(), Entities: map[string]int{}}
	for _, blueprint := range e.port.Blueprints() {
		c.Entities[blueprint] = e.port.Count(blueprint)
	}
	return c
}

func (e emulators) printCounts(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(e.counts())
}

// portHandler is Port with two addresses of this program's own, which are not counted.
func (e emulators) portHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", e.port)
	mux.HandleFunc("GET /_counts", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = e.printCounts(w)
	})
	mux.HandleFunc("GET /_entities", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(e.port.Entities(r.URL.Query().Get("blueprint")))
	})
	return mux
}
