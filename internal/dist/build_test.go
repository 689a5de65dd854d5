package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// A pattern that matches nothing is one whose packages have moved, and go build says nothing about it.
func TestCompactPackagesAreInTheProgram(t *testing.T) {
	list := exec.Command("go", "list", "-deps", "-tags", tags, "../../cmd/premix")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(string(out))
	for _, pattern := range compact {
		prefix := strings.TrimSuffix(pattern, "...")
		if !slices.ContainsFunc(packages, func(p string) bool { return strings.HasPrefix(p, prefix) }) {
			t.Errorf("no package of the program matches %s", pattern)
		}
	}
}
