//go:build !linux

package main

import "os"

// attackMain is the program of TestPrismPort, which needs Linux.
func attackMain() { os.Exit(99) }
