// Command codecov-port brings the history of an account's test coverage from Codecov into Port.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/codecov-port/codecov-port/internal/terminal"
)

func main() {
	ballast := collectSparingly()
	log.SetOutput(io.Discard) // net/http would quote there what a server sends unasked
	code := run(context.Background(), os.Args[1:], &terminal.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	runtime.KeepAlive(ballast)
	os.Exit(code)
}

// gcPercent keeps what is remembered of a million commits below 100 MiB.
const gcPercent = 17

// collectSparingly sets how garbage is collected, unless GOGC does. The ballast counts as heap and takes no memory, for
// nothing touches it: collections are few while there is little to keep, and many once there is much.
func collectSparingly() (ballast []byte) {
	if os.Getenv("GOGC") != "" {
		return nil
	}
	debug.SetGCPercent(gcPercent)
	return make([]byte, 32<<20)
}
