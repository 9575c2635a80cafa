package terminal

import (
	"testing"
	"time"
)

func TestPercent(t *testing.T) {
	for percent, want := range map[float64]string{
		0: "0.00%", 100: "100.00%", 97.22222: "97.22%", 97.22999: "97.22%", 1.15: "1.15%", 99.99999: "99.99%", 0.00999: "0.00%", 33.3: "33.30%",
	} {
		if got := Percent(percent); got != want {
			t.Errorf("%v: %q, want %q", percent, got, want)
		}
	}
}

func TestPoints(t *testing.T) {
	for _, test := range []struct {
		from, to float64
		want     string
	}{
		{50, 60.5, "+10.50"}, {60.5, 50, "-10.50"}, {50, 50, "+0.00"}, {50.009, 50.011, "+0.01"}, {50.001, 50.009, "+0.00"}, {0.5, 0, "-0.50"}, {0, 100, "+100.00"},
	} {
		if got := Points(test.from, test.to); got != test.want {
			t.Errorf("from %v to %v: %q, want %q", test.from, test.to, got, test.want)
		}
	}
}

func TestDuration(t *testing.T) {
	for duration, want := range map[time.Duration]string{
		0: "0 ms", 143 * time.Millisecond: "143 ms", 960 * time.Millisecond: "1.0 s", 1234 * time.Millisecond: "1.2 s", 9949 * time.Millisecond: "9.9 s",
		9960 * time.Millisecond: "10 s", 59 * time.Second: "59 s", 59600 * time.Millisecond: "1 min", 125 * time.Second: "2 min 5 s",
		61 * time.Second: "1 min 1 s", time.Hour: "1 h", 3*time.Hour + 59*time.Minute + 40*time.Second: "4 h", 90 * time.Minute: "1 h 30 min",
	} {
		if got := Duration(duration); got != want {
			t.Errorf("%v: %q, want %q", duration, got, want)
		}
	}
}
