package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// licences returns one text with the licences and notices of everything that is compiled into premix for a
// platform. A module without any is an error.
func licences(p platform) ([]byte, error) {
	list := exec.Command("go", "list", "-deps", "-tags", tags, "-json=Dir,Standard,Module", "./cmd/premix")
	list.Env = environment(os.Environ(), p)
	list.Stderr = os.Stderr
	packages, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	env := exec.Command("go", "env", "GOROOT")
	goroot, err := env.Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOROOT: %w", err)
	}
	modules, err := modulesOf(packages, strings.TrimSpace(string(goroot)))
	if err != nil {
		return nil, err
	}
	return collect(modules)
}

// A module is one that packages of the program come from, with their folders.
type module struct {
	name string // with its version
	dir  string
	dirs map[string]bool
}

// modulesOf returns the modules of packages that go list -json describes, the standard library first and then in
// the order of their names. The main module, whose licence is that of the program, is left out.
func modulesOf(packages []byte, goroot string) ([]module, error) {
	std := module{name: "Go's standard library", dir: goroot, dirs: map[string]bool{}}
	byName := map[string]module{}
	for dec := json.NewDecoder(bytes.NewReader(packages)); ; {
		var p struct {
			Dir      string
			Standard bool
			Module   *struct {
				Path, Version, Dir string
				Main               bool
			}
		}
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		switch {
		case p.Standard:
			std.dirs[std.dir] = true // its packages have no licences of their own
		case p.Module == nil:
			return nil, fmt.Errorf("the package in %s is of no module", p.Dir)
		case !p.Module.Main:
			name := p.Module.Path + " " + p.Module.Version
			m, ok := byName[name]
			if !ok {
				m = module{name: name, dir: p.Module.Dir, dirs: map[string]bool{}}
				byName[name] = m
			}
			m.dirs[p.Dir] = true
		}
	}
	var all []module
	for _, m := range byName {
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b module) int { return strings.Compare(a.name, b.name) })
	return append([]module{std}, all...), nil
}

// legal matches the names of files that must go along with a program.
var legal = regexp.MustCompile(`(?i)^(un)?(licen[cs]e|copying|notice|copyright|patents)([-_.].*)?$`)

// code matches those that are programs all the same.
var code = regexp.MustCompile(`(?i)\.(go|s|py|sh)$`)

// collect returns the texts of modules, each text once, after the names of all files that have it.
func collect(modules []module) ([]byte, error) {
	var order []string // texts as they come
	owners := map[string][]string{}
	for _, m := range modules {
		files, err := m.legal()
		if err != nil {
			return nil, err
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("%s has no licence: see under which it may be distributed, or leave it out", m.name)
		}
		for _, file := range files {
			data, err := os.ReadFile(filepath.Join(m.dir, filepath.FromSlash(file)))
			if err != nil {
				return nil, err
			}
			text := strings.TrimRight(strings.ReplaceAll(string(data), "\r\n", "\n"), " \n")
			if owners[text] == nil {
				order = append(order, text)
			}
			owners[text] = append(owners[text], m.name+": "+file)
		}
	}
	rule := strings.Repeat("=", 80)
	var b bytes.Buffer
	b.WriteString("The program premix contains the modules below. These are their licences and notices; that of premix\nitself is in the file LICENSE.\n")
	for _, text := range order {
		fmt.Fprintf(&b, "\n%s\n%s\n%s\n\n%s\n", rule, strings.Join(owners[text], "\n"), rule, text)
	}
	return b.Bytes(), nil
}

// legal returns the files of a module that have to go along: those in the folders of its packages that are used, and
// in the folders above these.
func (m module) legal() ([]string, error) {
	folders := map[string]bool{}
	for dir := range m.dirs {
		rel, err := filepath.Rel(m.dir, dir)
		if err != nil {
			return nil, err
		}
		for at := filepath.ToSlash(rel); ; at = path.Dir(at) {
			folders[at] = true
			if at == "." {
				break
			}
			if strings.HasPrefix(at, "..") {
				return nil, fmt.Errorf("%s: a package is in %s, outside %s", m.name, dir, m.dir)
			}
		}
	}
	var files []string
	for folder := range folders {
		entries, err := os.ReadDir(filepath.Join(m.dir, filepath.FromSlash(folder)))
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if !e.IsDir() && legal.MatchString(e.Name()) && !code.MatchString(e.Name()) {
				files = append(files, path.Join(folder, e.Name()))
			}
		}
	}
	slices.Sort(files)
	return files, nil
}
