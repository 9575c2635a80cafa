package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// interruptible watches for Ctrl-C and SIGTERM. The first ends the context first: read no further, finish what is under
// way. The second ends ctx: stop at once. end stops watching. From here on a reader of our output that is gone
// makes a write fail and does not end the program: Ctrl-C reaches all of a pipe, and tee must not take us along.
func interruptible(parent context.Context, warnings io.Writer) (ctx, first context.Context, end func()) {
	ctx, cancel := context.WithCancel(parent)
	first, stop := context.WithCancelCause(ctx)
	signal.Ignore(syscall.SIGPIPE)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	var watch sync.WaitGroup
	watch.Go(func() {
		select {
		case <-signals:
			watch.Go(func() { // who has stopped reading must not keep the second one from us
				_, _ = fmt.Fprintln(warnings, "interrupted: finishing what is under way; once more to stop at once")
			})
			stop(errInterrupted)
		case <-ctx.Done():
			return
		}
		select {
		case <-signals:
			signal.Stop(signals) // a third one ends the program as it would any
			cancel()
		case <-ctx.Done():
		}
	})
	return ctx, first, func() {
		signal.Stop(signals)
		cancel()
		watch.Wait()
	}
}
