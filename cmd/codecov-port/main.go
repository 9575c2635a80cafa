// Command codecov-port brings the history of an account's test coverage from Codecov into Port.
package main

import (
	"context"
	"os"

	"github.com/codecov-port/codecov-port/internal/ui"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], ui.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
