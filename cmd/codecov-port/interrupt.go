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

// interruptible handles Ctrl-C and SIGTERM until end is called. The first signal ends the context first: stop reading and finish what is
// under way. The second ends ctx: stop at once. It also ignores SIGPIPE: in "codecov-port | tee", Ctrl-C kills tee, too, and the run must
// still finish.
func interruptible(parent context.Context, warnings io.Writer) (ctx, first context.Context, end func()) {
	ctx, cancel := context.WithCancel(parent)
	first, stop := context.WithCancelCause(ctx)
	signal.Ignore(syscall.SIGPIPE)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	var watch sync.WaitGroup
	finish := func() {
		watch.Go(func() { // a blocked standard error must not delay the second signal
			_, _ = fmt.Fprintln(warnings, "interrupted: finishing requests under way; press Ctrl-C again to stop at once")
		})
		stop(errInterrupted)
	}
	watch.Go(func() {
		for _, react := range []func(){finish, cancel} {
			select {
			case <-signals:
				react()
			case <-ctx.Done():
				return
			}
		}
		signal.Stop(signals) // a third one kills the program
	})
	return ctx, first, func() {
		signal.Stop(signals)
		cancel()
		watch.Wait()
	}
}
