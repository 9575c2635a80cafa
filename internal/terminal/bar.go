package terminal

import (
	"io"
	"strings"

	"github.com/schollz/progressbar/v3"
)

var barTheme = progressbar.Theme{Saucer: "█", SaucerPadding: "░"}

// Bar draws a progress bar of so many columns, with the percentage. It returns "" if the total is unknown, which is 0.
func Bar(done, total, columns int) string {
	if total <= 0 {
		return ""
	}
	bar := progressbar.NewOptions(total, progressbar.OptionSetWriter(io.Discard), progressbar.OptionSetWidth(columns),
		progressbar.OptionSetTheme(barTheme), progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false))
	if done = min(max(done, 0), total); done > 0 {
		_ = bar.Set(done) // fails only beyond the total
	}
	if bar.String() == "" { // below one percent
		_ = bar.RenderBlank() // the writer never fails
	}
	return strings.TrimPrefix(strings.TrimRight(bar.String(), " "), "\r")
}
