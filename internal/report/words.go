package report

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/codecov-port/codecov-port/internal/backfill"
)

// inWords is how the page writes what it shows.
var inWords = template.FuncMap{
	"plain": plain, "count": count, "percent": percent, "points": points, "day": day, "moment": moment,
	"instant": instant, "took": took, "bytes": bytes, "rate": rate,
}

// plain makes text from outside fit to show: what is not printable, bidirectional marks among it, becomes �.
// Escaping it is the template's.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

const longest = 500 // characters of a message

// short is plain text that is cut where it is longer than a message should be.
func short(text string) string {
	if runes := []rune(plain(text)); len(runes) > longest {
		return string(runes[:longest-1]) + "…"
	}
	return plain(text)
}

// count writes an integer of any type with a comma between thousands.
func count(n any) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// hundredths is backfill.Hundredths; what is no number gives false.
func hundredths(percent float64) (n int, ok bool) {
	const most = 1e6
	if math.IsNaN(percent) || math.Abs(percent) > most {
		return 0, false
	}
	return backfill.Hundredths(percent), true
}

// percent writes a coverage.
func percent(coverage float64) string {
	n, ok := hundredths(coverage)
	if !ok {
		return "–"
	}
	return strconv.FormatFloat(float64(n)/100, 'f', 2, 64) + " %"
}

// points writes by how many percentage points one coverage differs from another, as both are shown.
func points(from, to float64) string {
	old, oldOK := hundredths(from)
	now, nowOK := hundredths(to)
	text := strconv.FormatFloat(math.Abs(float64(now-old))/100, 'f', 2, 64)
	switch {
	case !oldOK || !nowOK:
		return "–"
	case now < old:
		return "−" + text
	case now > old:
		return "+" + text
	}
	return text
}

func day(at time.Time) string { return at.UTC().Format("2 Jan 2006") }

func moment(at time.Time) string { return at.UTC().Format("2 January 2006, 15:04 UTC") }

func instant(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// took writes a duration with about three digits.
func took(s backfill.Seconds) string {
	d := time.Duration(s)
	switch {
	case d < time.Second:
		d = d.Round(time.Millisecond)
	case d < time.Minute:
		d = d.Round(100 * time.Millisecond)
	default:
		d = d.Round(time.Second)
	}
	return d.String()
}

// bytes writes a number of bytes with a unit.
func bytes(n int64) string {
	switch {
	case n < 1<<10:
		return strconv.FormatInt(n, 10) + " B"
	case n < 1<<20:
		return strconv.FormatFloat(float64(n)/(1<<10), 'f', 0, 64) + " KiB"
	}
	return strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64) + " MiB"
}

// rate writes how many there were in a second.
func rate(n int, s backfill.Seconds) string {
	d := time.Duration(s)
	if d <= 0 {
		return "–"
	}
	perSecond := float64(n) / d.Seconds()
	if perSecond < 10 {
		return strconv.FormatFloat(perSecond, 'f', 1, 64)
	}
	return count(int(math.Round(perSecond)))
}
