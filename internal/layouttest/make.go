package layouttest

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// A File is one thing of a fixture: a file, a symbolic link, or an empty folder.
type File struct {
	Path string
	Data []byte
	Link string // the target; empty if it is no link
	Dir  bool
}

// A maker makes the files of a layout.
type maker struct {
	t        testing.TB
	pictures int
	files    []File
}

// Files are what the lines of a layout say, in their order.
func (l *Layout) Files(t testing.TB) []File {
	t.Helper()
	m := &maker{t: t}
	for i, line := range l.lines {
		words := m.words(line)
		switch {
		case line[0] == '\t': // of the archive before it
		case words[0] == "tar", words[0] == "zip":
			inner := &maker{t: t, pictures: m.pictures}
			for _, next := range l.lines[i+1:] {
				if next[0] != '\t' {
					break
				}
				inner.make(inner.words(next))
			}
			m.pictures = inner.pictures
			pack := Tar
			if words[0] == "zip" {
				pack = Zip
			}
			m.add(words[1], pack(t, inner.files))
		default:
			m.make(words)
		}
	}
	return m.files
}

// words splits a line at its spaces; a word in quotes may hold some.
func (m *maker) words(line string) (list []string) {
	m.t.Helper()
	rest := strings.TrimSpace(line)
	for rest != "" {
		word, tail, _ := strings.Cut(rest, " ")
		if rest[0] == '"' {
			quoted, err := strconv.QuotedPrefix(rest)
			if err != nil {
				m.t.Fatalf("%s: %v", line, err)
			}
			tail = rest[len(quoted):]
			if word, err = strconv.Unquote(quoted); err != nil {
				m.t.Fatalf("%s: %v", line, err)
			}
		}
		list, rest = append(list, word), strings.TrimSpace(tail)
	}
	return list
}

func (m *maker) add(path string, data []byte) {
	m.files = append(m.files, File{Path: path, Data: data})
}

func (m *maker) make(words []string) {
	m.t.Helper()
	for _, path := range expand(words[1]) {
		args := words[2:]
		switch words[0] {
		case "dir":
			n, err := strconv.Atoi(args[0])
			if err != nil {
				m.t.Fatal(err)
			}
			ext := append(args[1:], ".jpg")[0]
			base := strings.ReplaceAll(path[strings.LastIndexByte(path, '/')+1:], ".", "_")
			for i := range n {
				m.add(fmt.Sprintf("%s/%s_%d%s", path, base, i, ext), m.picture())
			}
		case "image":
			m.add(path, m.picture())
		case "file":
			m.add(path, []byte(append(args, "x\n")[0]))
		case "empty":
			m.files = append(m.files, File{Path: path, Dir: true})
		case "link":
			m.files = append(m.files, File{Path: path, Link: args[0]})
		case "wds":
			m.add(path, m.samples(path, args[0], args[1], args[2:]))
		case "records":
			m.add(path, m.records(args[0], args[1:]))
		case "parquet":
			m.add(path, m.parquet(args[0], args[1], args[2:]))
		case "list":
			m.add(path, m.list(args))
		default:
			m.t.Fatalf("unknown word %q", words[0])
		}
	}
}

// expand returns the paths that one with braces stands for.
func expand(path string) []string {
	before, rest, ok := strings.Cut(path, "{")
	if !ok {
		return []string{path}
	}
	inside, after, _ := strings.Cut(rest, "}")
	var all []string
	for _, alt := range alternatives(inside) {
		for _, tail := range expand(after) {
			all = append(all, before+alt+tail)
		}
	}
	return all
}

func alternatives(inside string) []string {
	first, last, isRange := strings.Cut(inside, "..")
	from, err := strconv.Atoi(first)
	to, terr := strconv.Atoi(last)
	if !isRange || err != nil || terr != nil {
		return strings.Split(inside, ",")
	}
	var all []string
	for n := from; n <= to; n++ {
		all = append(all, fmt.Sprintf("%0*d", len(first), n))
	}
	return all
}

// picture is a small image, another one each time until they are used up.
func (m *maker) picture() []byte {
	m.pictures++
	return pictures()[m.pictures%len(pictures())]
}

var pictures = sync.OnceValue(func() (list [][]byte) {
	for n := range 200 {
		pic := image.NewRGBA(image.Rect(0, 0, 16, 12))
		for y := range 12 {
			for x := range 16 {
				v := uint8(40 + (x*7+y*5+n*13)%60)
				if dx, dy := x-n%16, y-n%12; dx*dx+dy*dy < 9 {
					v = 250
				}
				pic.Set(x, y, color.RGBA{v, 255 - v, uint8(n), 255})
			}
		}
		var b bytes.Buffer
		if err := png.Encode(&b, pic); err != nil {
			panic(err) // of a buffer
		}
		list = append(list, b.Bytes())
	}
	return list
})

// Tar packs files as tar does.
func Tar(t testing.TB, files []File) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: f.Path, Size: int64(len(f.Data)), Mode: 0o644}
		switch {
		case f.Dir:
			h.Typeflag, h.Name = tar.TypeDir, f.Path+"/"
		case f.Link != "":
			h.Typeflag, h.Linkname = tar.TypeSymlink, f.Link
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.Data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Zip packs files as zip does.
func Zip(t testing.TB, files []File) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i, f := range files {
		h := &zip.FileHeader{Name: f.Path, Method: []uint16{zip.Deflate, zip.Store}[i%2]}
		switch {
		case f.Dir:
			h.Name, h.Method = f.Path+"/", zip.Store
		case f.Link != "":
			h.SetMode(fs.ModeSymlink | 0o777)
			f.Data = []byte(f.Link)
		}
		file, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.Write(f.Data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Write writes files below a folder.
func Write(t testing.TB, dir string, files []File) {
	t.Helper()
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.Path))
		err := os.MkdirAll(filepath.Dir(path), 0o777)
		switch {
		case err != nil:
		case f.Dir:
			err = os.Mkdir(path, 0o777)
		case f.Link != "":
			err = os.Symlink(f.Link, path)
		default:
			err = os.WriteFile(path, f.Data, 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Pictures are small images, each another one.
func Pictures() [][]byte { return pictures() }
