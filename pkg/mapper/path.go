package mapper

import "github.com/itchyny/gojq"

// keyPath gives the keys of an expression that does nothing but follow keys from its input, as .body.head.branch does.
// Most expressions of a mapping are such, and following the keys costs a hundredth of what the engine takes to start.
func keyPath(query *gojq.Query) (keys []string, ok bool) {
	if query.Term == nil || query.Term.Type != gojq.TermTypeIndex || len(query.FuncDefs) > 0 || query.Meta != nil || len(query.Imports) > 0 {
		return nil, false
	}
	indexes := []*gojq.Index{query.Term.Index}
	for _, suffix := range query.Term.SuffixList {
		indexes = append(indexes, suffix.Index)
	}
	for _, index := range indexes {
		if index == nil || index.Name == "" {
			return nil, false
		}
		keys = append(keys, index.Name)
	}
	return keys, true
}

// follow looks a value up by keys: null where one is missing, and, for what JQ makes an error, where a value has none.
func follow(value any, keys []string) any {
	for _, key := range keys {
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = object[key]
	}
	return value
}
