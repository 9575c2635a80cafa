package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/terminal"
)

const narrower = "--since 1y, --every week, --max-commits 50, --latest, --repo 'app-*' or --blueprint codecov_coverage bring in less"

// planText tells what a run would do to Port.
func planText(plan backfill.Plan) string {
	text := fmt.Sprintf("at least %s new entities, up to %s, in %s bulk requests",
		terminal.Count(plan.AtLeast), terminal.Count(plan.UpTo), terminal.Count(plan.Requests))
	if plan.Duration > 0 {
		text += fmt.Sprintf(", some %s at Port's rate", minutes(plan.Duration))
	}
	return text + fmt.Sprintf("; %s are created without asking (a free Port account holds 10,000)", terminal.Count(plan.Limit))
}

func minutes(d time.Duration) string {
	if d < time.Minute {
		return "seconds"
	}
	if d < 2*time.Minute {
		return "minute"
	}
	return fmt.Sprintf("%d minutes", int(d.Round(time.Minute).Minutes()))
}

// askAboutFlood gives the question to put before a flood of new entities; nil where nobody is there to answer.
func askAboutFlood(streams *terminal.Streams, stop <-chan struct{}) func(backfill.Plan) bool {
	if !streams.Interactive() {
		return nil
	}
	return func(plan backfill.Plan) bool {
		return agrees(streams, stop, planText(plan)+"\n"+narrower+"\ncreate them all?")
	}
}

// agrees puts a question. Anything but a yes is a no, and so is Ctrl-C. Waiting for a line cannot be ended: what waits
// then ends with the program.
func agrees(streams *terminal.Streams, stop <-chan struct{}, question string) bool {
	defer streams.Live().GiveWay()()
	_, _ = io.WriteString(streams.Err, terminal.Fit(question+" [y/N]", streams.Live().Width()-1)+" ")
	lines := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(streams.In).ReadString('\n')
		lines <- line
	}()
	select {
	case line := <-lines:
		answer := strings.ToLower(strings.TrimSpace(line))
		return answer == "y" || answer == "yes"
	case <-stop:
		streams.Live().EndLine()
		return false
	}
}
