package mapper

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxIdentifier is Port's limit of an entity's identifier, in characters.
const maxIdentifier = 1000

// forbidden returns why Port refuses an identifier, and "" if Port accepts it. Source: Port's OpenAPI document,
// entities/bulk.
func forbidden(identifier string) string {
	switch {
	case identifier == "":
		return "is empty"
	case identifier == "." || identifier == "..":
		return "is only dots"
	case utf8.RuneCountInString(identifier) > maxIdentifier:
		return "is longer than 1,000 characters"
	case strings.ContainsFunc(identifier, isForbidden):
		return "has a character that Port forbids (letters, digits and @ _ . + : \\ / = - are allowed)"
	default:
		return ""
	}
}

func isForbidden(r rune) bool {
	return !unicode.IsLetter(r) && !strings.ContainsRune(`0123456789@_.+:\/=-`, r)
}
