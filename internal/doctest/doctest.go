// Package doctest turns a page of documentation into the script that a reader would copy from it.
package doctest

import (
	"fmt"
	"regexp"
	"strings"
)

// A Block is what stands between two fences of a page.
type Block struct {
	Line int    // of the fence
	Lang string // behind the fence: sh, text, …
	Text string
}

// Blocks returns the fenced blocks of a page, in order.
func Blocks(page string) (blocks []Block, err error) {
	var open *Block
	for i, line := range strings.Split(page, "\n") {
		lang, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && open == nil:
			open = &Block{Line: i + 1, Lang: lang}
		case fence:
			blocks, open = append(blocks, *open), nil
		case open != nil:
			open.Text += line + "\n"
		}
	}
	if open != nil {
		return nil, fmt.Errorf("line %d: the block has no end", open.Line)
	}
	return blocks, nil
}

// Script joins blocks of commands. A line NAME=value of the page becomes that of the settings, and nothing else is
// changed; a setting that no block makes is an error.
func Script(blocks []Block, settings map[string]string) (string, error) {
	var script strings.Builder
	left := map[string]bool{}
	for name := range settings {
		left[name] = true
	}
	for _, b := range blocks {
		for line := range strings.Lines(b.Text) {
			if m := assignment.FindStringSubmatch(line); m != nil {
				if value, ok := settings[m[1]]; ok {
					delete(left, m[1])
					line = m[1] + "='" + strings.ReplaceAll(value, "'", `'\''`) + "'\n"
				}
			}
			script.WriteString(line)
		}
	}
	for name := range left {
		return "", fmt.Errorf("the page sets no %s", name)
	}
	return script.String(), nil
}

var assignment = regexp.MustCompile(`^([A-Z_]+)=\S+[ \t]*(#.*)?\n?$`)
