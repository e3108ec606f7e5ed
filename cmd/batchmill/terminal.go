package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// isTerminal tells whether somebody watches w, so that a bar may be drawn there.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// plainWidth is taken where a terminal does not tell its width.
const plainWidth = 100

// terminalWidth is how many characters fit on a line of w.
func terminalWidth(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return plainWidth
}
