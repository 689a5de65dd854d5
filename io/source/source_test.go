package source

import (
	"bytes"
	"context"
	"encoding/gob"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix"
	"github.com/premix/premix/internal/tartest"
	"github.com/premix/premix/io/source/synth"
)

// A row is an entry as tests compare it.
type row struct {
	Name, Key string
	Class     string
	Label     int
	Kind      premix.FaultKind
	Ignored   bool
	Digest    premix.Digest
}

// plainRow is a row without a digest.
func (r row) plain() row {
	r.Digest = premix.Digest{}
	return r
}

func good(name, key, class string, label int) row {
	return row{Name: name, Key: key, Class: class, Label: label}
}

func ignored(name string) row { return row{Name: name, Label: -1, Ignored: true} }

func fault(name string, kind premix.FaultKind) row {
	return row{Name: name, Kind: kind, Label: -1}
}

// scan discovers, splits and reads, checks what holds of every entry, and returns the rows.
func scan(t *testing.T, o Options, inputs ...Input) (*Catalog, []row) {
	t.Helper()
	cat, err := Discover(t.Context(), inputs, o)
	if err != nil {
		t.Fatalf("Discover: %v", err)
	}
	return cat, readAll(t, cat, o)
}

func readAll(t *testing.T, cat *Catalog, o Options) []row {
	t.Helper()
	var rows []row
	for _, c := range cat.Containers {
		chunks, err := Split(t.Context(), c, o)
		if err != nil {
			t.Fatalf("Split: %v", err)
		}
		for i, ch := range chunks {
			if ch.Seq != i || len(ch.ID) != 32 || ch.Stamp == "" {
				t.Errorf("chunk %d of %s: Seq %d, ID %q, Stamp %q", i, c.Name, ch.Seq, ch.ID, ch.Stamp)
			}
			rows = append(rows, readChunk(t, travel(t, ch), o)...)
		}
	}
	return rows
}

// travel sends a chunk through gob, as package transforms does: nothing of it may be lost, such as
// the difference between an option of 0 and none.
func travel(t *testing.T, ch Chunk) Chunk {
	t.Helper()
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(ch); err != nil {
		t.Fatal(err)
	}
	if b.Len() > 100_000 {
		t.Errorf("chunk %d of %s has %d bytes", ch.Seq, ch.Container.Name, b.Len())
	}
	var out Chunk
	if err := gob.NewDecoder(&b).Decode(&out); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(ch, out); d != "" {
		t.Errorf("chunk %d of %s after gob (-before +after):\n%s", ch.Seq, ch.Container.Name, d)
	}
	if id := out.Container.identity().String(); id != ch.Container.identity().String() {
		t.Errorf("%s has another identity after gob", ch.Container.Name)
	}
	return out
}

func readChunk(t *testing.T, ch Chunk, o Options) []row {
	t.Helper()
	var rows []row
	var again []byte
	err := readSure(t, ch, o, func(e Entry) error {
		s := e.Sample
		r := row{Name: s.Name, Key: s.Key, Class: s.Class, Label: s.Label, Ignored: e.Ignored, Digest: s.Digest}
		switch {
		case e.Ignored:
			r.Key, r.Class = "", ""
		case s.Fault != nil:
			r.Kind, r.Key, r.Class = s.Fault.Kind, "", ""
			if s.FaultStage == "" || s.Fault.Reason == "" || strings.Contains(s.Fault.Reason, "\n") {
				t.Errorf("%s: fault at stage %q: %q", s.Name, s.FaultStage, s.Fault.Reason)
			}
		default:
			if got := DigestOf(e.Data); got != s.Digest {
				t.Errorf("%s: digest %x of data that have %x", s.Name, s.Digest, got)
			}
			switch {
			case !e.Seekable:
				if _, err := Fetch(t.Context(), nil, s.Location); err == nil {
					t.Errorf("%s: Fetch works although the entry is not seekable", s.Name)
				}
			case ch.Container.Layout == layoutSynth && len(rows) > 1: // drawing takes time
			default:
				moved := s
				if ch.Container.Layout != layoutSynth {
					moved.Location.URI = "gone"
				}
				Relocate(ch.Container, &moved)
				var err error
				if again, err = Fetch(t.Context(), again, moved.Location); err != nil {
					t.Errorf("%s: Fetch: %v", s.Name, err)
				} else if !bytes.Equal(again, e.Data) {
					t.Errorf("%s: Fetch gives %d other bytes than Read", s.Name, len(again))
				}
			}
			if e.Seekable != ch.Seekable() {
				t.Errorf("%s: the entry is seekable: %v, its chunk: %v", s.Name, e.Seekable, ch.Seekable())
			}
		}
		rows = append(rows, r)
		return nil
	})
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	return rows
}

func plain(rows []row) []row {
	out := make([]row, len(rows))
	for i, r := range rows {
		out[i] = r.plain()
	}
	return out
}

