package main

import (
	"os"
	"regexp"

	"github.com/rogpeppe/go-internal/testscript"
)

// differing matches what differs from run to run, in the result as text and as JSON.
var differing = []*regexp.Regexp{
	regexp.MustCompile(`(?m)^(time +)\S.*()$`),
	regexp.MustCompile(`("(?:durationSeconds|waitedSeconds|sentBytes|receivedBytes)": )[0-9.e-]+()`),
	regexp.MustCompile(`("version": ").*(")`),
	regexp.MustCompile(`(; waits of ).*(, taken together)`),
}

// masked FILE NEW: NEW becomes FILE with … for what differs from run to run; FILE may be stdout or stderr.
func masked(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: masked FILE NEW")
	}
	text := ts.ReadFile(args[0])
	for _, pattern := range differing {
		text = pattern.ReplaceAllString(text, "${1}…${2}")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o600))
}
