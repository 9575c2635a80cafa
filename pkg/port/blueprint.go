package port

import "encoding/json"

// Blueprint declares a kind of entity: its properties with their types, and its relations.
// The computed properties are kept as they came; of what else Port knows, this type holds what is declared here.
type Blueprint struct {
	Identifier            string              `json:"identifier"`
	Title                 string              `json:"title,omitempty"`
	Icon                  string              `json:"icon,omitempty"`
	Description           string              `json:"description,omitempty"`
	Schema                Schema              `json:"schema"`
	MirrorProperties      json.RawMessage     `json:"mirrorProperties,omitempty"`
	CalculationProperties json.RawMessage     `json:"calculationProperties,omitempty"`
	AggregationProperties json.RawMessage     `json:"aggregationProperties,omitempty"`
	Relations             map[string]Relation `json:"relations,omitzero"`
}

// Schema holds a blueprint's properties by identifier.
type Schema struct {
	Properties map[string]Property `json:"properties"`
	Required   []string            `json:"required"`
}

// MarshalJSON writes what is nil as empty: Port refuses null there.
func (s Schema) MarshalJSON() ([]byte, error) {
	type plain Schema
	if s.Properties == nil {
		s.Properties = map[string]Property{}
	}
	if s.Required == nil {
		s.Required = []string{}
	}
	return json.Marshal(plain(s))
}

// Property is the declaration of one property. Type is string, number, boolean, object or array;
// Format narrows it (date-time, url, email, user, markdown, …). A nil bound is no bound.
type Property struct {
	Title       string    `json:"title,omitempty"`
	Description string    `json:"description,omitempty"`
	Icon        string    `json:"icon,omitempty"`
	Type        string    `json:"type"`
	Format      string    `json:"format,omitempty"`
	Enum        []any     `json:"enum,omitempty"`
	Items       *Property `json:"items,omitempty"`
	MinLength   *int      `json:"minLength,omitempty"`
	MaxLength   *int      `json:"maxLength,omitempty"`
	Pattern     string    `json:"pattern,omitempty"`
	Minimum     *float64  `json:"minimum,omitempty"`
	Maximum     *float64  `json:"maximum,omitempty"`
	MinItems    *int      `json:"minItems,omitempty"`
	MaxItems    *int      `json:"maxItems,omitempty"`
}

// Relation is the declaration of one relation to entities of another blueprint.
type Relation struct {
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	Target      string `json:"target"`
	Required    bool   `json:"required"`
	Many        bool   `json:"many"`
}
