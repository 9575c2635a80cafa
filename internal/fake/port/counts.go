package port

import "github.com/codecov-port/codecov-port/internal/fake/journal"

// Kind is what a request was for.
type Kind = journal.Kind

// Request is a request that a Server saw.
type Request = journal.Request

// The kinds of requests that are distinguished.
const (
	Token           Kind = "token"
	BlueprintList   Kind = "blueprint list"
	BlueprintRead   Kind = "blueprint read"
	BlueprintCreate Kind = "blueprint create"
	BlueprintChange Kind = "blueprint change"
	BlueprintDelete Kind = "blueprint delete"
	Bulk            Kind = "bulk"
	BulkDelete      Kind = "bulk delete"
	Search          Kind = "search"
	WebhookRead     Kind = "webhook read"
	WebhookWrite    Kind = "webhook write"
	WebhookDelete   Kind = "webhook delete"
	VisualRead      Kind = "visual read"
	VisualWrite     Kind = "visual write"
	VisualDelete    Kind = "visual delete"
	Other           Kind = "other"
)

// Requests returns what was counted since the start or the last ResetCounts.
func (s *Server) Requests() journal.Counts { return s.journal.Counts() }

// ResetCounts begins to count anew, and forgets the requests that Seen returns.
func (s *Server) ResetCounts() { s.journal.Reset() }

// Seen returns the requests in the order in which they were answered, if Options.KeepRequests is set.
func (s *Server) Seen() []Request { return s.journal.Seen() }
