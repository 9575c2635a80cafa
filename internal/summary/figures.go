package summary

import (
	"fmt"
	"math"
	"time"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/terminal"
)

// Percent is a percentage as Codecov shows it: 97.22 %.
func Percent(percent float64) string { return decimals(backfill.Hundredths(percent)) + " %" }

// pointsText tells by how many percentage points something went from one percentage to another, as they are shown.
func pointsText(from, to float64) string {
	moved := backfill.Hundredths(to) - backfill.Hundredths(from)
	if moved < 0 {
		return "-" + decimals(-moved)
	}
	return "+" + decimals(moved)
}

func decimals(hundredths int) string { return fmt.Sprintf("%d.%02d", hundredths/100, hundredths%100) }

// durationText says a duration as people do.
func durationText(d time.Duration) string {
	seconds := int(d.Round(time.Second).Seconds())
	switch {
	case d < 950*time.Millisecond:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 9950*time.Millisecond:
		return fmt.Sprintf("%.1f seconds", d.Seconds())
	case seconds < 60:
		return fmt.Sprintf("%d seconds", seconds)
	case seconds < 3600:
		return terminal.Several(seconds/60, "minute") + unlessNone(seconds%60, "second")
	}
	minutes := (seconds + 30) / 60
	return terminal.Several(minutes/60, "hour") + unlessNone(minutes%60, "minute")
}

func unlessNone(count int, unit string) string {
	if count == 0 {
		return ""
	}
	return " " + terminal.Several(count, unit)
}

// rateText tells how many entities a second a run dealt with; "" where that says nothing.
func rateText(entities int, took time.Duration) string {
	perSecond := float64(entities) / took.Seconds()
	switch {
	case entities == 0 || took <= 0:
		return ""
	case perSecond < 10:
		return fmt.Sprintf(", %.1f entities a second", perSecond)
	}
	return fmt.Sprintf(", %s entities a second", terminal.Count(int(math.Round(perSecond))))
}
