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
)

// formatted returns a text as Port stores it in a property of the format, and false if Port refuses it. Formats that
// are not listed (markdown, yaml, proto, team, blueprints) allow any text. Source: Port's OpenAPI document.
func formatted(format, text string) (stored string, ok bool) {
	switch format {
	case "date-time", "timer":
		return dateTime(text)
	case "url":
		address, err := url.Parse(text)
		ok = err == nil && (address.Scheme == "https" || address.Scheme == "http") && address.Hostname() != ""
		return text, ok && !strings.ContainsFunc(text, unicode.IsSpace)
	case "email", "idn-email", "user": // Port identifies its users by their addresses
		address, err := mail.ParseAddress(text)
		return text, err == nil && address.Address == text
	case "ipv4":
		address, err := netip.ParseAddr(text)
		return text, err == nil && address.Is4()
	case "ipv6":
		address, err := netip.ParseAddr(text)
		return text, err == nil && address.Is6() && address.Zone() == ""
	}
	return text, true
}

// dateTimeParts are those of the date-times that Port accepts: of RFC 3339, also with a blank for the T, in lower case,
// and with the offsets +hh and +hhmm.
var dateTimeParts = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?(?:Z|([+-]\d\d)(?::?(\d\d))?)$`)

// dateTime returns a date-time in the form of RFC 3339. The leap second 23:59:60 becomes the next day's first second.
func dateTime(text string) (normalized string, ok bool) {
	parts := dateTimeParts.FindStringSubmatch(strings.ToUpper(text))
	if parts == nil {
		return "", false
	}
	date, clock, fraction, zone, minutes := parts[1], parts[2], parts[3], parts[4], parts[5]
	if zone == "" {
		zone = "Z"
	} else {
		zone += ":" + cmp.Or(minutes, "00")
	}
	if clock != "23:59:60" {
		normalized = date + "T" + clock + fraction + zone
		_, err := time.Parse(time.RFC3339, normalized)
		return normalized, err == nil
	}
	at, err := time.Parse(time.RFC3339, date+"T23:59:59"+fraction+zone)
	return at.Add(time.Second).Format(time.RFC3339Nano), err == nil
}
