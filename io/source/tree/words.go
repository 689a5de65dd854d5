package tree

import (
	"fmt"
	"strings"

	"github.com/premix/premix/internal/printable"
)

// Lines are the doubt for people, in at most two lines: what is doubtful, with an example for each reading, and
// the flags that settle it. Names in them are printable.
func (d Doubt) Lines() []string {
	text := printable.Line(d.Text)
	for i, e := range d.Examples {
		line := printable.Sprintf("%s is of class %s", e.Path, e.Class)
		if e.Flag != "" {
			line += " with " + e.Flag
		}
		if len(e.Classes) > 0 {
			line += fmt.Sprintf(" (%d classes: %s)", len(e.Classes), names(e.Classes))
		}
		text += []string{": ", "; "}[min(i, 1)] + line
	}
	lines := []string{text}
	if len(d.Flags) > 0 {
		lines = append(lines, printable.Line("  to continue: "+strings.Join(d.Flags, ", or ")))
	}
	return lines
}

// String is the lines of the doubt as one text.
func (d Doubt) String() string { return strings.Join(d.Lines(), "\n") }
