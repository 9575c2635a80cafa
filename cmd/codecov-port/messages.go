package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/codecov-port/codecov-port/internal/terminal"
)

// printError tells of an error, and what can be done about it.
func printError(streams *terminal.Streams, err error) {
	style := streams.ErrStyle()
	tell(streams, style.Red("error:"), err.Error())
	if hint := (hinted{}); errors.As(err, &hint) {
		tell(streams, style.Green("hint:"), hint.hint)
	}
}

// warn tells what is not as one may believe it.
func warn(streams *terminal.Streams, format string, args ...any) {
	tell(streams, streams.ErrStyle().Yellow("warning:"), fmt.Sprintf(format, args...))
}

// advise tells what one may want to do next.
func advise(streams *terminal.Streams, format string, args ...any) {
	if !streams.Quiet {
		tell(streams, streams.ErrStyle().Green("hint:"), fmt.Sprintf(format, args...))
	}
}

// tell writes a message, on a terminal in lines that fit.
func tell(streams *terminal.Streams, label, text string) {
	if streams.ErrIsTerminal() {
		text = terminal.Fit(terminal.SafeLines(text), streams.Live().Width()-len("warning: "))
	}
	_, _ = fmt.Fprintf(streams.Err, "%s %s\n", label, belowFirst(text))
}

// belowFirst makes text fit to print and has all but its first line indented: a line break in a name from outside
// begins no line that could be taken for another message.
func belowFirst(text string) string {
	lines := strings.Split(terminal.SafeLines(text), "\n")
	for i := 1; i < len(lines); i++ {
		lines[i] = "  " + strings.TrimPrefix(lines[i], "  ")
	}
	return strings.Join(lines, "\n")
}
