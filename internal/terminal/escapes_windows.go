package terminal

import (
	"os"

	"golang.org/x/sys/windows"
)

// enableEscapes enables escape sequences in the console, and reports whether it could.
func enableEscapes(file *os.File) bool {
	console, mode := windows.Handle(file.Fd()), uint32(0)
	if windows.GetConsoleMode(console, &mode) != nil {
		return false
	}
	return windows.SetConsoleMode(console, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
