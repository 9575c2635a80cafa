// Command codecov-port brings the history of an account's test coverage from Codecov into Port.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"runtime/debug"

	"github.com/codecov-port/codecov-port/internal/ui"
)

// gcPercent trades some processor time for memory: what is remembered of a million commits stays below 100 MiB.
const gcPercent = 30

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	log.SetOutput(io.Discard) // net/http would quote there what a server sends unasked
	os.Exit(run(context.Background(), os.Args[1:], &ui.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
