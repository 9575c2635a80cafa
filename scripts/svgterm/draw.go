package main

import (
	"encoding/xml"
	"fmt"
	"strings"
	"unicode"
)

// Lengths in SVG's units, which are pixels where the picture is not scaled.
const (
	fontSize  = 14
	cellWidth = 8.43
	rowHeight = 20
	padding   = 18
	titleBar  = 36
	gap       = 16 // between windows
	baseline  = 15 // below a row's upper edge
)

const (
	background = "#0d1117"
	foreground = "#e6edf3"
	border     = "#30363d" // visible on a dark page, too
	quiet      = "#8b949e"
)

// draw makes a window of each frame, one below the other. They bring their own background, so that they can be read on a
// light page and on a dark one.
func draw(frames []frame, title string, columns int) string {
	height := -gap
	for _, f := range frames {
		height += f.height() + gap
		columns = max(columns, f.columns())
	}
	width := float64(columns)*cellWidth + 2*padding
	var svg strings.Builder
	fmt.Fprintf(&svg, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %d" width="%.0f" role="img" xml:space="preserve"`, width, height, width)
	fmt.Fprintf(&svg, ` font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="%d" fill="%s">`+"\n", fontSize, foreground)
	fmt.Fprintf(&svg, "<title>%s</title>\n", escaped(title))
	top := 0
	for _, f := range frames {
		drawWindow(&svg, f, title, width, top)
		top += f.height() + gap
	}
	svg.WriteString("</svg>\n")
	return svg.String()
}

func (f frame) height() int { return len(f)*rowHeight + titleBar + 2*padding }

func (f frame) columns() int {
	columns := 0
	for _, line := range f {
		for _, s := range line {
			columns = max(columns, s.column+len([]rune(s.text)))
		}
	}
	return columns
}

func drawWindow(svg *strings.Builder, f frame, title string, width float64, top int) {
	fmt.Fprintf(svg, `<rect x=".5" y="%d.5" width="%.0f" height="%d" rx="10" fill="%s" stroke="%s"/>`+"\n", top, width-1, f.height()-1, background, border)
	for i, color := range []string{"#ff5f57", "#febc2e", "#28c840"} {
		fmt.Fprintf(svg, `<circle cx="%d" cy="%d" r="6" fill="%s"/>`+"\n", padding+6+20*i, top+18, color)
	}
	fmt.Fprintf(svg, `<text x="%.0f" y="%d" text-anchor="middle" fill="%s">%s</text>`+"\n", width/2, top+23, quiet, escaped(title))
	for row, line := range f {
		for _, s := range line {
			drawSpan(svg, s, top+titleBar+padding+row*rowHeight)
		}
	}
}

// drawSpan draws word by word, each at its column and as wide as its cells, whatever font there is.
func drawSpan(svg *strings.Builder, s span, top int) {
	characters := []rune(s.text)
	for begin := 0; begin < len(characters); {
		end := begin + 1
		for kind := kindOf(characters[begin]); end < len(characters) && kindOf(characters[end]) == kind; {
			end++
		}
		word, x := characters[begin:end], padding+float64(s.column+begin)*cellWidth
		switch kindOf(characters[begin]) {
		case letters:
			fmt.Fprintf(svg, `<text x="%.2f" y="%d" textLength="%.2f"%s>%s</text>`+"\n", x, top+baseline, float64(len(word))*cellWidth, s.attributes(), escaped(string(word)))
		case blocks:
			fmt.Fprintf(svg, `<path d="%s"%s/>`+"\n", bars(word, x, top), s.attributes())
		}
		begin = end
	}
}

type kind int

const (
	blank kind = iota
	letters
	blocks // ▁ to █: fonts draw them of many heights and widths
)

func kindOf(r rune) kind {
	switch {
	case unicode.IsSpace(r):
		return blank
	case r >= '▁' && r <= '█':
		return blocks
	}
	return letters
}

// bars is the outline of lower blocks, beside each other from x on.
func bars(word []rune, x float64, top int) string {
	var path strings.Builder
	for i, r := range word {
		height := float64(r-'▁'+1) / 8 * (rowHeight - 4)
		fmt.Fprintf(&path, "M%.2f %dh%.2fv-%.0fh-%.2fz", x+float64(i)*cellWidth, top+rowHeight-2, cellWidth, height, cellWidth)
	}
	return path.String()
}

func (s style) attributes() string {
	var text string
	if s.color != "" {
		text += ` fill="` + s.color + `"`
	}
	if s.bold {
		text += ` font-weight="bold"`
	}
	if s.italic {
		text += ` font-style="italic"`
	}
	if s.dim {
		text += ` opacity=".7"`
	}
	return text
}

func escaped(text string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(text)) // a strings.Builder takes everything
	return out.String()
}
