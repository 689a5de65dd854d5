package verify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset/internal/fixture"
	"github.com/premix/premix/dataset/verify"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
)

// A mutation damages a file. It returns nil where the file has nothing to damage so.
type mutation struct {
	name  string
	apply func(*rand.Rand, []byte) []byte
}

// mutations are those that every file of an output suffers. A nil apply is one of the file itself.
var mutations = []mutation{
	{"missing", nil},
	{"a folder", nil},
	{"empty", func(_ *rand.Rand, b []byte) []byte { return b[:0] }},
	{"zeros", func(_ *rand.Rand, b []byte) []byte { return make([]byte, len(b)) }},
	{"cut by one", func(_ *rand.Rand, b []byte) []byte { return b[:len(b)-1] }},
	{"cut", func(r *rand.Rand, b []byte) []byte { return b[:r.IntN(len(b))] }},
	{"a byte more", func(r *rand.Rand, b []byte) []byte { return append(bytes.Clone(b), byte(r.Uint32())) }},
	{"a newline more", func(_ *rand.Rand, b []byte) []byte { return append(bytes.Clone(b), '\n') }},
	{"a byte lost", func(r *rand.Rand, b []byte) []byte { i := r.IntN(len(b)); return concat(b[:i], b[i+1:]) }},
	{"a byte doubled", func(r *rand.Rand, b []byte) []byte { i := r.IntN(len(b)); return concat(b[:i+1], b[i:]) }},
	{"a page of zeros", func(r *rand.Rand, b []byte) []byte {
		i := r.IntN(len(b)) &^ 511
		return concat(b[:i], make([]byte, len(b[i:])), b[len(b):])[:len(b)]
	}},
	{"a line doubled", line(func(lines [][]byte, i int) [][]byte {
		return append(append(append([][]byte{}, lines[:i+1]...), lines[i]), lines[i+1:]...)
	})},
	{"a line lost", line(func(lines [][]byte, i int) [][]byte { return append(append([][]byte{}, lines[:i]...), lines[i+1:]...) })},
	{"CRLF", ofText(func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")) })},
	{"a BOM", ofText(func(b []byte) []byte { return append([]byte("\ufeff"), b...) })},
	{"a key doubled", doubleKey(func(pair string, _ *rand.Rand) string { return pair + ", " + pair })},
	{"keys in a line doubled", doubleKey(func(pair string, _ *rand.Rand) string { return pair + ",\n  " + pair })},
	{"a key more", ofText(func(b []byte) []byte { return bytes.Replace(b, []byte("{"), []byte(`{"more": 1, `), 1) })},
	{"compact", ofText(func(b []byte) []byte {
		var c bytes.Buffer
		if json.Compact(&c, b) != nil {
			return b
		}
		return c.Bytes()
	})},
	{"a bit", func(r *rand.Rand, b []byte) []byte {
		b = bytes.Clone(b)
		b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		return b
	}},
	{"a digit", func(r *rand.Rand, b []byte) []byte {
		b = bytes.Clone(b)
		if i := bytes.IndexAny(b[r.IntN(len(b)):], "0123456789abcdef"); i >= 0 {
			b[i] = "0123456789abcdef"[r.IntN(16)]
		}
		return b
	}},
}

var keyValue = regexp.MustCompile(`"[^"\n]+": ("[^"\n]*"|[0-9.]+|true|false)`)

func concat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// ofText is a mutation of files of text.
func ofText(change func([]byte) []byte) func(*rand.Rand, []byte) []byte {
	return func(_ *rand.Rand, b []byte) []byte {
		if bytes.IndexByte(b, 0) >= 0 {
			return nil
		}
		return change(b)
	}
}

// line is a mutation of one line of a text.
func line(change func(lines [][]byte, i int) [][]byte) func(*rand.Rand, []byte) []byte {
	return func(r *rand.Rand, b []byte) []byte {
		if bytes.IndexByte(b, 0) >= 0 {
			return nil
		}
		lines := bytes.SplitAfter(b, []byte("\n"))
		return bytes.Join(change(lines, r.IntN(len(lines))), nil)
	}
}

// doubleKey doubles a key of JSON, in any object of it, with a plain value.
func doubleKey(double func(pair string, r *rand.Rand) string) func(*rand.Rand, []byte) []byte {
	return func(r *rand.Rand, b []byte) []byte {
		places := keyValue.FindAllIndex(b, -1)
		if len(places) == 0 || bytes.IndexByte(b, 0) >= 0 {
			return nil
		}
		p := places[r.IntN(len(places))]
		return concat(b[:p[0]], []byte(double(string(b[p[0]:p[1]]), r)), b[p[1]:])
	}
}

// TestMutations damages every file of an output in every format in each way, at places that are drawn, and
// wants verify to name the file. PREMIX_MUTATIONS is how often each way is tried; make mutations does it
// many times.
func TestMutations(t *testing.T) {
	times := 1
	if n, err := strconv.Atoi(os.Getenv("PREMIX_MUTATIONS")); err == nil {
		times = n
	}
	for i, format := range formats.Names() {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			o := fixture.Output{Dir: t.TempDir(), Format: format, Images: 4, Shards: 2, Failures: []premix.Failure{
				{Name: "a", Stage: "decode", Kind: premix.Truncated, Reason: "gone"}, {Name: "b", Stage: "decode", Kind: premix.Empty, Reason: "no bytes"},
			}}
			if i%2 == 1 {
				o.Replicas, o.Shards, o.LabelForm = []int{0, 1}, 1, shard.Dense
			}
			o.Make(t)
			random := rand.New(rand.NewPCG(8, uint64(i)))
			tried := 0
			for _, file := range outputFiles(t, o.Dir) {
				for _, m := range mutations {
					for n := range times {
						if n > 0 && m.apply == nil {
							break
						}
						tried += mutate(t, &o, file, m, random)
					}
				}
			}
			if r := run(t, o.Dir, options(&o)); !r.OK {
				t.Errorf("restored:\n%s", text(r))
			}
			t.Logf("%d mutations", tried)
		})
	}
}

