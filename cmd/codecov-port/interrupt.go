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

// interruptible watches for Ctrl-C and SIGTERM. The first closes stop: read no further, finish what is under way.
// The second ends the context: stop at once. end stops watching.
func interruptible(parent context.Context, warnings io.Writer) (ctx context.Context, stop <-chan struct{}, end func()) {
	ctx, cancel := context.WithCancel(parent)
	first := make(chan struct{})
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	var watch sync.WaitGroup
	watch.Go(func() {
		select {
		case <-signals:
			_, _ = fmt.Fprintln(warnings, "interrupted: finishing what is under way; once more to stop at once")
			close(first)
		case <-ctx.Done():
			return
		}
		select {
		case <-signals:
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
