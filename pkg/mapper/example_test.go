package mapper_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

// A mapping turns the payload of a commit into entities of Port.
func Example() {
	entries, err := mapper.ParseMapping([]byte(`[{
		"blueprint": "service_coverage",
		"filter": ".body.head.totals.lines > 0",
		"entity": {
			"identifier": ".body.repo.name",
			"title": ".body.repo.name",
			"properties": {"coverage": ".body.head.totals.coverage | tonumber", "pull": ".body.pull.number"}
		}
	}]`))
	if err != nil {
		log.Fatal(err)
	}
	mapping, err := mapper.Compile(entries, mapper.Options{Service: codecov.GitHub, Now: time.Now()})
	if err != nil {
		log.Fatal(err)
	}
	for _, limit := range mapping.Limits() {
		fmt.Printf("%s: %s\n", limit.Field, limit.Reason)
	}

	account := mapper.Account{Service: codecov.GitHub, Owner: "acme", AppURL: "https://app.codecov.io"}
	lines, hits, coverage := int64(36), int64(35), 97.22
	payload := mapper.Payload(account, codecov.Repository{Name: "web"}, &codecov.Commit{
		CommitID: "a7794fc92007d3a1b99066c8f6ec66a393bf3520",
		Totals:   &codecov.Totals{Lines: &lines, Hits: &hits, Coverage: &coverage},
	})
	result, err := mapping.Map(context.Background(), payload, func(blueprint, identifier string) bool { return true })
	if err != nil {
		log.Fatal(err)
	}
	for _, mapped := range result.Entities {
		fmt.Println(mapped.Blueprint, mapped.Entity.Identifier, mapped.Entity.Properties)
	}
	// Output:
	// entity.properties.pull: it depends on .body.pull, which Codecov's REST API does not return: it is neither written nor compared
	// service_coverage web map[coverage:97.22222]
}
