package httpclient

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Causes of an attempt that brought no usable answer.
var (
	ErrTimeout     = errors.New("no answer in time")
	ErrNotJSON     = errors.New("the answer is not JSON")
	ErrBodyTooLong = errors.New("the answer is too long")
)

// attempt sends one request and hands up only an answer that has arrived whole, within its time, and is JSON
// where its status says success. It takes the secrets out before anybody reads the answer.
type attempt struct {
	next         http.RoundTripper
	timeout      time.Duration
	maxBody      int64
	stats        *Stats
	secrets      *Secrets
	secretsAsked bool
	journal      *journal
}

func (a *attempt) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	tries, started := triesOf(req.Context()), time.Now()
	timeout := min(a.timeout, tries.left())
	ctx, cancel := context.WithTimeoutCause(req.Context(), timeout, fmt.Errorf("%w (%s)", ErrTimeout, timeout))
	defer cancel()
	tries.attempts++
	defer func() {
		took := time.Since(started)
		tries.attempted(took)
		a.journal.attempted(req, tries, a.ending(tries, resp, err, took))
	}()
	a.stats.sent(req)
	resp, err = a.next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return nil, attemptError(ctx, err)
	}
	body, err := a.read(resp)
	a.stats.received(len(body))
	if err != nil {
		return nil, attemptError(ctx, err)
	}
	success := resp.StatusCode >= 200 && resp.StatusCode <= 299
	if !success || !a.secretsAsked {
		body = a.secrets.redact(body)
		a.secrets.redactHeader(resp.Header)
	}
	if success && !tries.valid(body) {
		return nil, fmt.Errorf("%d %s: %w", resp.StatusCode, http.StatusText(resp.StatusCode), ErrNotJSON)
	}
	tries.body = body
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	return resp, nil
}

// ending gives what the log is told of an attempt. Of an answer that holds a new secret only that it came.
func (a *attempt) ending(tries *Tries, resp *http.Response, err error, took time.Duration) ending {
	end := ending{err: err, took: took}
	if err != nil {
		return end
	}
	end.status, end.bytes = resp.StatusCode, len(tries.body)
	if !a.secretsAsked {
		end.traceID = cmp.Or(resp.Header.Get("X-Trace-Id"), resp.Header.Get("X-Request-Id"))
	}
	return end
}

// longestTrusted is how many bytes a server may announce to have memory set aside for them before they come.
const longestTrusted = 1 << 20

func (a *attempt) read(resp *http.Response) ([]byte, error) {
	defer func() { _ = resp.Body.Close() }()
	var body bytes.Buffer
	if announced := min(resp.ContentLength, longestTrusted); announced > 0 {
		body.Grow(int(announced) + bytes.MinRead) // ReadFrom looks for more behind the end
	}
	_, err := body.ReadFrom(io.LimitReader(resp.Body, a.maxBody+1))
	if err == nil && int64(body.Len()) > a.maxBody {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrBodyTooLong, a.maxBody)
	}
	return body.Bytes(), err
}

// attemptError tells a time-out of this attempt from the end of the whole request.
func attemptError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
