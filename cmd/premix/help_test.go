package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// runHere runs a command line in this process, and returns its exit code and what it printed.
func runHere(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(context.Background(), args, &out, &errs)
	return code, out.String(), errs.String()
}

// TestHelp wants every help to fit 80 columns, that of premix a screen, and that of a job its usual flags with an
// example first.
func TestHelp(t *testing.T) {
	var pages [][]string
	root := newRootCommand(&app{})
	for _, c := range commands(root) {
		words := strings.Fields(strings.TrimPrefix(c.CommandPath(), "premix"))
		pages = append(pages, append(words, "--help"))
		if c.Flags().Lookup("help-all") != nil {
			pages = append(pages, append(slices.Clone(words), "--help-all"))
		}
	}
	for _, args := range append(pages, []string{"--help"}, nil) {
		code, out, errs := runHere(args...)
		if code != exitDone || errs != "" || out == "" {
			t.Errorf("premix %v: exit code %d, %q", args, code, errs)
		}
		for line := range strings.SplitSeq(out, "\n") {
			if n := len([]rune(line)); n > helpWidth {
				t.Errorf("premix %v: a line of %d characters: %s", args, n, line)
			}
		}
	}

	_, out, _ := runHere("--help")
	if n := strings.Count(out, "\n"); n > 24 {
		t.Errorf("premix --help has %d lines; a screen has 24", n)
	}
	if n := strings.Count(out, "\n  premix "); n != 3 {
		t.Errorf("premix --help has %d examples, want 3", n)
	}
	for _, c := range root.Commands() {
		if !c.Hidden && !strings.Contains(out, c.Name()) {
			t.Errorf("premix --help does not name %s", c.Name())
		}
	}

	for name, want := range usual {
		_, short, _ := runHere(name, "--help")
		_, all, _ := runHere(name, "--help-all")
		_, again, _ := runHere("help", name)
		if again != short {
			t.Errorf("premix help %s differs from premix %[1]s --help", name)
		}
		if example := strings.Index(short, "Example:\n  premix "+name+" --in"); example < 0 || example > strings.Index(short, "Flags") {
			t.Errorf("premix %s --help does not begin with an example:\n%s", name, short)
		}
		cmd, _, err := root.Find([]string{name})
		if err != nil {
			t.Fatal(err)
		}
		for _, flag := range flagNames(cmd) {
			line := "\n  --" + flag
			if got := strings.Contains(short, line+" ") || strings.Contains(short, line+"\n"); got != slices.Contains(want, flag) {
				t.Errorf("premix %s --help lists --%s: %v", name, flag, got)
			}
			if !strings.Contains(all, line+" ") && !strings.Contains(all, line+"\n") {
				t.Errorf("premix %s --help-all does not list --%s", name, flag)
			}
		}
		if len(want) != 10 {
			t.Errorf("premix %s --help lists %d flags, want 10", name, len(want))
		}
		rest := fmt.Sprintf("lists %d more", strings.Count(all, "\n  --")-len(want)-1) // --help itself is not counted
		if !strings.Contains(short, rest) {
			t.Errorf("premix %s --help does not say that --help-all %s", name, rest)
		}
	}
}

// TestForeignFlags wants an answer to every flag in the table, in the spellings of other programs, and only flags that
// exist in the answers. A name of ours must not be in the table.
func TestForeignFlags(t *testing.T) {
	root := newRootCommand(&app{})
	mix, _, err := root.Find([]string{"mix"})
	if err != nil {
		t.Fatal(err)
	}
	have := flagNames(mix)
	seen := map[string]bool{}
	for _, f := range foreignFlags {
		if f.flag != "" && !slices.Contains(have, f.flag) {
			t.Errorf("%s: mix has no --%s", f.names, f.flag)
		}
		for word := range strings.FieldsSeq(f.text) {
			if name, ok := strings.CutPrefix(strings.TrimRight(word, ",;."), "--"); ok && !slices.Contains(have, name) {
				t.Errorf("%s: the answer names --%s, which mix does not have", f.names, name)
			}
		}
		for name := range strings.FieldsSeq(f.names) {
			if seen[name] || slices.Contains(have, name) {
				t.Errorf("--%s is in the table twice, or a flag of mix", name)
			}
			seen[name] = true
			for _, spelling := range []string{name, strings.ReplaceAll(name, "-", "_"), strings.ToUpper(name)} {
				flag := "--" + spelling
				if len(name) == 1 {
					flag = "-" + name
				}
				if code, _, errs := runHere("mix", flag, "3"); code != exitUsage || errs != "premix: unknown flag "+flag+": "+f.text+"\n" {
					t.Errorf("premix mix %s: exit code %d: %s", flag, code, errs)
				}
			}
		}
	}
}

// TestForeignCommands wants each answer to be a command.
func TestForeignCommands(t *testing.T) {
	names := map[string]bool{}
	root := newRootCommand(&app{})
	for _, c := range commands(root) {
		names[strings.TrimPrefix(c.CommandPath(), "premix ")] = true
	}
	for word, to := range foreignCommands {
		if !names[to] || names[word] {
			t.Errorf("%s is answered by %s", word, to)
		}
		if code, _, errs := runHere(word); code != exitUsage || errs != fmt.Sprintf("premix: unknown command %q: use premix %s\n", word, to) {
			t.Errorf("premix %s: exit code %d: %s", word, code, errs)
		}
	}
}
