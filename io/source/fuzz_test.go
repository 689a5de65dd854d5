package source

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/io/tfexample"
	"github.com/premix/premix/io/tfrecord"
	"github.com/premix/premix/io/window"
	"github.com/zeebo/xxh3"
)

// fuzzLimit is the largest image of the fuzz targets.
const fuzzLimit = 4096

// drip hands out a stream in small pieces.
type drip struct{ r io.Reader }

func (d drip) Read(p []byte) (int, error) { return d.r.Read(p[:min(len(p), 700)]) }

// tarEntries reads a tar in both ways, of samples and of images, and checks every entry.
func tarEntries(t *testing.T, w *window.Window, layout string, data []byte, rescue bool) []Entry {
	t.Helper()
	c := Container{Name: "x.tar", URI: "x.tar", Layout: layout, Label: -1, Size: int64(len(data))}
	var list []Entry
	yield := func(e Entry) error {
		checkEntry(t, e, data)
		e.Data = bytes.Clone(e.Data)
		list = append(list, e)
		return nil
	}
	scan := walkTar(w, 0, rescue)
	var err error
	if layout == layoutTar {
		r := sampleReader{scan: scan, c: c, maxBytes: fuzzLimit, seekable: w.Random(), yield: yield, seen: map[xxh3.Uint128]group{}}
		err = r.run(context.Background())
	} else {
		r := imageReader{scan: scan, c: c, seekable: w.Random(), maxBytes: fuzzLimit, yield: yield, seen: map[xxh3.Uint128]struct{}{}}
		err = r.run(context.Background())
	}
	if err != nil {
		t.Fatalf("an error of the environment: %v", err)
	}
	return list
}

func checkEntry(t *testing.T, e Entry, data []byte) {
	t.Helper()
	s := e.Sample
	switch {
	case e.Ignored:
		return
	case s.Fault != nil:
		if s.Fault.Reason == "" || strings.ContainsAny(s.Fault.Reason, "\n\r") || s.FaultStage == "" || e.Data != nil {
			t.Fatalf("fault %+v at %q with %d bytes", s.Fault, s.FaultStage, len(e.Data))
		}
		return
	case len(e.Data) == 0 || len(e.Data) > fuzzLimit || DigestOf(e.Data) != s.Digest:
		t.Fatalf("%s: %d bytes, digest %x", s.Name, len(e.Data), s.Digest)
	case s.Label < 0 && s.Class == "" && s.Name == "":
		t.Fatalf("%+v has no label and no name", s)
	}
	if !json.Valid([]byte(`"`+strings.Trim(string(mustJSON(s.Name)), `"`)+`"`)) || strings.Contains(s.Name, "\x00") && !strings.Contains(string(data), "\x00") {
		t.Fatalf("name %q", s.Name)
	}
	if e.Seekable {
		if l := s.Location; l.Offset < 0 || l.Length < 0 || l.Offset+l.Length > int64(len(data)) || !bytes.Equal(data[l.Offset:l.Offset+l.Length], e.Data) {
			t.Fatalf("%s is not at %+v", s.Name, s.Location)
		}
	}
}

func mustJSON(s string) []byte {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return b
}

// sameEntries compares what two ways to read the same bytes gave, but for locations and reasons.
func sameEntries(t *testing.T, a, b []Entry) {
	t.Helper()
	if len(a) != len(b) {
		t.Fatalf("%d entries and %d", len(a), len(b))
	}
	for i := range a {
		x, y := a[i].Sample, b[i].Sample
		if x.Name != y.Name || x.Digest != y.Digest || x.Label != y.Label || x.Class != y.Class || a[i].Ignored != b[i].Ignored || (x.Fault == nil) != (y.Fault == nil) {
			t.Fatalf("entry %d is %+v and %+v", i, x, y)
		}
		if x.Fault != nil && x.Fault.Kind != y.Fault.Kind && x.Fault.Kind != premix.TooLarge && y.Fault.Kind != premix.TooLarge {
			t.Fatalf("entry %d: %v and %v", i, x.Fault, y.Fault)
		}
	}
}

