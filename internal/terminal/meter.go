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

// rateText formats a rate with two digits: 960/s. It returns "" if the rate is unknown.
func rateText(rate float64) string {
	switch {
	case rate <= 0:
		return ""
	case rate >= 10:
		rate = float64(twoDigits(int(rate)))
	}
	return Rate(rate) + "/s"
}

// timeLeft formats how long a count takes at a rate, rounded up: "40 s left". It returns "" if that is unknown.
func timeLeft(count int, rate float64) string {
	const tooLong = 100 * 60 * 60
	if rate <= 0 || count <= 0 || float64(count)/rate > tooLong {
		return ""
	}
	switch left := time.Duration(float64(count) / rate * float64(time.Second)); {
	case left <= 10*time.Second:
		return "seconds left"
	case left <= 90*time.Second:
		return fmt.Sprintf("%d s left", roundUp(left, 5*time.Second)/time.Second)
	case left <= 90*time.Minute:
		return fmt.Sprintf("%d min left", roundUp(left, time.Minute)/time.Minute)
	default:
		return fmt.Sprintf("%d h left", roundUp(left, time.Hour)/time.Hour)
	}
}

func roundUp(d, unit time.Duration) time.Duration { return (d + unit - 1) / unit * unit }
