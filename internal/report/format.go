package report

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/terminal"
)

// functions are the functions of the template.
var functions = template.FuncMap{
	"plain": terminal.Safe, "count": count, "percent": terminal.Percent, "points": points, "day": day, "moment": moment,
	"instant": instant, "took": took, "bytes": bytes, "rate": rate, "shorten": shorten,
	"json": terminal.ShortJSON, "seconds": seconds,
}

const longestMessage = 500

// shorten returns text from outside, shortened to the length of a message.
func shorten(text string) string { return terminal.Shorten(terminal.Safe(text), longestMessage) }

// count formats an integer of any type with a comma between thousands.
func count(n any) (string, error) {
	number, err := strconv.ParseInt(fmt.Sprint(n), 10, 64)
	return terminal.Count(number), err
}

// points formats the change between two coverages, as both are shown, with a minus sign that is as wide as the plus sign.
func points(from, to float64) string {
	if math.IsNaN(from) || math.IsNaN(to) {
		return "–"
	}
	return strings.Replace(terminal.Points(within(from), within(to)), "-", "−", 1)
}

func day(at time.Time) string { return at.UTC().Format("2 Jan 2006") }

func moment(at time.Time) string { return at.UTC().Format("2 January 2006, 15:04 UTC") }

func instant(at time.Time) string { return at.UTC().Format(time.RFC3339) }

func took(s backfill.Seconds) string { return terminal.Duration(time.Duration(s)) }

// seconds formats seconds.
func seconds(s float64) string { return took(backfill.Seconds(s * float64(time.Second))) }

// bytes formats a number of bytes with a unit.
func bytes(n int64) string {
	switch {
	case n < 1<<10:
		return strconv.FormatInt(n, 10) + " B"
	case n < 1<<20:
		return strconv.FormatFloat(float64(n)/(1<<10), 'f', 0, 64) + " KiB"
	}
	return strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64) + " MiB"
}

// rate formats a number per second.
func rate(n int, s backfill.Seconds) string {
	if s <= 0 {
		return "–"
	}
	return terminal.Rate(float64(n) / time.Duration(s).Seconds())
}