func wantRows(t *testing.T, want, got []row) {
	t.Helper()
	if d := cmp.Diff(want, plain(got)); d != "" {
		t.Errorf("rows (-want +got):\n%s", d)
	}
}

// wantUsage checks that Discover refuses the inputs with a one-line message that has all words.
func wantUsage(t *testing.T, o Options, inputs []Input, words ...string) {
	t.Helper()
	_, err := Discover(t.Context(), inputs, o)
	usage, ok := err.(*UsageError)
	if !ok {
		t.Fatalf("error is %T: %v, want a *UsageError", err, err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not say %q", err, w)
		}
	}
	if !usage.Lines && strings.Contains(err.Error(), "\n") {
		t.Errorf("%q has more than one line", err)
	}
}

// picture is a small valid image, another for each i.
func picture(i int) []byte {
	data, _, _ := synth.Draw(int64(pictures[i%len(pictures)]))
	return data
}

// pictures are numbers of small images.
var pictures = func() []int {
	var list []int
	for i := 0; len(list) < 8; i++ {
		if data, _, name := synth.Draw(int64(i)); len(data) < 6000 && strings.HasSuffix(name, ".jpg") {
			list = append(list, i)
		}
	}
	return list
}()

// put writes a file, making its folders.
func put(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

// A file is a member of a tar that a test makes.
type file struct {
	name string
	data []byte
}

// tarOf makes a tar of regular members.
func tarOf(t testing.TB, files ...file) []byte {
	t.Helper()
	members := make([]tartest.Member, len(files))
	for i, f := range files {
		members[i] = tartest.Member{Name: f.name, Data: f.data}
	}
	return tartest.Tar(t, members...)
}

// samples are n samples with cls = i mod 3.
func samples(n int) []file {
	var files []file
	for i := range n {
		key := fmt.Sprintf("s%04d", i)
		files = append(files, file{key + ".cls", []byte(fmt.Sprint(i % 3))}, file{key + ".jpg", picture(i)})
	}
	return files
}

func TestDiscoverUsage(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	if err := os.Mkdir(empty, 0o777); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "flat", "a.jpg"), picture(0))
	put(t, filepath.Join(dir, "noimage", "cat", "a.txt"), []byte("x"))
	put(t, filepath.Join(dir, "one", "cat", "a.jpg"), picture(0))
	put(t, filepath.Join(dir, "two", "cat", "a.jpg"), picture(1))
	put(t, filepath.Join(dir, "two", "dog", "a.jpg"), picture(1))
	put(t, filepath.Join(dir, "three", "cow", "a.jpg"), picture(1))
	put(t, filepath.Join(dir, "splits", "train", "cat", "a.jpg"), picture(1))
	put(t, filepath.Join(dir, "splits", "val", "cat", "a.jpg"), picture(1))
	in := func(names ...string) []Input {
		var list []Input
		for _, n := range names {
			name, uri, ok := strings.Cut(n, "=")
			if !ok {
				name, uri = "", n
			}
			list = append(list, Input{name, filepath.Join(dir, uri)})
		}
		return list
	}
	tests := []struct {
		name   string
		inputs []Input
		o      Options
		words  []string
	}{
		{"none", nil, Options{}, []string{"no input", "--in"}},
		{"missing", in("nowhere"), Options{}, []string{"nowhere", "no such file or folder"}},
		{"pattern", in("*.tar"), Options{}, []string{"*.tar", "nothing matches"}},
		{"empty", in("empty"), Options{}, []string{"the folder is empty"}},
		{"no class folders", in("flat"), Options{}, []string{"no folder gives their class", "--labels FILE"}},
		{"no image", in("noimage"), Options{}, []string{"no image"}},
		{"same names", in("one", "two"), Options{}, []string{"cat", "two inputs", "NAME="}},
		{"other classes", in("a=two", "b=three"), Options{}, []string{"class 0", "“cat”", "“cow”"}},
		{"split", in("splits"), Options{Split: "test"}, []string{"train, val", "none is the split test"}},
		{"format", in("one"), Options{Format: "lmdb"}, []string{"--in-format lmdb", "imagefolder"}},
		{"synth", []Input{{"", "synth:0"}}, Options{}, []string{"synth:0", "number of images"}},
		{"name", []Input{{"../x", dir}}, Options{}, []string{"plain name"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { wantUsage(t, test.o, test.inputs, test.words...) })
	}
}

func TestReadStops(t *testing.T) {
	cat, err := Discover(t.Context(), []Input{{"", "synth:40"}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	chunks, err := Split(t.Context(), cat.Containers[0], Options{})
	if err != nil {
		t.Fatal(err)
	}
	stop := fmt.Errorf("stop")
	n := 0
	err = Read(t.Context(), chunks[0], Options{}, 0, func(Entry) error { n++; return stop })
	if err != stop || n != 1 {
		t.Errorf("after %d entries: %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Read(ctx, chunks[0], Options{}, 0, func(Entry) error { return nil }); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
}
