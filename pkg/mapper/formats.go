package mapper

import (
	"net/mail"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode"
)

// formats are the formats of a string property that Port checks; others (markdown, yaml, proto, team, blueprints) allow any text. Source: Port's OpenAPI document, blueprints.
var formats = map[string]func(string) bool{
	"date-time": isDateTime,
	"timer":     isDateTime,
	"url":       isURL,
	"email":     isEmail,
	"idn-email": isEmail,
	"user":      isEmail,
	"ipv4":      isIPv4,
	"ipv6":      isIPv6,
}

// objectFormats are the formats of an object property that Port checks.
var objectFormats = map[string]func(map[string]any) bool{"labeled-url": isLabeledURL}

// isDateTime reports whether a text is a time by RFC 3339 with Z or an offset. time.Parse alone is laxer: it takes a
// comma for the decimals and an hour of one digit.
func isDateTime(text string) bool {
	const prefix = "2006-01-02T15:04:05"
	if len(text) <= len(prefix) || text[len("2006-01-02T15")] != ':' || strings.Contains(text, ",") {
		return false
	}
	_, err := time.Parse(time.RFC3339, text)
	return err == nil
}

// isURL reports whether a text is an absolute web address.
func isURL(text string) bool {
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return false
	}
	address, err := url.Parse(text)
	return err == nil && (address.Scheme == "https" || address.Scheme == "http") && address.Hostname() != ""
}

// isEmail reports whether a text is a bare address, without a name beside it. Port's users are named by theirs.
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

// isLabeledURL reports whether an object is an address with the text to show for it. An address may be one within Port,
// which has no host. Source: Port's documentation of the property "Labeled URL".
func isLabeledURL(object map[string]any) bool {
	address, ok := object["url"].(string)
	if !ok || address == "" {
		return false
	}
	label, labelled := object["displayText"]
	_, isText := label.(string)
	return isText || !labelled
}
