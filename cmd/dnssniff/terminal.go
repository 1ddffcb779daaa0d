package main

import (
	"os"

	"golang.org/x/term"
)

// terminalWidth returns the number of columns of a terminal; false for anything else.
func terminalWidth(f *os.File) (int, bool) {
	if !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	w, _, err := term.GetSize(int(f.Fd()))
	return w, err == nil
}
