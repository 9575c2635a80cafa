package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// started is a run of the program in the background.
type started struct {
	variables map[string]string // as printed
	stop      func() (code int, stderr string)
}

// begin runs the program until its variables are printed.
func begin(t *testing.T, arguments ...string) started {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	var stderr bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, arguments, writer, &stderr)
		_ = writer.Close()
	}()
	variables := map[string]string{}
	lines := bufio.NewScanner(reader)
	for len(variables) < 7 && lines.Scan() {
		name, value, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "=")
		variables[name] = strings.Trim(value, "'")
	}
	return started{variables, func() (int, string) {
		cancel()
		return <-ended, stderr.String()
	}}
}

// request returns an answer's status and JSON body.
func request(t *testing.T, method, address, token, body string) (int, map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	r.Close = true // leaves no connection behind
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer map[string]any
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, answer
}

func TestServesBoth(t *testing.T) {
	program := begin(t, "-account", "../../internal/fake/recordings/accounts/github.slanks.json", "-synthetic-repositories", "3",
		"-synthetic-commits", "2", "-latency", "1ms-2ms", "-client-secret", "own", "-rate-limit", "100")
	v := program.variables
	if v["CODECOV_SERVICE_PROVIDER"] != "github" || v["CODECOV_SERVICE_PROVIDER_ACCOUNT_NAME"] != "slanks" || v["PORT_CLIENT_SECRET"] != "own" {
		t.Errorf("variables: %v", v)
	}
	status, answer := request(t, "GET", v["CODECOV_URL"]+"/api/v2/github/synthetic/repos", v["CODECOV_TOKEN"], "")
	if status != 200 || answer["count"] != 3.0 {
		t.Errorf("Codecov: %d %v", status, answer)
	}
	_, answer = request(t, "POST", v["PORT_BASE_URL"]+"/v1/auth/access_token", "",
		`{"clientId":"`+v["PORT_CLIENT_ID"]+`","clientSecret":"own"}`)
	token, _ := answer["accessToken"].(string)
	status, answer = request(t, "POST", v["PORT_BASE_URL"]+"/v1/blueprints", token, `{"identifier":"a","title":"A","schema":{"properties":{}}}`)
	if status != 201 {
		t.Errorf("Port: %d %v", status, answer)
	}
	request(t, "POST", v["PORT_BASE_URL"]+"/v1/blueprints/a/entities/bulk?upsert=true", token, `{"entities":[{"identifier":"b"}]}`)

	_, answer = request(t, "GET", v["PORT_BASE_URL"]+"/_counts", "", "")
	if entities, _ := answer["entities"].(map[string]any); entities["a"] != 1.0 {
		t.Errorf("counts: %v", answer)
	}
	code, stderr := program.stop()
	var counts struct {
		Codecov, Port struct {
			Requests int
			ByKind   map[string]int
			ByStatus map[string]int
		}
		Entities map[string]int
	}
	if err := json.Unmarshal([]byte(stderr), &counts); err != nil || code != 0 {
		t.Fatalf("exit %d, %v: %s", code, err, stderr)
	}
	if counts.Codecov.Requests != 1 || counts.Port.Requests != 3 || counts.Port.ByKind["bulk"] != 1 || counts.Port.ByStatus["201"] != 1 {
		t.Errorf("counts at the end: %s", stderr)
	}
	if diff := cmp.Diff(map[string]int{"a": 1}, counts.Entities); diff != "" {
		t.Errorf("entities (-want +got):\n%s", diff)
	}
}

func TestListsEntities(t *testing.T) {
	program := begin(t, "-synthetic-repositories", "1")
	defer program.stop()
	r, err := http.NewRequestWithContext(t.Context(), "GET", program.variables["PORT_BASE_URL"]+"/_entities?blueprint=nowhere", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Close = true
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err := response.Body.Close(); err != nil {
		t.Error(err)
	}
	if err != nil || strings.TrimSpace(string(body)) != "null" {
		t.Errorf("%q, %v", body, err)
	}
}

func TestRefusesArguments(t *testing.T) {
	for _, test := range []struct {
		arguments string
		code      int
		message   string
	}{
		{"", 2, "nothing to serve"},
		{"-synthetic-repositories 1 more", 2, `"more"`},
		{"-synthetic-repositories -1", 2, "negative"},
		{"-synthetic-repositories 1 -latency 5", 2, "missing unit"},
		{"-synthetic-repositories 1 -latency 80ms-60ms", 2, "ends before it begins"},
		{"-unheard", 2, "unheard"},
		{"-help", 0, "-latency"},
		{"-account missing.json", 2, "missing.json"},
		{"-account main.go", 2, "main.go"},
		{"-synthetic-repositories 1 -codecov 127.0.0.1:-1", 1, "-1"},
		{"-synthetic-repositories 1 -port 127.0.0.1:-1", 1, "-1"},
	} {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), strings.Fields(test.arguments), &stdout, &stderr)
		if code != test.code || !strings.Contains(stderr.String(), test.message) || stdout.Len() > 0 {
			t.Errorf("%s: exit %d: %s%s", test.arguments, code, &stdout, &stderr)
		}
	}
}

func TestLatency(t *testing.T) {
	for value, want := range map[string][2]time.Duration{
		"50ms":      {50 * time.Millisecond, 50 * time.Millisecond},
		"60ms-80ms": {60 * time.Millisecond, 80 * time.Millisecond},
	} {
		s, err := parse([]string{"-synthetic-repositories", "1", "-latency", value}, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		for range 100 {
			if drawn := s.Latency(nil); drawn < want[0] || drawn > want[1] {
				t.Fatalf("%s drew %v", value, drawn)
			}
		}
	}
}
