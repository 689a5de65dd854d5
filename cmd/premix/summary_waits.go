package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/blob"
)

// describeWaits is the line of the summary about requests to stores that were repeated; empty if none was.
func describeWaits(w blob.Waits) string {
	if w.Repeated() == 0 {
		return ""
	}
	var why []string
	for _, c := range []struct {
		n    int64
		what string
	}{{w.Busy, "answered busy"}, {w.Silent, "fell silent"}, {w.Broken, "could not be reached or broke off"}} {
		if c.n > 0 {
			why = append(why, fmt.Sprintf("%s %s", c.what, printable.Count(c.n, "time")))
		}
	}
	return fmt.Sprintf("store    %s; its requests were repeated and waited %v in all\n", strings.Join(why, ", "), w.Waited.Round(100*time.Millisecond))
}
