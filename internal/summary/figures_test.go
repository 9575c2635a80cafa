package summary

import (
	"testing"
	"time"
)

func TestPercent(t *testing.T) {
	for percent, want := range map[float64]string{
		0: "0.00 %", 100: "100.00 %", 97.22222: "97.22 %", 97.22999: "97.22 %", 1.15: "1.15 %", 99.99999: "99.99 %", 0.00999: "0.00 %", 33.3: "33.30 %",
	} {
		if got := Percent(percent); got != want {
			t.Errorf("%v: %q, want %q", percent, got, want)
		}
	}
}

func TestPointsText(t *testing.T) {
	for _, test := range []struct {
		from, to float64
		want     string
	}{
		{50, 60.5, "+10.50"}, {60.5, 50, "-10.50"}, {50, 50, "+0.00"}, {50.009, 50.011, "+0.01"}, {50.001, 50.009, "+0.00"}, {0.5, 0, "-0.50"}, {0, 100, "+100.00"},
	} {
		if got := pointsText(test.from, test.to); got != test.want {
			t.Errorf("from %v to %v: %q, want %q", test.from, test.to, got, test.want)
		}
	}
}

func TestDurationText(t *testing.T) {
	for duration, want := range map[time.Duration]string{
		0: "0 ms", 143 * time.Millisecond: "143 ms", 960 * time.Millisecond: "1.0 seconds", 1234 * time.Millisecond: "1.2 seconds", 9949 * time.Millisecond: "9.9 seconds",
		9960 * time.Millisecond: "10 seconds", 59 * time.Second: "59 seconds", 59600 * time.Millisecond: "1 minute", 125 * time.Second: "2 minutes 5 seconds",
		61 * time.Second: "1 minute 1 second", time.Hour: "1 hour", 3*time.Hour + 59*time.Minute + 40*time.Second: "4 hours", 90 * time.Minute: "1 hour 30 minutes",
	} {
		if got := durationText(duration); got != want {
			t.Errorf("%v: %q, want %q", duration, got, want)
		}
	}
}

func TestRateText(t *testing.T) {
	for _, test := range []struct {
		entities int
		took     time.Duration
		want     string
	}{
		{0, time.Second, ""}, {5, 0, ""}, {3, 2 * time.Second, ", 1.5 entities a second"}, {3000, 2 * time.Second, ", 1,500 entities a second"},
	} {
		if got := rateText(test.entities, test.took); got != test.want {
			t.Errorf("%d in %v: %q, want %q", test.entities, test.took, got, test.want)
		}
	}
}