// FuzzTar reads arbitrary bytes as a tar: no panic, entries that are what they say, the same
// from a file and from a stream, and the same whole and cut.
func FuzzTar(f *testing.F) {
	small := []byte("\xff\xd8\xff small")
	f.Add(tarOf(f, file{"a.jpg", small}, file{"a.cls", []byte("1")}, file{"b.json", []byte(`{"label":"x"}`)}, file{"b.png", small}))
	f.Add(tarOf(f, file{strings.Repeat("long/", 30) + "a.jpg", small}, file{"ü/a.cls", []byte("1")}))
	f.Add(append(tarOf(f, file{"a.jpg", small}), tarOf(f, file{"a.jpg", small}, file{"a.cls", nil})...))
	for _, data := range oddFiles("tar-*.tar") {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, layout := range []string{layoutTar, layoutClassTar} {
			size := int64(len(data))
			whole := tarEntries(t, window.At(bytes.NewReader(data), 0, -1, size), layout, data, false)
			unknown := tarEntries(t, window.Stream(drip{bytes.NewReader(data)}, 0, -1, -1), layout, data, false)
			sameEntries(t, whole, unknown)
			rescued := tarEntries(t, window.At(bytes.NewReader(data), 0, -1, size), layout, data, true)
			w := window.Stream(drip{bytes.NewReader(data)}, 0, -1, size)
			w.Reopen = func(pos int64) (io.Reader, error) { return drip{bytes.NewReader(data[pos:])}, nil }
			sameEntries(t, rescued, tarEntries(t, w, layout, data, true))
		}
	})
}

// FuzzCut checks that where a container is cut changes nothing.
func FuzzCut(f *testing.F) {
	small := []byte("\xff\xd8\xff small")
	var files []file
	for _, key := range []string{"a", "b", "c", "d", "e", "f"} {
		files = append(files, file{key + ".jpg", small}, file{key + ".cls", []byte("1")})
	}
	f.Add(tarOf(f, files...), false)
	f.Add(tarOf(f, append(files, files[0], files[3])...), false)
	f.Add(append(tarOf(f, files...), tarOf(f, file{"g.jpg", small}, file{"a.jpg", small})...), false)
	var records []byte
	for range 5 {
		records = tfrecord.Append(records, example(map[string]any{"image": small, "label": 1}))
	}
	f.Add(records, true)
	f.Add(records[:len(records)-5], true)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte, isRecord bool) {
		layouts := []string{layoutTar, layoutClassTar}
		if isRecord {
			layouts = []string{layoutRecord}
		}
		path := filepath.Join(dir, "x")
		put(t, path, data)
		for _, layout := range layouts {
			c := Container{Name: "x", URI: path, Layout: layout, Label: -1, Size: int64(len(data))}
			read := func(n int) (list []Entry) {
				o := Options{ChunkImages: n}
				chunks, err := Split(t.Context(), c, o)
				if err != nil {
					t.Fatal(err)
				}
				for _, ch := range chunks {
					if err := Read(t.Context(), ch, o, fuzzLimit, func(e Entry) error {
						checkEntry(t, e, data)
						list = append(list, e)
						return nil
					}); err != nil {
						var usage *UsageError
						if !errors.As(err, &usage) {
							t.Fatal(err)
						}
						return nil
					}
				}
				return list
			}
			sameEntries(t, read(1000), read(1))
		}
	})
}

// oddFiles reads the files of the shared data set that match, where it is at hand.
func oddFiles(pattern string) (list [][]byte) {
	names, _ := filepath.Glob(filepath.Join("..", "..", "..", "shared", "data", "oddities", pattern))
	for _, n := range names {
		if data, err := os.ReadFile(n); err == nil && len(data) < 20000 {
			list = append(list, data)
		}
	}
	return list
}

// FuzzRecords reads arbitrary bytes as a TFRecord file of examples.
func FuzzRecords(f *testing.F) {
	small := []byte("\xff\xd8\xff small")
	f.Add(recordsOf(example(map[string]any{"image/encoded": small, "image/class/label": 1}), example(map[string]any{"image/encoded": small, "image/class/label": []int64{1, 2}})))
	f.Add(recordsOf(example(map[string]any{"image": small, "label": "x"}), nil))
	f.Add(tfrecord.Append(nil, []byte("\x0a\x02\x0a\x00")))
	f.Add(join([]byte("no head here at all"), recordsOf(slim(0, 1)), make([]byte, 5000), recordsOf(slim(1, 1))))
	for _, data := range oddFiles("tfrecord-*") {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		read := func(w *window.Window) (list []Entry) {
			scan := scanRecords(context.Background(), w, 0, fuzzLimit+recordSlack, false)
			var ex tfexample.Example
			for {
				r, err := scan.record()
				s := premix.Sample{Name: recordName(r.number), Label: -1}
				var fault *recordFault
				var e Entry
				switch {
				case err == io.EOF:
					return list
				case errors.As(err, &fault):
					e = fail(s, premix.StageScan, fault.fault)
				case err != nil:
					t.Fatalf("an error of the environment: %v", err)
				default:
					if err := ex.Parse(r.data); err != nil {
						e = failf(s, premix.StageScan, premix.Corrupt, "%v", err)
						break
					}
					if e, err = detectKeys(&ex, Options{}).entry(s, &ex, fuzzLimit); err != nil {
						var usage *UsageError
						if !errors.As(err, &usage) {
							t.Fatal(err)
						}
						return list
					}
					e.Seekable = e.Data != nil
					e.Sample.Location.Offset += r.offset + 12
				}
				checkEntry(t, e, data)
				list = append(list, e)
			}
		}
		whole := read(window.At(bytes.NewReader(data), 0, -1, int64(len(data))))
		sameEntries(t, whole, read(window.Stream(drip{bytes.NewReader(data)}, 0, -1, int64(len(data)))))
		// A strict reader of a stream agrees about what is a record.
		ref := tfrecord.NewReader(bytes.NewReader(data), fuzzLimit+recordSlack)
		scan := scanRecords(context.Background(), window.At(bytes.NewReader(data), 0, -1, int64(len(data))), 0, fuzzLimit+recordSlack, false)
		for {
			want, err1 := ref.Next()
			got, err2 := scan.record()
			if (err1 == nil) != (err2 == nil) || (err1 == io.EOF) != (err2 == io.EOF) || !bytes.Equal(want, got.data) && err1 == nil {
				t.Fatalf("record %d: %v and %v", got.number, err1, err2)
			}
			var bad *tfrecord.Error
			if err1 == io.EOF || errors.As(err1, &bad) && bad.Kind != tfrecord.BadData {
				return
			}
		}
	})
}

