package main

import (
	"bytes"
	"strings"
	"sync"
)

// watchedOutput keeps what is written and reports when a text has come.
type watchedOutput struct {
	mu    sync.Mutex
	text  bytes.Buffer
	want  string
	found chan struct{}
}

func watchFor(text string) *watchedOutput {
	return &watchedOutput{want: text, found: make(chan struct{})}
}

func (w *watchedOutput) Write(data []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	had := strings.Contains(w.text.String(), w.want)
	n, err := w.text.Write(data)
	if !had && strings.Contains(w.text.String(), w.want) {
		close(w.found)
	}
	return n, err
}

func (w *watchedOutput) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}
