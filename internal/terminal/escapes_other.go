//go:build !windows

package terminal

import "os"

// enableEscapes reports true: terminals other than the Windows console interpret escape sequences.
func enableEscapes(*os.File) bool { return true }