// mutate damages a file, verifies, and puts the file back. It returns how many mutations were tried.
func mutate(t *testing.T, o *fixture.Output, file string, m mutation, random *rand.Rand) int {
	t.Helper()
	at := filepath.Join(o.Dir, filepath.FromSlash(file))
	whole, err := os.ReadFile(at)
	if err != nil {
		t.Fatal(err)
	}
	var bad []byte
	if m.apply != nil {
		if len(whole) == 0 {
			return 0
		}
		if bad = m.apply(random, whole); bad == nil || bytes.Equal(bad, whole) {
			return 0
		}
		err = os.WriteFile(at, bad, 0o644)
	} else if err = os.Remove(at); err == nil && m.name == "a folder" {
		err = os.Mkdir(at, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	options := options(o)
	options.Deep, options.MaxDefects = 0, 1000
	r, err := verify.Run(context.Background(), o.Dir, options)
	if err != nil {
		t.Errorf("%s: %s: %v\n%s", file, m.name, err, excerpt(whole, bad))
	} else if r.OK || !named(text(r), file) {
		t.Errorf("%s: %s is not found, or not named:\n%s%s", file, m.name, text(r), excerpt(whole, bad))
	}
	if err := os.RemoveAll(at); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at, whole, 0o644); err != nil {
		t.Fatal(err)
	}
	return 1
}

// named reports whether defects name a file. Where a shard and its record differ, or records and
// manifest, one cannot tell which is wrong, and one of them is named.
func named(defects, file string) bool {
	return strings.Contains(defects, path.Base(file)) ||
		path.Base(path.Dir(file)) == "shards" && strings.Contains(defects, " record ") ||
		path.Base(file) == "manifest.json" && strings.Contains(defects, "the manifest ")
}

// excerpt is where two contents begin to differ.
func excerpt(a, b []byte) string {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	from := max(0, i-30)
	return fmt.Sprintf("byte %d: %q → %q", i, a[min(from, len(a)):min(i+30, len(a))], b[min(from, len(b)):min(i+30, len(b))])
}

// outputFiles lists the files of an output.
func outputFiles(t *testing.T, root string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(root, p)
			files = append(files, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil || len(files) < 12 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	return files
}
