package mapper

import (
	"cmp"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/dlclark/regexp2"
)

// formats are the formats of a string property that Port checks; others (markdown, yaml, proto, team, blueprints)
// allow any text. Each function returns the text as Port stores it, and false if Port refuses it. Source: Port's
// OpenAPI document.
var formats = map[string]func(string) (string, bool){
	"date-time": dateTime,
	"timer":     dateTime,
	"url":       unchanged(isURL),
	"email":     unchanged(isEmail),
	"idn-email": unchanged(isEmail),
	"user":      unchanged(isEmail), // Port identifies its users by their addresses
	"ipv4":      unchanged(isIPv4),
	"ipv6":      unchanged(isIPv6),
}

func unchanged(valid func(string) bool) func(string) (string, bool) {
	return func(text string) (string, bool) { return text, valid(text) }
}

// dateTimeParts are those of the date-times that Port accepts: of RFC 3339, also with a blank or t for the T, and
// with the offsets z, +hh and +hhmm.
var dateTimeParts = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d):(\d\d)(\.\d+)?(?:[Zz]|([+-]\d\d)(?::?(\d\d))?)$`)

// dateTime returns a date-time in the form of RFC 3339. The leap second 23:59:60 becomes the next day's first second.
func dateTime(text string) (normalized string, ok bool) {
	parts := dateTimeParts.FindStringSubmatch(text)
	if parts == nil {
		return "", false
	}
	date, minutes, seconds, fraction, hours, offset := parts[1], parts[2], parts[3], parts[4], parts[5], parts[6]
	zone := "Z"
	if hours != "" {
		zone = hours + ":" + cmp.Or(offset, "00")
	}
	leap := minutes == "23:59" && seconds == "60"
	if leap {
		seconds = "59"
	}
	normalized = date + "T" + minutes + ":" + seconds + fraction + zone
	at, err := time.Parse(time.RFC3339, normalized)
	if leap {
		normalized = at.Add(time.Second).Format(time.RFC3339Nano)
	}
	return normalized, err == nil
}

// isURL reports whether a text is an absolute web address.
func isURL(text string) bool {
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return false
	}
	address, err := url.Parse(text)
	return err == nil && (address.Scheme == "https" || address.Scheme == "http") && address.Hostname() != ""
}

// isEmail reports whether a text is an address without a display name.
func isEmail(text string) bool {
	address, err := mail.ParseAddress(text)
	return err == nil && address.Address == text
}

func isIPv4(text string) bool {
	address, err := netip.ParseAddr(text)
	return err == nil && address.Is4()
}

func isIPv6(text string) bool {
	address, err := netip.ParseAddr(text)
	return err == nil && address.Is6() && address.Zone() == ""
}

// isLabeledURL reports whether an object is an address with its text. The address may lie within Port and have no
// host. Source: Port's documentation of the property "Labeled URL".
func isLabeledURL(object map[string]any) bool {
	address, ok := object["url"].(string)
	if !ok || address == "" {
		return false
	}
	label, labelled := object["displayText"]
	_, isText := label.(string)
	return isText || !labelled
}

// searchTimeout is the time limit of one match in the engine that backtracks.
const searchTimeout = 100 * time.Millisecond

// newPattern returns a test for a blueprint's pattern, a regular expression of ECMAScript. Go's own engine is safe
// and fast but has no lookaround and no backreferences: patterns with those run in one that backtracks. It returns
// nil for a pattern that neither understands; Port checks it then.
func newPattern(pattern string) func(string) bool {
	if pattern == "" {
		return nil
	}
	if compiled, err := regexp.Compile(pattern); err == nil {
		return compiled.MatchString
	}
	compiled, err := regexp2.Compile(pattern, regexp2.ECMAScript|regexp2.Unicode)
	if err != nil {
		return nil
	}
	compiled.MatchTimeout = searchTimeout
	return func(text string) bool {
		matches, err := compiled.MatchString(text)
		return matches || err != nil // Port checks what takes too long
	}
}