// FuzzParquet reads arbitrary bytes as a Parquet file of images.
func FuzzParquet(f *testing.F) {
	data, err := os.ReadFile(filepath.Join("testdata", "hf.parquet"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(data[len(data)-2000:])
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(dir, "x.parquet")
		put(t, path, data)
		c := Container{Name: "x.parquet", URI: path, Layout: layoutParquet, Label: -1, Size: int64(len(data))}
		for _, n := range []int{1, 100} {
			chunks, err := Split(t.Context(), c, Options{ChunkImages: n})
			if err != nil {
				t.Fatalf("an error of the environment: %v", err)
			}
			for _, ch := range chunks {
				if err := Read(t.Context(), ch, Options{}, fuzzLimit, func(e Entry) error {
					checkEntry(t, e, data)
					return nil
				}); err != nil {
					t.Fatalf("an error of the environment: %v", err)
				}
			}
		}
	})
}

// FuzzLabel reads arbitrary bytes as cls and json members.
func FuzzLabel(f *testing.F) {
	for _, s := range []string{"3", "-1", "1,2", `{"label":3}`, `{"label":"x"}`, `{"cls":1e3,"label":null}`, `{"label":[1]}`, `{"label":9999999999999999999}`, "{\"label\":\"\\ud800\"}"} {
		f.Add([]byte(s), "")
	}
	f.Fuzz(func(t *testing.T, data []byte, key string) {
		for _, read := range []func() (label, error){
			func() (label, error) { return clsLabel(data) },
			func() (label, error) { return jsonLabel(data, key) },
		} {
			l, err := read()
			switch {
			case err == errNoKey:
			case err != nil:
				if fault := premix.AsFault(err); fault == nil || strings.ContainsAny(fault.Reason, "\n\r") {
					t.Fatalf("error %v", err)
				}
			case l.index < -1 || l.index > maxLabel || l.index == -1 && l.class == "" || !json.Valid(mustJSON(l.class)):
				t.Fatalf("label %+v", l)
			}
		}
	})
}

// FuzzLists reads arbitrary bytes as the side files that people put beside shards.
func FuzzLists(f *testing.F) {
	f.Add([]byte("v1.2 1\ncls 512 1 a.cls jpg 1536 3 a.jpg\n"))
	f.Add([]byte("0 17\n17 20\n"))
	f.Add([]byte("ImageId,PredictionString\nILSVRC2012_val_00000001,n01 1 2 3 4\n"))
	f.Add([]byte("0:a\n1:b\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if list := parseIndex(data); list != nil {
			last := int64(0)
			for _, s := range list {
				if s.data <= last || s.end < s.data {
					t.Fatalf("%+v", list)
				}
				last = s.end
			}
		}
		last := int64(-1)
		for _, at := range parseRecordIndex(data).covers(4096) {
			if at <= last || at > 4096 {
				t.Fatalf("offset %d behind %d", at, last)
			}
			last = at
		}
		if l, err := csvList(data); err == nil && l.class("ILSVRC2012_val_00000001.JPEG") != l.byStem["ILSVRC2012_val_00000001"] {
			t.Fatal("the list does not find its own image")
		}
		if list, err := ParseClasses(data); err == nil && len(list) == 0 {
			t.Fatal("an empty list")
		}
	})
}
