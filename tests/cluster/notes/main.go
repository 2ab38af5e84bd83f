// Notes reads C2SP signed notes with the reference implementation of the Go project (golang.org/x/mod/sumdb/note), so
// that what Sluis signs is read by something that shares no line with it.
//
// Usage: notes VKEY FILE...   It prints the text of each note that VKEY signed; exit 1 at the first that it did not.
package main

import (
	"fmt"
	"os"

	"golang.org/x/mod/sumdb/note"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: notes VKEY FILE...")
		os.Exit(2)
	}
	verifier, err := note.NewVerifier(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, path := range os.Args[2:] {
		data, err := os.ReadFile(path)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		opened, err := note.Open(data, note.VerifierList(verifier))
		if err != nil {
			fmt.Fprintln(os.Stderr, path+":", err)
			os.Exit(1)
		}
		fmt.Print(opened.Text)
	}
}
