package terminal

import (
	"slices"
	"strings"
)

var bars = []rune("▁▂▃▄▅▆▇█")

// Trend draws values, oldest first, as at most width bars between the lowest and the highest value. If there are more
// values than bars, each bar is the mean of its share. It returns "" for fewer than two values.
func Trend(values []float64, width int) string {
	if len(values) < 2 || width < 1 {
		return ""
	}
	means := make([]float64, min(width, len(values)))
	for i := range means {
		means[i] = mean(values[i*len(values)/len(means) : (i+1)*len(values)/len(means)])
	}
	lowest, highest := slices.Min(means), slices.Max(means)
	var line strings.Builder
	for _, m := range means {
		level := (len(bars) - 1) / 2
		if highest > lowest {
			level = int((m - lowest) / (highest - lowest) * float64(len(bars)-1))
		}
		line.WriteRune(bars[level])
	}
	return line.String()
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, value := range values {
		sum += value
	}
	return sum / float64(len(values))
}
