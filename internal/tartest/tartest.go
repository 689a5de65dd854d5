// Package tartest has tars that are damaged or odd, and what is found in each: by the strict reader of shards, through
// which verify, reindex and inspect read, and by that of inputs, which goes on behind the damage. The tests of both
// take their files from here, and what is right from table.txt.
package tartest

import (
	"archive/tar"
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/premix/premix/internal/sharedtest"
)

// A File is a tar, compressed or not, or what is in its place.
type File struct {
	Name string // what is wrong with it
	File string // its name as an input, which says how it is compressed
	Data []byte
	// Shard are what the reader of shards finds, a line each: the key of a sample, a defect of one, and how it ended.
	// It is nil for files that cannot be shards.
	Shard []string
	// Input are what the reader of inputs finds, a line each: an image with its label, a member that is ignored, or a fault
	// with its kind, the bytes that are lost, and its reason. % stands for any number.
	Input []string
}

//go:embed table.txt
var table string

// fill gives files their lines of the table.
func fill(t testing.TB, files []File) []File {
	t.Helper()
	rows := map[string][]string{}
	title := ""
	for line := range strings.Lines(table) {
		line = strings.TrimSuffix(line, "\n")
		if rest, ok := strings.CutPrefix(line, "# "); ok {
			title = rest
		} else if line != "" {
			rows[title] = append(rows[title], line)
		}
	}
	for i := range files {
		f := &files[i]
		title := f.File + ": " + f.Name
		if _, ok := rows[title]; !ok {
			t.Errorf("table.txt has nothing of %q", title)
		}
		for _, line := range rows[title] {
			if rest, ok := strings.CutPrefix(line, "shard  "); ok {
				f.Shard = append(f.Shard, rest)
			} else {
				f.Input = append(f.Input, strings.TrimPrefix(line, "input  "))
			}
		}
	}
	return files
}

// Compare reports lines that are not those of the table.
func Compare(t testing.TB, want, got []string) {
	t.Helper()
	same := len(want) == len(got)
	for i := 0; same && i < len(want); i++ {
		pattern := strings.ReplaceAll(regexp.QuoteMeta(want[i]), "%", "[0-9]+")
		same = regexp.MustCompile("^" + pattern + "$").MatchString(got[i])
	}
	if !same {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A Member is a file in a tar.
type Member struct {
	Name string
	Data []byte
}

// Tar makes a tar as archive/tar writes it.
func Tar(t testing.TB, members ...Member) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, m := range members {
		err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: m.Name, Size: int64(len(m.Data)), Mode: 0o444})
		if err == nil {
			_, err = w.Write(m.Data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// picture is n bytes that begin as a JPEG and cannot be compressed well.
func picture(seed uint32, n int) []byte {
	data := make([]byte, n)
	for i := range data {
		seed = seed*1664525 + 1013904223
		data[i] = byte(seed >> 24)
	}
	copy(data, "\xff\xd8\xff\xe0")
	return data
}

// pair are the members of a sample.
func pair(key, cls string, data []byte) []Member {
	return []Member{{key + ".cls", []byte(cls)}, {key + ".jpg", data}}
}

// samples are n of them, with images of size bytes.
func samples(n, size int) (list []Member) {
	for i := range n {
		list = append(list, pair(fmt.Sprintf("s%04d", i), fmt.Sprint(i%3), picture(uint32(i), size))...)
	}
	return list
}

// Odd are tars that others found worth keeping.
func Odd(t testing.TB) (files []File) {
	t.Helper()
	dir := sharedtest.Dir(t, "data", "oddities")
	for _, name := range []string{
		"pax-bad", "neg-size", "issue10968", "issue11169", "issue12435", "gnu-sparse", "trailing-slash", "nil-uid", "hdr-only",
		"concatenated", "empty-filename", "invalid-pax-size", "V-negative-size", "leading-slash", "mac-metadata",
	} {
		data, err := os.ReadFile(filepath.Join(dir, "tar-"+name+".tar"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, File{Name: name, File: "odd.tar", Data: data})
	}
	return fill(t, files)
}
