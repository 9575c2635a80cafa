package port

// Entity is one thing of a blueprint. Title, Icon and Team are left out of the JSON when they are empty:
// Port refuses null there. In Properties and Relations a nil value clears what Port holds, an absent key
// leaves it as it is (under merge).
type Entity struct {
	Identifier string         `json:"identifier"`
	Title      string         `json:"title,omitempty"`
	Icon       string         `json:"icon,omitempty"`
	Team       any            `json:"team,omitempty"` // a string or a []any of strings
	Properties map[string]any `json:"properties,omitempty"`
	Relations  map[string]any `json:"relations,omitempty"` // a string, a []any of strings, or nil
}
