package main

import (
	"testing"

	"golang.org/x/mod/zip"
)

// TestModuleCanBeInstalled holds the tree to what 'go install …@latest' and other file systems take: no two names
// that differ only in case, none that is not plain.
func TestModuleCanBeInstalled(t *testing.T) {
	checked, err := zip.CheckDir("../..")
	if err != nil {
		t.Fatal(err)
	}
	if err := checked.Err(); err != nil {
		t.Error(err)
	}
	if len(checked.Valid) < 50 {
		t.Errorf("only %d files seen", len(checked.Valid))
	}
}
