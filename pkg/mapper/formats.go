package mapper

import (
	"net/mail"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode"
)

// formats are the formats of a string property that Port checks; those that are not among them take any text.
var formats = map[string]func(string) bool{
	"date-time": isDateTime,
	"timer":     isDateTime,
	"url":       isURL,
	"email":     isEmail,
	"idn-email": isEmail,
	"user":      isEmail,
	"ipv4":      func(text string) bool { a, err := netip.ParseAddr(text); return err == nil && a.Is4() },
	"ipv6":      func(text string) bool { a, err := netip.ParseAddr(text); return err == nil && a.Is6() },
}

// isDateTime tells whether a text is a time by RFC 3339 with Z or an offset. time.Parse alone is laxer: it takes a
// comma for the decimals and an hour of one digit.
func isDateTime(text string) bool {
	const prefix = "2006-01-02T15:04:05"
	if len(text) <= len(prefix) || text[len("2006-01-02T15")] != ':' || strings.Contains(text, ",") {
		return false
	}
	_, err := time.Parse(time.RFC3339, text)
	return err == nil
}

// isURL tells whether a text is an absolute web address.
func isURL(text string) bool {
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return false
	}
	address, err := url.Parse(text)
	return err == nil && (address.Scheme == "https" || address.Scheme == "http") && address.Hostname() != ""
}

// isEmail tells whether a text is a bare address, without a name beside it. Port's users are named by theirs.
func isEmail(text string) bool {
	address, err := mail.ParseAddress(text)
	return err == nil && address.Address == text
}
