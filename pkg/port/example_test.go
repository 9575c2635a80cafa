package port_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"

	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// newOrganisation starts a server that answers as Port does and has one blueprint, and returns a client.
func newOrganisation() (client *port.Client, stop func()) {
	server := fakeport.New(fakeport.Options{})
	err := server.PutBlueprint([]byte(`{"identifier": "service", "title": "Service", "relations": {},
		"schema": {"properties": {"coverage": {"type": "number"}}, "required": []}}`))
	if err != nil {
		panic(err)
	}
	listener := httptest.NewServer(server)
	client, err = port.NewClient(port.Options{
		BaseURL: listener.URL, ClientID: fakeport.DefaultClientID, ClientSecret: fakeport.DefaultClientSecret,
	})
	if err != nil {
		panic(err)
	}
	return client, listener.Close
}

// Entities are written in batches. Each entity has an outcome: Port may refuse one and write the others.
func ExampleClient_UpsertBatch() {
	client, stop := newOrganisation()
	defer stop()

	var batch port.Batch
	for _, entity := range []port.Entity{
		{Identifier: "api", Title: "API", Properties: map[string]any{"coverage": 97.2}},
		{Identifier: "web", Title: "Web", Properties: map[string]any{"coverage": "high"}},
	} {
		if err := batch.Add(entity); err != nil { // port.ErrBatchFull: send the batch and start the next one
			fmt.Println(err)
			return
		}
	}
	result, err := client.UpsertBatch(context.Background(), "service", &batch, port.UpsertOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, outcome := range result.Outcomes {
		switch {
		case outcome.Err != nil:
			fmt.Printf("%s: refused with %d\n", outcome.Identifier, outcome.Err.Status)
		case outcome.Created:
			fmt.Printf("%s: created\n", outcome.Identifier)
		default:
			fmt.Printf("%s: updated\n", outcome.Identifier)
		}
	}
	// Output:
	// api: created
	// web: refused with 422
}

// A search reads page after page, as far as the loop goes.
func ExampleClient_Search() {
	client, stop := newOrganisation()
	defer stop()
	ctx := context.Background()
	var services port.Batch
	for _, identifier := range []string{"api", "web", "jobs"} {
		if err := services.Add(port.Entity{Identifier: identifier}); err != nil {
			fmt.Println(err)
			return
		}
	}
	if _, err := client.UpsertBatch(ctx, "service", &services, port.UpsertOptions{}); err != nil {
		fmt.Println(err)
		return
	}

	for entity, err := range client.Search(ctx, "service", port.SearchOptions{Include: []string{"$identifier"}, Limit: 2}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(entity.Identifier)
	}
	// Output:
	// api
	// web
	// jobs
}

// The errors of this package are for errors.Is, an APIError has the details.
func ExampleAPIError() {
	client, stop := newOrganisation()
	defer stop()

	_, err := client.Blueprint(context.Background(), "unknown")
	fmt.Println(errors.Is(err, port.ErrNotFound))
	if apiError := (*port.APIError)(nil); errors.As(err, &apiError) {
		fmt.Println(apiError.Method, apiError.Status, apiError.Code, apiError.Retryable())
	}
	// Output:
	// true
	// GET 404 not_found false
}
