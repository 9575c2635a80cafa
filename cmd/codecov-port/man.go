//go:build man

// With the build tag man, the program writes a man page for each command into a folder: releases contain them.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra/doc"

	"github.com/codecov-port/codecov-port/internal/terminal"
)

func main() {
	if err := writePages(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(exitFailed)
	}
}

// writePages writes the pages. They are dated SOURCE_DATE_EPOCH, so that two builds of one commit are equal.
func writePages(dir string) error {
	seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		return fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, date := newRoot(&terminal.Streams{}), time.Unix(seconds, 0).UTC()
	root.DisableAutoGenTag = true
	header := &doc.GenManHeader{Section: "1", Date: &date, Source: "codecov-port " + version().Version, Manual: "codecov-port"}
	return doc.GenManTree(root, header, dir)
}
