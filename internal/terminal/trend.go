package terminal

import (
	"slices"
	"strings"
)

var bars = []rune("▁▂▃▄▅▆▇█")

// Trend draws values, oldest first, as at most width bars between the lowest and the highest value. If there are more values
// than bars, each bar is the mean of its share. It returns "" for fewer than two values.
func Trend(values []float64, width int) string {
	if len(values) < 2 || width < 1 {
		return ""
	}
	means := shares(values, min(width, len(values)))
	lowest, highest := slices.Min(means), slices.Max(means)
	var line strings.Builder
	for _, mean := range means {
		level := (len(bars) - 1) / 2
		if highest > lowest {
			level = int((mean - lowest) / (highest - lowest) * float64(len(bars)-1))
		}
		line.WriteRune(bars[level])
	}
	return line.String()
}

// shares splits values into n runs of about equal length and returns their means.
func shares(values []float64, n int) []float64 {
	means := make([]float64, n)
	for i := range means {
		run := values[i*len(values)/n : (i+1)*len(values)/n]
		sum := 0.0
		for _, value := range run {
			sum += value
		}
		means[i] = sum / float64(len(run))
	}
	return means
}
