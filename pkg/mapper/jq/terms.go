package jq

import (
	"iter"
	"reflect"

	"github.com/itchyny/gojq"
)

// terms returns every term of a query, however deep. gojq has no visitor of its own.
func terms(query *gojq.Query) iter.Seq[*gojq.Term] {
	return func(yield func(*gojq.Term) bool) { walk(reflect.ValueOf(query), yield) }
}

// walk visits the terms below a part of the syntax tree, and returns false as soon as yield does.
func walk(part reflect.Value, yield func(*gojq.Term) bool) bool {
	switch part.Kind() {
	case reflect.Pointer:
		if term, ok := part.Interface().(*gojq.Term); ok && term != nil && !yield(term) {
			return false
		}
		return part.IsNil() || walk(part.Elem(), yield)
	case reflect.Struct:
		for i := range part.NumField() {
			if !walk(part.Field(i), yield) {
				return false
			}
		}
	case reflect.Slice:
		for i := range part.Len() {
			if !walk(part.Index(i), yield) {
				return false
			}
		}
	}
	return true
}
