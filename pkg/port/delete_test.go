package port_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/fake/faults"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// identifiers returns those of the blueprint's entities that the emulator holds.
func identifiers(server *fakeport.Server, blueprint string) []string {
	var all []string
	for _, entity := range server.Entities(blueprint) {
		all = append(all, entity.Identifier)
	}
	return all
}

// put makes the emulator hold entities.
func put(t *testing.T, server *fakeport.Server, blueprint string, entities ...fakeport.Entity) {
	t.Helper()
	for _, entity := range entities {
		if err := server.PutEntity(blueprint, entity); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDeleteEntities(t *testing.T) {
	server := emulate(t, fakeport.Options{})
	client := connect(t, server)
	upsert(t, client, events(3), port.UpsertOptions{})
	result, err := client.DeleteEntities(t.Context(), "event", []string{"event-02", "nobody", "event-00"})
	if err != nil || result.TraceID == "" {
		t.Fatalf("trace id %q, error %v", result.TraceID, err)
	}
	if diff := cmp.Diff([]string{"event-02", "event-00"}, result.Deleted); diff != "" {
		t.Errorf("deleted (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"event-01"}, identifiers(server, "event")); diff != "" {
		t.Errorf("Port holds (-want +got):\n%s", diff)
	}
}

func TestDeleteEntitiesWithDependents(t *testing.T) {
	server := emulate(t, fakeport.Options{})
	client := connect(t, server)
	put(t, server, "service", fakeport.Entity{Identifier: "a/b"}, fakeport.Entity{Identifier: "c"})
	put(t, server, "event", fakeport.Entity{Identifier: "e", Relations: map[string]any{"service": "a/b"}})
	apiError := (*port.APIError)(nil)
	if _, err := client.DeleteEntities(t.Context(), "service", []string{"a/b"}); !errors.As(err, &apiError) || apiError.Status != http.StatusConflict {
		t.Errorf("with a dependent: %v", err)
	}
	if got := append(identifiers(server, "service"), identifiers(server, "event")...); !cmp.Equal(got, []string{"a/b", "c", "e"}) {
		t.Errorf("Port holds %v", got)
	}
}

func TestDeleteEntitiesIsRepeated(t *testing.T) {
	server := emulate(t, fakeport.Options{})
	client := connect(t, server)
	upsert(t, client, events(1), port.UpsertOptions{})
	deletes := func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/bulk/entities/delete") }
	server.Faults.Add(faults.Fault{Kind: faults.Reset, Effect: true, Match: deletes})
	result, err := client.DeleteEntities(t.Context(), "event", []string{"event-00"})
	if err != nil || len(result.Deleted) != 0 || server.Count("event") != 0 {
		t.Errorf("deleted %v, Port holds %d, error %v", result.Deleted, server.Count("event"), err)
	}
}

func TestDeleteEntitiesErrors(t *testing.T) {
	server := emulate(t, fakeport.Options{})
	client := connect(t, server)
	many := make([]string, port.MaxDeleteEntities+1)
	for i := range many {
		many[i] = fmt.Sprint("e", i)
	}
	for _, identifiers := range [][]string{nil, many} {
		if _, err := client.DeleteEntities(t.Context(), "event", identifiers); err == nil {
			t.Errorf("%d identifiers pass", len(identifiers))
		}
	}
	if counts := server.Requests(); counts.ByKind[fakeport.BulkDelete] != 0 {
		t.Errorf("sent all the same: %v", counts.ByKind)
	}
	if _, err := client.DeleteEntities(t.Context(), "event", many[1:]); err != nil {
		t.Errorf("%d identifiers: %v", len(many)-1, err)
	}
	if _, err := client.DeleteEntities(t.Context(), "nowhere", []string{"a"}); !errors.Is(err, port.ErrNotFound) {
		t.Errorf("unknown blueprint: %v", err)
	}
}
