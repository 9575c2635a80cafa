package jq

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dlclark/regexp2"
	"github.com/itchyny/gojq"
)

// searchTimeout is the time limit of one search in a text: no context reaches the engine.
const searchTimeout = 100 * time.Millisecond

// maxRegexes bounds the compiled regular expressions: a mapping may build one from each commit's data.
const maxRegexes = 256

// regexes evaluates regular expressions as jq's library Oniguruma does, with lookaround, backreferences and Unicode
// classes, which gojq lacks. It is safe for concurrent use.
type regexes struct {
	mu       sync.Mutex
	compiled map[[2]string]*regexp2.Regexp
}

// option returns the function that definitions.jq builds on, _regex($pattern; $flags): jq's match objects: the first one,
// or all with the flag g; the flag n drops empty ones.
func (r *regexes) option() gojq.CompilerOption {
	return gojq.WithFunction("_regex", 2, 2, func(input any, arguments []any) any {
		text, isText := input.(string)
		pattern, isPattern := arguments[0].(string)
		flags, isFlags := arguments[1].(string)
		if !isText || !isPattern || !isFlags && arguments[1] != nil {
			return errors.New("a regular expression takes a text, a pattern and flags, each a string")
		}
		found, err := r.find(text, pattern, flags)
		if err != nil {
			return err
		}
		return found
	})
}

func (r *regexes) find(text, pattern, flags string) ([]any, error) {
	regex, err := r.compile(pattern, flags)
	if err != nil {
		return nil, err
	}
	all, noEmpty := strings.Contains(flags, "g"), strings.Contains(flags, "n")
	found := []any{}
	match, err := regex.FindStringMatch(text)
	for match != nil && err == nil {
		if match.Length > 0 || !noEmpty {
			found = append(found, matchObject(match))
		}
		if !all {
			break
		}
		match, err = regex.FindNextMatch(match)
	}
	return found, err
}

// matchObject describes a match and its groups. The engine names a group without a name after its number.
func matchObject(match *regexp2.Match) map[string]any {
	captures := []any{}
	for i, group := range match.Groups()[1:] {
		capture := map[string]any{"offset": -1, "length": 0, "string": nil, "name": nil}
		if group.Name != strconv.Itoa(i+1) {
			capture["name"] = group.Name
		}
		if len(group.Captures) > 0 {
			capture["offset"], capture["length"], capture["string"] = group.Index, group.Length, group.String()
		}
		captures = append(captures, capture)
	}
	return map[string]any{"offset": match.Index, "length": match.Length, "string": match.String(), "captures": captures}
}

func (r *regexes) compile(pattern, flags string) (*regexp2.Regexp, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := [2]string{pattern, flags}
	if regex, ok := r.compiled[key]; ok {
		return regex, nil
	}
	options := regexp2.None
	for _, flag := range flags {
		option, known := flagOptions[flag]
		if !known {
			return nil, fmt.Errorf("%q is no flag of a regular expression", flag)
		}
		options |= option
	}
	if strings.Contains(pattern, "[:") {
		options |= regexp2.RE2 // the mode that has [[:alpha:]]
	}
	regex, err := regexp2.Compile(pattern, options)
	if err != nil {
		return nil, fmt.Errorf("regular expression: %w", err)
	}
	regex.MatchTimeout = searchTimeout
	if r.compiled == nil || len(r.compiled) >= maxRegexes {
		r.compiled = map[[2]string]*regexp2.Regexp{}
	}
	r.compiled[key] = regex
	return regex, nil
}

// flagOptions holds jq's flags. s and l have no effect: ^ and $ always match the whole text, and a greedy pattern finds
// the longest match. Source: the manual of jq.
var flagOptions = map[rune]regexp2.RegexOptions{
	'g': regexp2.None, 'n': regexp2.None, 's': regexp2.None, 'l': regexp2.None,
	'i': regexp2.IgnoreCase, 'x': regexp2.IgnorePatternWhitespace, 'p': regexp2.Singleline,
}
