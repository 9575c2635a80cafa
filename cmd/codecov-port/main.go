//go:build !man

// Command codecov-port backfills the test coverage of an account from Codecov into Port.
package main

import (
	"context"
	"io"
	"log"
	"os"

	"github.com/codecov-port/codecov-port/internal/terminal"
)

func main() {
	log.SetOutput(io.Discard) // net/http would print unsolicited responses of servers
	os.Exit(run(context.Background(), os.Args[1:], &terminal.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
