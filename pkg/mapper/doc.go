// Package mapper turns what Codecov tells of a commit into Port entities, as Port's own webhook would have done:
// it rebuilds the payload that Codecov's webhook sends, runs a JQ mapping over it, and makes the values fit a blueprint.
// Its functions are pure: no network, no randomness, and the clock that a mapping sees is handed in.
package mapper
