package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/codecov-port/codecov-port/internal/backfill"
)

// failuresFile is where --failures puts what is missing, one JSON object a line. A nil one takes everything and keeps
// nothing.
type failuresFile struct{ file *os.File }

// createFailures makes the file, empty and for its owner alone, before a run: what cannot be kept is told while there
// is nothing to keep yet. It gives nil without a name.
func createFailures(name string) (*failuresFile, error) {
	if name == "" {
		return nil, nil
	}
	file, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, usage(fmt.Errorf("--failures: %w", err), "name a file that can be written")
	}
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
		if err := file.Chmod(0o600); err != nil { // one that was there already
			return nil, usage(errors.Join(fmt.Errorf("--failures: %w", err), file.Close()), "name a file of your own")
		}
	}
	return &failuresFile{file}, nil
}

// name is the file's; "" where there is none.
func (f *failuresFile) name() string {
	if f == nil {
		return ""
	}
	return f.file.Name()
}

// write ends the file with the failures.
func (f *failuresFile) write(failures []backfill.Failure) error {
	if f == nil {
		return nil
	}
	buffered := bufio.NewWriter(f.file)
	encoder := json.NewEncoder(legibleJSON{buffered})
	encoder.SetEscapeHTML(false)
	for _, failure := range failures {
		if err := encoder.Encode(failure); err != nil {
			break // told by Flush, too
		}
	}
	if err := errors.Join(buffered.Flush(), f.file.Close()); err != nil {
		return fmt.Errorf("--failures: the list is not complete: %w", err)
	}
	return nil
}
