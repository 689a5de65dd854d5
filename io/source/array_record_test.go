package source

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/io/arrayrecord"
)

// arraysOf is an ArrayRecord file.
func arraysOf(t *testing.T, records ...[]byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := arrayrecord.NewWriter(&buf)
	for _, r := range records {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// arrayTFDS are the files of a folder of TFDS in ArrayRecord.
func arrayTFDS(t *testing.T, lengths string, shards ...[]byte) []file {
	t.Helper()
	files := tfdsFiles(lengths)
	files[1].data = bytes.Replace(files[1].data, []byte(`"tfrecord"`), []byte(`"array_record"`), 1)
	for i, data := range shards {
		files = append(files, file{fmt.Sprintf("x-train.array_record-%05d-of-%05d", i, len(shards)), data})
	}
	return files
}

// TestArrayRecord: a folder of TFDS in ArrayRecord has the entries of one in TFRecord, whole or cut by its footer, and files
// without a folder of TFDS have them too.
func TestArrayRecord(t *testing.T) {
	a, b := numberedExamples(8), numberedExamples(4)
	want := append(numbered("x-train.array_record-00000-of-00002", 0, 1, 2, 3, 4, 5, 6, 7), numbered("x-train.array_record-00001-of-00002", 0, 1, 2, 3)...)
	shards := arrayTFDS(t, `"8","4"`, arraysOf(t, a...), arraysOf(t, b...))
	for name, files := range map[string][]file{"TFDS": shards, "files": shards[2:]} {
		dir := t.TempDir()
		putAll(t, dir, files)
		for _, size := range []int{0, 1, 3} {
			cat, got := scan(t, Options{ChunkImages: size}, Input{"", dir})
			wantRows(t, want, got)
			for _, c := range cat.Containers {
				chunks, err := Split(t.Context(), c, Options{ChunkImages: size})
				if err != nil || c.Layout != layoutArray || size == 1 && len(chunks) < 4 {
					t.Errorf("%s of %d: %d chunks of the layout %s, %v", name, size, len(chunks), c.Layout, err)
				}
				for _, ch := range chunks {
					if ch.Seekable() {
						t.Error("a chunk whose entries could be read again by bytes")
					}
				}
			}
		}
	}
}

// TestArrayRecordMissing: records that dataset_info.json promises, or the footer, are rows where they are not there.
func TestArrayRecordMissing(t *testing.T) {
	dir := t.TempDir()
	name := "x-train.array_record-00000-of-00001"
	putAll(t, dir, arrayTFDS(t, `"4"`, arraysOf(t, numberedExamples(3)...)))
	_, got := scan(t, Options{}, Input{"", dir})
	wantRows(t, append(numbered(name, 0, 1, 2), fault(name+"/000000003", premix.Truncated)), got)
	dir = t.TempDir()
	put(t, filepath.Join(dir, "x.array_record"), arraysOf(t))
	put(t, filepath.Join(dir, "y.array_record"), arraysOf(t, slim(0, 1)))
	_, got = scan(t, Options{}, Input{"", dir})
	wantRows(t, append([]row{ignored("x.array_record")}, numbered("y.array_record", 0)...), got)
}

// TestArrayRecordDamage: each damage of a file is a row that says where it is, and all other records are there.
func TestArrayRecordDamage(t *testing.T) {
	var records [][]byte
	for i := range 6 {
		records = append(records, example(map[string]any{"image": append(picture(i), make([]byte, 70_000)...), "label": i}))
	}
	file := arraysOf(t, records...)
	x, err := arrayrecord.ReadIndex(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	flip := func(at int64) []byte { b := bytes.Clone(file); b[at] ^= 8; return b }
	third := x.Chunks[2].Offset
	for _, tt := range []struct {
		name   string
		data   []byte
		good   int
		reason string
	}{
		{"data", flip(third + 3000), 5, fmt.Sprintf("000000002: corrupt: record 2 at byte %d: the hash of its data does not match", third)},
		{"head", flip(third + 20), 5, fmt.Sprintf("000000002: corrupt: record 2 at byte %d: the hash of a chunk's header does not match; the next %d bytes are lost", third, x.Chunks[3].Offset-third)},
		{"cut", file[:third+5000], 2, fmt.Sprintf("000000002: truncated: record 2 at byte %d: its chunk ends at byte %d, the file has %d", third, x.Chunks[3].Offset, third+5000)},
		{"footer", flip(x.End + 50), 6, fmt.Sprintf("000000006: corrupt: record 6 at byte %d: the footer is damaged", x.End)},
	} {
		path := filepath.Join(t.TempDir(), "a.array_record")
		put(t, path, tt.data)
		for _, size := range []int{0, 1} {
			o := Options{ChunkImages: size}
			cat, got := scan(t, o, Input{"", path})
			n := 0
			for _, r := range plain(got) {
				if r.Kind == "" {
					n++
				}
			}
			why := reasons(t, cat, o)
			if tt.name == "footer" && why == "" && n == 6 {
				t.Errorf("%s: nobody says that the footer is damaged", tt.name)
			}
			if n != tt.good || !strings.Contains(why, tt.reason) {
				t.Errorf("%s of %d: %d good, want %d; %q, want %q", tt.name, size, n, tt.good, why, tt.reason)
			}
		}
	}
}

// TestArrayRecordLibrary reads files that array_record wrote with each of its options, and whose records are no
// examples: each is a row, with the right number.
func TestArrayRecordLibrary(t *testing.T) {
	for name, kind := range map[string]premix.FaultKind{"tfds": premix.Corrupt, "group": premix.Corrupt, "transposed": premix.Unsupported} {
		data := inflated(t, readFileT(t, filepath.Join("..", "arrayrecord", "testdata", name+".array_record.gz")))
		path := filepath.Join(t.TempDir(), "a.array_record")
		put(t, path, data)
		c := Container{Name: "a.array_record", URI: path, Layout: layoutArray, Size: int64(len(data)), Record: &recordKeys{Image: "image", Label: "label"}}
		for _, size := range []int{0, 3, 20} {
			chunks, err := Split(t.Context(), c, Options{ChunkImages: size})
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, ch := range chunks {
				err := readSure(t, ch, Options{}, func(e Entry) error {
					if want := recordName(int64(n)); e.Sample.Key != want || n > 1 && n != 17 && e.Sample.Fault.Kind != kind {
						t.Fatalf("%s of %d: %s is %v, want %s", name, size, e.Sample.Key, e.Sample.Fault, want)
					}
					n++
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			if n != 100 {
				t.Errorf("%s of %d: %d rows in %d chunks", name, size, n, len(chunks))
			}
		}
	}
}

func inflated(t *testing.T, data []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if data, err = io.ReadAll(z); err != nil {
		t.Fatal(err)
	}
	return data
}
