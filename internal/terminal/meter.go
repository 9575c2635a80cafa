package terminal

import (
	"fmt"
	"time"
)

// meter measures how fast a count grows, over the last 20 seconds. The zero value is ready to use.
type meter struct{ readings []reading }

type reading struct {
	at    time.Time
	count int
}

const (
	meterWindow = 20 * time.Second
	meterStep   = 500 * time.Millisecond
	meterLeast  = 2 * time.Second // a rate over less time is a guess
)

// rate records the count and returns its growth per second; 0 if it is not known yet.
func (m *meter) rate(now time.Time, count int) float64 {
	if last := len(m.readings) - 1; last < 0 || now.Sub(m.readings[last].at) >= meterStep {
		m.readings = append(m.readings, reading{now, count})
	}
	for len(m.readings) > 1 && now.Sub(m.readings[1].at) >= meterWindow {
		m.readings = m.readings[1:]
	}
	if len(m.readings) > 1 && m.readings[1].count == 0 { // it has only begun
		m.readings = m.readings[1:]
	}
	first := m.readings[0]
	if now.Sub(first.at) < meterLeast {
		return 0
	}
	return float64(count-first.count) / now.Sub(first.at).Seconds()
}

// timeFor returns how long so many will take; 0 if that is unknown.
func timeFor(count int, rate float64) time.Duration {
	const tooLong = 100 * time.Hour
	if rate <= 0 || count <= 0 {
		return 0
	}
	seconds := float64(count) / rate
	if seconds > tooLong.Seconds() {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}

// speedText formats a rate with two significant digits.
func speedText(rate float64) string {
	if rate < 10 {
		return fmt.Sprintf("%.1f", rate)
	}
	return Count(twoDigits(int(rate)))
}

// leftText formats the remaining time, rounded up.
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
