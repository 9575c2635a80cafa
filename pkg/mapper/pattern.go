package mapper

import (
	"regexp"
	"time"

	"github.com/dlclark/regexp2"
)

// searchTimeout is the time limit of one match in the engine that backtracks.
const searchTimeout = 100 * time.Millisecond

// newPattern returns a test for a blueprint's pattern, a regular expression of ECMAScript. Go's own engine is safe and fast
// but has no lookaround and no backreferences: patterns with those run in one that backtracks. It returns nil for a pattern
// that neither understands; Port checks it then.
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
