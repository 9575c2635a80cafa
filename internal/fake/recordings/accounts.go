package recordings

import "embed"

// Accounts holds the recorded accounts whole, a file each: accounts/{service}.{owner}.json, in the form that
// fakecodecov.LoadAccount reads.
//
//go:embed accounts/*.json
var Accounts embed.FS
