package main

import (
	"fmt"

	"github.com/premix/premix/runners/prism"
)

// prismPort is the flag that the project's tests give with --runner prism, so that they run where its
// port cannot be kept to this host.
func prismPort() string { return fmt.Sprintf("--prism-open-port=%v", prism.Check() != nil) }
