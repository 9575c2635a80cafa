package mapper

import (
	"regexp"
	"time"

	"github.com/dlclark/regexp2"
)

// searchTimeout is how long one search in a text may take in the engine that backtracks: no context reaches it.
const searchTimeout = 100 * time.Millisecond

// newPattern gives a test for a blueprint's pattern, which is a regular expression of ECMAScript. Go's own engine is
// safe and fast, but has no lookaround and no backreferences: patterns with those run in one that backtracks. It is nil
// where the pattern is none that either understands; Port is left to check it then.
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
		return matches || err != nil // one that takes too long is left for Port to check
	}
}
