package terminal

import (
	"io"
	"strings"

	"github.com/schollz/progressbar/v3"
)

var barTheme = progressbar.Theme{Saucer: "█", SaucerPadding: "░"}

// Bar draws how much of total is done, as a share in percent and a bar of so many columns. It says nothing of a total
// that is not known, which is 0. More than all counts as all.
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
		_ = bar.RenderBlank() // the writer takes everything
	}
	return strings.TrimPrefix(strings.TrimRight(bar.String(), " "), "\r")
}
