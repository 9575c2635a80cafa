package mapper

import (
	"fmt"
	"slices"
	"time"

	"github.com/itchyny/gojq"
)

// surroundings are what expressions find around them in Port and would not find in gojq: builtin/surroundings.jq.
type surroundings struct {
	definitions []*gojq.FuncDef
	now         float64 // seconds
	regexes     regexes
}

func newSurroundings(now time.Time) (*surroundings, error) {
	query, err := gojq.Parse(string(builtinFile("surroundings.jq")))
	if err != nil {
		return nil, fmt.Errorf("define the functions of a mapping: %w", err)
	}
	return &surroundings{
		definitions: query.FuncDefs,
		now:         float64(now.Unix()) + float64(now.Nanosecond())/1e9,
	}, nil
}

// compile compiles an expression with the definitions that it uses; those that it does not use would cost at each run.
func (s *surroundings) compile(query *gojq.Query) (*gojq.Code, error) {
	query.FuncDefs = slices.Concat(s.used(query), query.FuncDefs)
	return gojq.Compile(query, s.regexes.options()...)
}

// used lists the definitions that an expression calls, and those that they call in turn, in their order. A definition
// calls only what stands before it, or itself.
func (s *surroundings) used(query *gojq.Query) []*gojq.FuncDef {
	called := map[string]bool{}
	call(called, query)
	var used []*gojq.FuncDef
	for _, definition := range slices.Backward(s.definitions) {
		if !called[definition.Name] {
			continue
		}
		used = append(used, s.bound(definition))
		call(called, definition.Body)
	}
	slices.Reverse(used)
	return used
}

// call notes the names of the functions that an expression calls.
func call(called map[string]bool, query *gojq.Query) {
	for term := range terms(query) {
		if term.Func != nil {
			called[term.Func.Name] = true
		}
	}
}

// bound puts the clock in the place of $now.
func (s *surroundings) bound(definition *gojq.FuncDef) *gojq.FuncDef {
	if definition.Name != "now" {
		return definition
	}
	number := &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeNumber, Number: seconds(s.now)}}
	return &gojq.FuncDef{Name: definition.Name, Body: number}
}

func seconds(s float64) string {
	text, _ := floatText(s)
	return text
}
