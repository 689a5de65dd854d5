//go:build !unix

package main

import (
	"errors"
	"time"
)

// cpuTime is not known here, and elapsed time would not be what the tables say.
func cpuTime() (time.Duration, error) {
	return 0, errors.New("the CPU time of a process is read on Unix only")
}
