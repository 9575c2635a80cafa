// Command svgterm draws text with ANSI colours, from the standard input, as a terminal's window in SVG. Behind a line with
// nothing but a form feed comes what the terminal showed later: that gets a window of its own below.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	title := flag.String("title", "", "what stands in the window's title bar")
	columns := flag.Int("columns", 80, "the least width, in characters")
	flag.Parse()
	if err := run(os.Stdin, os.Stdout, *title, *columns); err != nil {
		fmt.Fprintln(os.Stderr, "svgterm:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer, title string, columns int) error {
	text, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	var frames []frame
	for screen := range strings.SplitSeq(string(text), "\f\n") {
		frames = append(frames, parse(screen))
	}
	_, err = io.WriteString(out, draw(frames, title, columns))
	return err
}
