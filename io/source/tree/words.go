package tree

import (
	"fmt"
	"strings"
)

// String is the doubt as lines for people: what is doubtful, one example a reading, and the flags.
func (d Doubt) String() string {
	var b strings.Builder
	b.WriteString(d.Text)
	for _, e := range d.Examples {
		b.WriteString("\n    ")
		if e.Flag != "" {
			fmt.Fprintf(&b, "%s: ", e.Flag)
		}
		fmt.Fprintf(&b, "%s is of class %s", e.Path, e.Class)
		if len(e.Classes) > 0 {
			fmt.Fprintf(&b, " (%d classes: %s)", len(e.Classes), names(e.Classes))
		}
	}
	if len(d.Flags) > 0 {
		fmt.Fprintf(&b, "\n    to go on: %s", strings.Join(d.Flags, ", or "))
	}
	return b.String()
}
