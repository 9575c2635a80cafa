package port

// Entity is an entity of a blueprint. Title, Icon and Team are left out of the JSON if they are empty, since Port does
// not accept null there. A nil value in Properties or Relations clears what Port has; a missing key keeps it.
type Entity struct {
	Identifier string         `json:"identifier"`
	Title      string         `json:"title,omitempty"`
	Icon       string         `json:"icon,omitempty"`
	Team       any            `json:"team,omitempty"` // a string or a []any of strings
	Properties map[string]any `json:"properties,omitempty"`
	Relations  map[string]any `json:"relations,omitempty"` // a string, a []any of strings, or nil
}
