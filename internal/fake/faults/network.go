package faults

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"syscall"
	"testing/iotest"
)

// Network passes requests to handlers in this process, without connections: a test that runs in a synctest bubble
// waits no time in it. A broken-off answer looks as over a real connection. It is safe for concurrent use.
type Network struct {
	Hosts  map[string]http.Handler  // requests to other hosts fail
	Refuse func(*http.Request) bool // reports whether the connection for a request is refused; nil: none is
}

// RoundTrip returns what a client sees of the handler's answer.
func (n Network) RoundTrip(r *http.Request) (*http.Response, error) {
	handler, known := n.Hosts[r.URL.Host]
	switch {
	case !known:
		return nil, errors.New("no such host")
	case n.Refuse != nil && n.Refuse(r):
		return nil, os.NewSyscallError("connect", syscall.ECONNREFUSED)
	}
	request := r.Clone(r.Context())
	request.RequestURI = r.URL.RequestURI()
	if request.Body == nil {
		request.Body = http.NoBody
	}
	recorder := httptest.NewRecorder()
	broken := serveUntilBroken(handler, recorder, request)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if broken && recorder.Body.Len() == 0 {
		return nil, os.NewSyscallError("read", syscall.ECONNRESET)
	}
	response := recorder.Result()
	response.Request = r
	if announced, err := strconv.ParseInt(response.Header.Get("Content-Length"), 10, 64); err == nil {
		response.ContentLength = announced
	}
	if broken {
		response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(recorder.Body.Bytes()), iotest.ErrReader(io.ErrUnexpectedEOF)))
	}
	return response, nil
}

// serveUntilBroken reports whether the handler broke the connection.
func serveUntilBroken(handler http.Handler, w http.ResponseWriter, r *http.Request) (broken bool) {
	defer func() {
		cause := recover()
		err, _ := cause.(error)
		if broken = errors.Is(err, http.ErrAbortHandler); cause != nil && !broken {
			panic(cause)
		}
	}()
	handler.ServeHTTP(w, r)
	return false
}
