package port_test

import (
	"errors"
	"strings"
	"testing"

	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// sized returns an entity that takes so many bytes in a body, with braces but without the comma.
func sized(identifier string, bytes int) port.Entity {
	frame := len(`{"identifier":"` + identifier + `","properties":{"note":""}}`)
	return port.Entity{Identifier: identifier, Properties: map[string]any{"note": strings.Repeat("x", bytes-frame)}}
}

// envelope is what a body holds beside its entities.
const envelope = len(`{"entities":[]}`)

func TestBatchTakesTwenty(t *testing.T) {
	var batch port.Batch
	for _, entity := range events(port.MaxBulkEntities) {
		if err := batch.Add(entity); err != nil {
			t.Fatal(err)
		}
	}
	if err := batch.Add(port.Entity{Identifier: "more"}); !errors.Is(err, port.ErrBatchFull) {
		t.Errorf("error %v", err)
	}
	if batch.Len() != port.MaxBulkEntities {
		t.Errorf("%d entities, want %d", batch.Len(), port.MaxBulkEntities)
	}
}

// TestLargestEntity fills a body to its last byte.
func TestLargestEntity(t *testing.T) {
	largest := port.MaxBulkBytes - 1 - envelope
	var batch port.Batch
	if err := batch.Add(sized("a", largest+1)); !errors.Is(err, port.ErrTooLarge) || errors.Is(err, port.ErrBatchFull) || !strings.Contains(err.Error(), "entity a") {
		t.Errorf("one byte more: error %v", err)
	}
	if batch.Len() != 0 {
		t.Errorf("%d entities", batch.Len())
	}
	if err := batch.Add(sized("a", largest)); err != nil {
		t.Fatal(err)
	}
	server := emulate(t, fakeport.Options{})
	if _, err := connect(t, server).UpsertBatch(t.Context(), "event", &batch, port.UpsertOptions{}); err != nil {
		t.Fatal(err)
	}
	if sent := len(of(server, fakeport.Bulk)[0].Body); sent != port.MaxBulkBytes-1 || server.Count("event") != 1 {
		t.Errorf("%d bytes sent, Port holds %d", sent, server.Count("event"))
	}
}

// TestBatchIsFilledToTheLastByte: an entity that does not fit belongs into the next batch; a smaller one still fits.
func TestBatchIsFilledToTheLastByte(t *testing.T) {
	const first = 1 << 19
	left := port.MaxBulkBytes - 1 - envelope - first - len(",")
	var batch port.Batch
	if err := batch.Add(sized("a", first)); err != nil {
		t.Fatal(err)
	}
	if err := batch.Add(sized("b", left+1)); !errors.Is(err, port.ErrBatchFull) || errors.Is(err, port.ErrTooLarge) {
		t.Errorf("one byte more: error %v", err)
	}
	if err := batch.Add(sized("c", port.MaxBulkBytes)); !errors.Is(err, port.ErrTooLarge) {
		t.Errorf("too large for any batch: error %v", err)
	}
	if err := batch.Add(sized("d", left)); err != nil {
		t.Fatal(err)
	}
	server := emulate(t, fakeport.Options{})
	client := connect(t, server)
	for range 2 { // a batch may be sent again
		result, err := client.UpsertBatch(t.Context(), "event", &batch, port.UpsertOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if outcomes := result.Outcomes; len(outcomes) != 2 || outcomes[0].Identifier != "a" || outcomes[1].Identifier != "d" {
			t.Errorf("outcomes %+v, want a and d", outcomes)
		}
	}
	for _, request := range of(server, fakeport.Bulk) {
		if len(request.Body) != port.MaxBulkBytes-1 {
			t.Errorf("%d bytes sent", len(request.Body))
		}
	}
	if server.Count("event") != 2 {
		t.Errorf("Port holds %d entities", server.Count("event"))
	}
}

// TestTextIsNotBlownUp: escapes that JSON does not ask for would make six bytes of one.
func TestTextIsNotBlownUp(t *testing.T) {
	var batch port.Batch
	if err := batch.Add(port.Entity{Identifier: "a", Properties: map[string]any{"note": strings.Repeat("<", port.MaxBulkBytes/2)}}); err != nil {
		t.Error(err)
	}
}
