package jq_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/pkg/mapper/jq"
)

// Recorded with Port's published bindings of jq 1.7.1 on the payload of Port's guide.
const (
	recordedExpressions = "testdata/port-1.7.1.json"
	samplePayload       = "../../../testdata/port/webhook-sample.json"
)

// noResult is how the table and the list of differences write that an expression has no result.
const noResult = "<undefined>"

// TestAgreesWithPort holds every recorded expression to Port's result, or to the result in the list of differences.
func TestAgreesWithPort(t *testing.T) {
	var table []struct {
		Expression string `json:"expr"`
		Port       string `json:"port"` // JSON
	}
	readJSON(t, recordedExpressions, &table)
	var listed []struct {
		Expression string `json:"expression"`
		Here       string `json:"here"`
		Reason     string `json:"reason"`
	}
	readJSON(t, "testdata/differences.json", &listed)
	differences := map[string]string{}
	for _, d := range listed {
		differences[d.Expression] = d.Here
	}
	payload := readPayload(t)
	differing := map[string]bool{} // the table repeats some expressions
	agreeing := 0
	for _, row := range table {
		here := evaluate(t, row.Expression, payload)
		if sameResult(row.Port, here) {
			agreeing++
			continue
		}
		differing[row.Expression] = true
		if want, ok := differences[row.Expression]; !ok || !sameResult(want, here) {
			t.Errorf("%s: got %s, want Port's %s, or %q as listed", row.Expression, here, row.Port, want)
		}
	}
	for expression := range differences {
		if !differing[expression] {
			t.Errorf("%s: listed as a difference, but agrees with Port", expression)
		}
	}
	if want := 940; agreeing != want {
		t.Errorf("%d of %d expressions agree with Port, want %d", agreeing, len(table), want)
	}
}

// evaluate returns the result of an expression as the table has it: an expression that does not compile is null.
func evaluate(t *testing.T, expression string, payload map[string]any) string {
	t.Helper()
	query, err := jq.NewEngine(time.Date(2026, 11, 22, 22, 0, 0, 0, time.UTC)).Compile(expression)
	if err != nil {
		return "null"
	}
	evaluation := jq.NewEvaluation(t.Context(), time.Second)
	defer evaluation.Close()
	value, ok := evaluation.Value(query, payload)
	if !ok {
		return noResult
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		t.Fatalf("%s: encode the result: %v", expression, err)
	}
	return string(encoded)
}

// sameResult compares JSON texts by meaning.
func sameResult(a, b string) bool {
	var one, other any
	if json.Unmarshal([]byte(a), &one) != nil || json.Unmarshal([]byte(b), &other) != nil {
		return a == b
	}
	return cmp.Equal(one, other)
}

func readPayload(t *testing.T) map[string]any {
	t.Helper()
	file, err := os.Open(samplePayload)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	decoder := json.NewDecoder(file)
	decoder.UseNumber()
	var payload map[string]any
	if err := decoder.Decode(&payload); err != nil {
		t.Fatal(err)
	}
	return jq.Input(payload).(map[string]any)
}

func readJSON(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}
