package mapper

import (
	"regexp"
	"unicode/utf8"
)

// maxIdentifier is Port's limit of an entity's identifier, in characters.
const maxIdentifier = 1000

// identifierCharacters is Port's pattern for an entity's identifier without its lookahead, which excludes "." and "..".
// Source: Port's OpenAPI document, entities/bulk.
var identifierCharacters = regexp.MustCompile(`^[\p{L}0-9@_.+:\\/=-]+$`)

// forbidden returns why Port refuses an identifier, and "" if Port accepts it.
func forbidden(identifier string) string {
	switch {
	case identifier == "":
		return "is empty"
	case identifier == "." || identifier == "..":
		return "is only dots"
	case utf8.RuneCountInString(identifier) > maxIdentifier:
		return "is longer than 1,000 characters"
	case !allowedASCII(identifier) && !identifierCharacters.MatchString(identifier):
		return "has a character that Port forbids (letters, digits and @ _ . + : \\ / = - are allowed)"
	default:
		return ""
	}
}

// allowedASCII spares usual identifiers the regular expression.
func allowedASCII(identifier string) bool {
	for i := range len(identifier) {
		if !asciiAllowed[identifier[i]] {
			return false
		}
	}
	return true
}

var asciiAllowed = func() (allowed [256]bool) {
	for _, c := range `abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@_.+:\/=-` {
		allowed[c] = true
	}
	return allowed
}()
