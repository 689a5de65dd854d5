package tree

import (
	"fmt"
	"strings"

	"github.com/premix/premix/internal/printable"
)

// Lines are the doubt for people: what is doubtful, one example a reading, and the flags. Names in them
// are printable.
func (d Doubt) Lines() []string {
	lines := []string{printable.Line(d.Text)}
	for _, e := range d.Examples {
		line := printable.Sprintf("  %s is of class %s", e.Path, e.Class)
		if e.Flag != "" {
			line += " with " + e.Flag
		}
		if len(e.Classes) > 0 {
			line += fmt.Sprintf(" (%d classes: %s)", len(e.Classes), names(e.Classes))
		}
		lines = append(lines, line)
	}
	if len(d.Flags) > 0 {
		lines = append(lines, printable.Line("  to go on: "+strings.Join(d.Flags, ", or ")))
	}
	return lines
}

// String is the lines of the doubt as one text.
func (d Doubt) String() string { return strings.Join(d.Lines(), "\n") }
