package main

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseLine(t *testing.T) {
	red, green := palette[1], palette[2]
	for name, test := range map[string]struct {
		line string
		want []span
	}{
		"plain":             {"a  b", []span{{style{}, 0, "a  b"}}},
		"empty":             {"", nil},
		"colour and back":   {"a\x1b[31mb\x1b[0mc", []span{{style{}, 0, "a"}, {style{color: red}, 1, "b"}, {style{}, 2, "c"}}},
		"several at once":   {"\x1b[1;92mb\x1b[mc", []span{{style{bold: true, color: green}, 0, "b"}, {style{}, 1, "c"}}},
		"ends of bold, dim": {"\x1b[1;2ma\x1b[22mb", []span{{style{bold: true, dim: true}, 0, "a"}, {style{}, 1, "b"}}},
		"what moves":        {"\x1b[2K\x1b[1Aa\r", []span{{style{}, 0, "a"}}},
		"beyond ASCII":      {"✓ \x1b[2mé\x1b[0mx", []span{{style{}, 0, "✓ "}, {style{dim: true}, 2, "é"}, {style{}, 3, "x"}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := parseLine(test.line, style{})
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(span{}, style{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDraw(t *testing.T) {
	var svg strings.Builder
	text := "\x1b[1mtotal\x1b[0m  <5 & \x1b[32m▁█\x1b[0m\n\x1b[33mstill\nyellow\n"
	if err := run(strings.NewReader(text), &svg, "a & b", 80); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`viewBox="0 0 710 132"`,
		`<title>a &amp; b</title>`,
		`<text x="18.00" y="69" textLength="42.15" font-weight="bold">total</text>`,
		`<text x="77.01" y="69" textLength="16.86">&lt;5</text>`,
		`<path d="M119.16 72h8.43v-2h-8.43zM127.59 72h8.43v-16h-8.43z" fill="#7ee787"/>`,
		`<text x="18.00" y="109" textLength="50.58" fill="#e3b341">yellow</text>`,
	} {
		if !strings.Contains(svg.String(), want) {
			t.Errorf("no %s in\n%s", want, &svg)
		}
	}
	for decoder := xml.NewDecoder(strings.NewReader(svg.String())); ; {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("no XML: %v\n%s", err, &svg)
		}
	}
}

func TestDrawFrames(t *testing.T) {
	var svg strings.Builder
	if err := run(strings.NewReader("one\n\n\n\f\nend\nof it\n"), &svg, "", 80); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`viewBox="0 0 710 220"`, // three lines: blank ones at a frame's end are none
		`<rect x=".5" y="0.5" width="709" height="91"`,
		`<text x="18.00" y="69" textLength="25.29">one`,
		`<rect x=".5" y="108.5" width="709" height="111"`,
		`<text x="18.00" y="197" textLength="16.86">of`,
	} {
		if !strings.Contains(svg.String(), want) {
			t.Errorf("no %s in\n%s", want, &svg)
		}
	}
}

func TestDrawAsWideAsTheText(t *testing.T) {
	var svg strings.Builder
	if err := run(strings.NewReader(strings.Repeat("x", 100)), &svg, "", 80); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(svg.String(), `viewBox="0 0 879 `) {
		t.Errorf("%.200s", &svg)
	}
}
