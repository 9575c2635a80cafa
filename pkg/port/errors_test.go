package port_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/codecov-port/codecov-port/internal/fake/faults"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/pkg/port"
)

var allSentinels = []error{port.ErrUnauthorized, port.ErrForbidden, port.ErrNotFound, port.ErrExists, port.ErrTooLarge}

func TestErrorsByStatus(t *testing.T) {
	for _, test := range []struct {
		status    int
		sentinel  error
		retryable bool
	}{
		{http.StatusBadRequest, nil, false},
		{http.StatusUnauthorized, port.ErrUnauthorized, false},
		{http.StatusPaymentRequired, nil, false},
		{http.StatusForbidden, port.ErrForbidden, false},
		{http.StatusNotFound, port.ErrNotFound, false},
		{http.StatusRequestTimeout, nil, true},
		{http.StatusConflict, port.ErrExists, false},
		{http.StatusRequestEntityTooLarge, port.ErrTooLarge, false},
		{http.StatusUnprocessableEntity, nil, false},
		{http.StatusTooManyRequests, nil, true},
		{http.StatusInternalServerError, nil, true},
		{http.StatusBadGateway, nil, true},
		{http.StatusServiceUnavailable, nil, true},
		{http.StatusGatewayTimeout, nil, true},
	} {
		t.Run(fmt.Sprint(test.status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				err := failing(t, test.status, `{"ok":false,"error":"code_of_it","message":"what happened"}`)
				checkAPIError(t, err, test.sentinel)
				for _, sentinel := range allSentinels {
					if errors.Is(err, sentinel) != errors.Is(test.sentinel, sentinel) {
						t.Errorf("%v is %v: %v", err, sentinel, errors.Is(err, sentinel))
					}
				}
				checkFailure(t, err, test.status, test.retryable)
			})
		})
	}
}

// failing returns the error of a request that is always answered so.
func failing(t *testing.T, status int, body string) error {
	t.Helper()
	server := emulate(t, fakeport.Options{})
	server.Faults.Add(faults.Fault{
		Match: isNoToken, Times: -1, Status: status, Body: body, Header: http.Header{"X-Trace-Id": {"trace-1"}},
	})
	_, err := connectInside(t, server).Blueprint(t.Context(), "service")
	return err
}

func checkFailure(t *testing.T, err error, status int, retryable bool) {
	t.Helper()
	apiError := (*port.APIError)(nil)
	if !errors.As(err, &apiError) {
		t.Fatalf("error %v is no *APIError", err)
	}
	if apiError.Status != status || apiError.Code != "code_of_it" || apiError.Message != "what happened" || apiError.RequestID != "trace-1" {
		t.Errorf("error %+v, want status %d, code_of_it, what happened, trace-1", *apiError, status)
	}
	if apiError.Method != http.MethodGet || apiError.URL != port.EUBaseURL+"/v1/blueprints/service" {
		t.Errorf("asked %s %s", apiError.Method, apiError.URL)
	}
	triedAgain := retryable || status == http.StatusUnauthorized // once, with a new token
	if apiError.Retryable() != retryable || (apiError.Attempts > 1) != triedAgain {
		t.Errorf("retryable %v after %d attempts, want %v", apiError.Retryable(), apiError.Attempts, retryable)
	}
	for _, part := range []string{fmt.Sprint(status), "code_of_it", "what happened", "trace-1"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not mention %q", err, part)
		}
	}
	if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, secret) || strings.Contains(text, "fakeport.token") {
		t.Errorf("a secret is in %s", text)
	}
}

// TestErrorsWithoutPortsWords: what stands before Port answers with pages of its own.
func TestErrorsWithoutPortsWords(t *testing.T) {
	for _, body := range []string{``, `<html>`, `upstream request timeout`, `[]`, `{"error":{"nested":1}}`, `null`} {
		synctest.Test(t, func(t *testing.T) {
			apiError := (*port.APIError)(nil)
			if err := failing(t, http.StatusNotFound, body); !errors.As(err, &apiError) || !errors.Is(err, port.ErrNotFound) || apiError.RequestID != "trace-1" {
				t.Errorf("%q: error %v", body, err)
			}
		})
	}
}

// TestErrorIsOnePrintableLine: a server's words cannot steer the terminal.
func TestErrorIsOnePrintableLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := failing(t, http.StatusForbidden, `{"error":"\u001b[31m","message":"a\nb\u202e\u007f"}`)
		if strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r == 0x7f || r == 0x202e }) {
			t.Errorf("%q", err)
		}
	})
}
