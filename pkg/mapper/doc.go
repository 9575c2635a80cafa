// Package mapper maps commits to Port entities as Port's own webhook would have done: it rebuilds the payload that
// Codecov's webhook sends, runs a JQ mapping over it, and converts the values to the types that a blueprint declares.
//
// Its functions are pure: no network, no clock, no randomness.
package mapper
