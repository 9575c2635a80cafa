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
)

// Network hands requests to handlers in this process, without connections: a test that runs in a synctest bubble
// waits no time in it. It knows handlers by host; what goes to any other host cannot be resolved.
// A broken-off answer is seen as over a real connection. It is safe for concurrent use.
type Network struct {
	Hosts  map[string]http.Handler
	Refuse func(*http.Request) bool // reports whether the connection for a request is refused; nil: none is
}

// ErrNoHost is the cause where a request goes to a host that the Network does not have.
var ErrNoHost = errors.New("no such host")

// RoundTrip returns the handler's answer.
func (n Network) RoundTrip(r *http.Request) (*http.Response, error) {
	handler, known := n.Hosts[r.URL.Host]
	switch {
	case !known:
		return nil, ErrNoHost
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
	return arrive(recorder, r, broken)
}

// serveUntilBroken reports whether the handler broke the connection.
func serveUntilBroken(handler http.Handler, w http.ResponseWriter, r *http.Request) (broken bool) {
	defer func() {
		if cause := recover(); cause != nil {
			if err, ok := cause.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
				panic(cause)
			}
			broken = true
		}
	}()
	handler.ServeHTTP(w, r)
	return false
}

// arrive returns what a client sees of the answer.
func arrive(recorder *httptest.ResponseRecorder, r *http.Request, broken bool) (*http.Response, error) {
	if broken && recorder.Body.Len() == 0 {
		return nil, os.NewSyscallError("read", syscall.ECONNRESET)
	}
	response := recorder.Result()
	response.Request = r
	if announced, err := strconv.ParseInt(response.Header.Get("Content-Length"), 10, 64); err == nil {
		response.ContentLength = announced
	}
	if broken {
		response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(recorder.Body.Bytes()), cut{}))
	}
	return response, nil
}

// cut is the end of a body whose connection broke.
type cut struct{}

func (cut) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
