package mapper

import (
	"iter"
	"reflect"

	"github.com/itchyny/gojq"
)

// terms lists every term of an expression, however deep: of pipes, arguments, definitions and interpolations alike.
func terms(query *gojq.Query) iter.Seq[*gojq.Term] {
	return func(yield func(*gojq.Term) bool) { walk(reflect.ValueOf(query), yield) }
}

// walk visits what a part of a syntax tree holds, and is false as soon as yield is. gojq has no visitor of its own.
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
