package progress

import (
	"fmt"
	"time"

	"github.com/codecov-port/codecov-port/internal/terminal"
)

// meter measures how fast a count grows: over the last while, so that it follows a run that gets slower. The zero value
// is ready.
type meter struct{ readings []reading }

type reading struct {
	at    time.Time
	count int
}

const (
	meterWindow = 20 * time.Second
	meterStep   = 500 * time.Millisecond
	meterLeast  = 2 * time.Second // before that, a rate would be a guess
)

// rate takes note of the count and gives its growth a second; 0 where it is not known yet.
func (m *meter) rate(now time.Time, count int) float64 {
	if last := len(m.readings) - 1; last < 0 || now.Sub(m.readings[last].at) >= meterStep {
		m.readings = append(m.readings, reading{now, count})
	}
	for len(m.readings) > 1 && now.Sub(m.readings[1].at) >= meterWindow {
		m.readings = m.readings[1:]
	}
	if len(m.readings) > 1 && m.readings[1].count == 0 { // it has only begun: what was before is no slowness
		m.readings = m.readings[1:]
	}
	first := m.readings[0]
	if now.Sub(first.at) < meterLeast {
		return 0
	}
	return float64(count-first.count) / now.Sub(first.at).Seconds()
}

// timeFor is how long so many will take; 0 where that is not known, or not worth a word.
func timeFor(count int, rate float64) time.Duration {
	const beyondSense = 100 * time.Hour
	if rate <= 0 || count <= 0 {
		return 0
	}
	seconds := float64(count) / rate
	if seconds > beyondSense.Seconds() {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}

// speedText writes a rate without more digits than it deserves.
func speedText(rate float64) string {
	if rate < 10 {
		return fmt.Sprintf("%.1f", rate)
	}
	return terminal.Count(twoDigits(int(rate)))
}

// leftText writes a time that is left, rounded up.
func leftText(left time.Duration) string {
	switch {
	case left <= 10*time.Second:
		return "seconds"
	case left <= 90*time.Second:
		return fmt.Sprintf("%d s", roundUp(left, 5*time.Second)/time.Second)
	case left <= 90*time.Minute:
		return fmt.Sprintf("%d min", roundUp(left, time.Minute)/time.Minute)
	}
	return fmt.Sprintf("%d h", roundUp(left, time.Hour)/time.Hour)
}

func roundUp(d, unit time.Duration) time.Duration { return (d + unit - 1) / unit * unit }
