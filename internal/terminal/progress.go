package terminal

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/codecov-port/codecov-port/internal/backfill"
)

const (
	drawInterval = 100 * time.Millisecond // of the live view
	lineInterval = 5 * time.Second        // of plain lines
)

// RunBackfill is backfill.Run with progress: a live view if errors go to a terminal, and otherwise a line after 2 seconds and
// then every 5 seconds, with the time.
// It shows no progress if streams.Quiet is set or if previews are printed to the same terminal.
func RunBackfill(ctx context.Context, streams *Streams, options backfill.Options) (*backfill.Result, error) {
	if streams.Quiet || options.Preview != nil && streams.OutIsTerminal() {
		return backfill.Run(ctx, options)
	}
	options.Progress = new(backfill.Progress)
	defer follow(ctx, streams, options.Progress)()
	return backfill.Run(ctx, options)
}

// follow shows progress until stop is called or ctx ends. stop erases the live view.
func follow(ctx context.Context, streams *Streams, progress *backfill.Progress) (stop func()) {
	s := &state{streams: streams}
	show, first, interval := s.printLine, patience, lineInterval
	if streams.LiveView().Possible() {
		show, first, interval = s.draw, drawInterval, drawInterval
	}
	ctx, cancel := context.WithCancel(ctx)
	var following sync.WaitGroup
	following.Go(func() {
		ticker := time.NewTicker(first)
		defer ticker.Stop()
		defer streams.LiveView().Draw()
		for {
			select {
			case now := <-ticker.C:
				s.update(progress.Snapshot(), now)
				show()
				ticker.Reset(interval)
			case <-ctx.Done():
				return
			}
		}
	})
	return func() {
		cancel()
		following.Wait()
	}
}

// state is the progress of a run at one moment.
type state struct {
	streams   *Streams
	snapshot  backfill.Snapshot
	at        time.Time
	updates   int
	readShare float64 // of all commits, from 0 to 1; the bar does not go back when more is expected
	readRate  float64 // commits per second; 0: unknown
	writeRate float64 // entities per second; 0: unknown

	reading, writing meter
}

func (s *state) update(snapshot backfill.Snapshot, now time.Time) {
	s.snapshot, s.at = snapshot, now
	s.updates++
	s.readShare = max(s.readShare, readShare(snapshot))
	s.readRate, s.writeRate = s.reading.rate(now, snapshot.Commits), s.writing.rate(now, snapshot.Settled)
}

// readShare returns the share of the commits that has been read; 1 only when all are.
func readShare(s backfill.Snapshot) float64 {
	done, of := s.RepositoriesDone, s.Repositories
	if s.CommitsExpected > 0 {
		done, of = s.Commits, s.CommitsExpected
	}
	switch {
	case s.Stage == backfill.Discovering:
		return 0
	case s.Stage > backfill.Reading:
		return 1
	}
	return min(float64(done)/float64(max(of, 1)), 0.99)
}

// draw draws the live view. A spinner shows activity where there is nothing to count.
func (s *state) draw() {
	spinner := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
	view := s.streams.LiveView()
	view.Draw(alignRows(s.rows(string(spinner[s.updates%len(spinner)])), view.Width(), s.streams.ErrStyle())...)
}

// printLine prints the progress as a line.
func (s *state) printLine() {
	if text := s.line(); text != "" && !s.streams.LiveView().Asking() {
		_ = s.streams.note(s.at, text)
	}
}

// meter measures how fast a count grows. The zero value is ready to use.
type meter []reading

type reading struct {
	at    time.Time
	count int
}

// rate records the count and returns its growth per second over the last 20 seconds; 0 for less than 2 seconds, which would be a guess.
func (m *meter) rate(now time.Time, count int) float64 {
	readings := append(*m, reading{now, count})
	for len(readings) > 1 && (now.Sub(readings[1].at) >= 20*time.Second || readings[1].count == 0) {
		readings = readings[1:]
	}
	*m = readings
	took := now.Sub(readings[0].at)
	if took < 2*time.Second {
		return 0
	}
	return float64(count-readings[0].count) / took.Seconds()
}

// note prints a line about what goes on, with the time unless a terminal shows it at once.
func (s *Streams) note(at time.Time, text string) error {
	if !s.ErrIsTerminal() {
		text = at.Format(time.TimeOnly) + " " + text
	}
	_, err := fmt.Fprintln(s.Err, text)
	return err
}
