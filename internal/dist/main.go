// Command dist makes the files of a release: for each platform an archive with the program and a Python wheel,
// each with the licences of all that is in the program, and their checksums. It needs no network once the
// modules are there. The same commit and the same Go give the same bytes, whatever machine they are made on.
//
//	go run ./internal/dist [-out dist] [-platforms linux/amd64,…]
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/premix/premix/internal/buildid"
)

// A platform is an operating system and an architecture, by Go's names.
type platform struct {
	goos, goarch string
	// tags are those of a wheel. The program is static, so that it runs with every libc; macOS 12 and Windows 10
	// are the oldest that Go supports.
	tags []string
}

var platforms = []platform{
	{"linux", "amd64", []string{"manylinux_2_17_x86_64", "manylinux2014_x86_64", "musllinux_1_1_x86_64"}},
	{"linux", "arm64", []string{"manylinux_2_17_aarch64", "manylinux2014_aarch64", "musllinux_1_1_aarch64"}},
	{"darwin", "arm64", []string{"macosx_12_0_arm64"}},
	{"windows", "amd64", []string{"win_amd64"}},
}

func (p platform) String() string { return p.goos + "/" + p.goarch }

// program is the name of the executable file.
func (p platform) program() string {
	if p.goos == "windows" {
		return "premix.exe"
	}
	return "premix"
}

func main() {
	out := flag.String("out", "dist", "folder of the files; what dist wrote there before is removed")
	names := flag.String("platforms", "", "platforms, separated by commas (default: all)")
	flag.Parse()
	if err := run(*out, *names); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

func run(out, names string) error {
	chosen, err := choose(names)
	if err != nil {
		return err
	}
	if err := empty(out); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "premix-dist-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	for _, p := range chosen {
		r := release{version: buildid.Version, platform: p}
		if r.files, err = read("README.md", "LICENSE", pyReadme); err != nil {
			return err
		}
		if r.python, err = pyPackage(pySource); err != nil {
			return err
		}
		binary := filepath.Join(work, p.goos+"-"+p.goarch)
		if err := build(p, binary); err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		if r.binary, err = os.ReadFile(binary); err != nil {
			return err
		}
		if r.licences, err = licences(p); err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		for _, make := range []func() (name string, data []byte, err error){r.archive, r.wheel} {
			name, data, err := make()
			if err != nil {
				return fmt.Errorf("%s: %w", p, err)
			}
			if err := os.WriteFile(filepath.Join(out, name), data, 0o644); err != nil {
				return err
			}
			fmt.Printf("%-78s %5.1f MB\n", filepath.Join(out, name), float64(len(data))/1e6)
		}
		fmt.Printf("  %s in them %*.1f MB\n", p.program(), 66-len(p.program()), float64(len(r.binary))/1e6)
	}
	return sums(out)
}

// choose returns the platforms of a list of names.
func choose(names string) ([]platform, error) {
	if names == "" {
		return platforms, nil
	}
	var chosen []platform
	for _, name := range strings.Split(names, ",") {
		i := slices.IndexFunc(platforms, func(p platform) bool { return p.String() == name })
		if i < 0 {
			return nil, fmt.Errorf("unknown platform %q; there are %v", name, platforms)
		}
		chosen = append(chosen, platforms[i])
	}
	return chosen, nil
}

// sumsFile lists the checksums. A folder that has it was made by dist.
const sumsFile = "SHA256SUMS"

// empty makes a folder, or removes what dist wrote there before.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		return err
	}
	ours := func(e fs.DirEntry) bool {
		return e.Name() == sumsFile || strings.HasPrefix(e.Name(), "premix-") || strings.HasPrefix(e.Name(), "premix_shards-")
	}
	for _, e := range entries {
		if !ours(e) {
			return fmt.Errorf("%s holds %s, which dist does not write: choose another folder with -out", dir, e.Name())
		}
	}
	for _, e := range entries {
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// read reads files of the repository.
func read(names ...string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("%w: run dist in the root of the repository", err)
		}
		files[name] = data
	}
	return files, nil
}

// sums writes the checksums of all files in a folder, as sha256sum does.
func sums(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var list strings.Builder
	for _, e := range entries { // in the order of their names
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		fmt.Fprintf(&list, "%s  %s\n", hex.EncodeToString(sum[:]), e.Name())
	}
	return os.WriteFile(filepath.Join(dir, sumsFile), []byte(list.String()), 0o644)
}
