package webdataset

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix/internal/sharedtest"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/tarfile"
	"github.com/premix/premix/io/window"
)

// A part is a member for pack.
type part struct {
	name string
	data string
	edit func(*tar.Header)
}

// pack writes a tar with the standard library.
func pack(t testing.TB, parts ...part) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, p := range parts {
		h := &tar.Header{Name: p.name, Typeflag: tar.TypeReg, Mode: 0o444, Size: int64(len(p.data)), Format: tar.FormatUSTAR}
		if p.edit != nil {
			p.edit(h)
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, p.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestDeviations(t *testing.T) {
	json := string(appendJSON(nil, record()))
	cls, jpg, js := part{name: "000000007.cls", data: "2"}, part{name: "000000007.jpg", data: "x"}, part{name: "000000007.json", data: json}
	with := func(p part, edit func(*tar.Header)) part { p.edit = edit; return p }
	data := func(p part, s string) part { p.data = s; return p }
	name := func(p part, s string) part { p.name = s; return p }
	tests := []struct {
		name  string
		parts []part
		want  string // part of the only deviation
	}{
		{"right", []part{cls, jpg, js}, ""},
		{"mode", []part{with(cls, func(h *tar.Header) { h.Mode = 0o644 }), jpg, js}, `mode is "0000644", want "0000444"`},
		{"mtime", []part{cls, with(jpg, func(h *tar.Header) { h.ModTime = time.Unix(8, 0) }), js}, `mtime is "00000000010"`},
		{"uid", []part{cls, jpg, with(js, func(h *tar.Header) { h.Uid = 1000 })}, `uid is "0001750"`},
		{"user", []part{cls, jpg, with(js, func(h *tar.Header) { h.Uname = "bigdata" })}, `user name is "bigdata", want ""`},
		{"PAX", []part{cls, jpg, with(js, func(h *tar.Header) { h.Format, h.PAXRecords = tar.FormatPAX, map[string]string{"A.b": "c"} })}, "has 1536 bytes of headers"},
		{"GNU", []part{cls, jpg, with(js, func(h *tar.Header) { h.Format = tar.FormatGNU })}, `magic and version is "ustar  "`},
		{"order", []part{jpg, cls, js}, "members are jpg cls json, want cls jpg json"},
		{"no cls", []part{jpg, js}, "members are jpg json"},
		{"newline", []part{data(cls, "2\n"), jpg, js}, `cls is "2\n", want "2"`},
		{"cls differs", []part{data(cls, "1"), jpg, js}, "cls is 1, json says label 2"},
		{"json spaces", []part{cls, jpg, data(js, strings.Replace(json, `"lam":`, `"lam": `, 1))}, "json differs at character 59"},
		{"json integer", []part{cls, jpg, data(js, strings.Replace(json, "2.0,0.0", "2,0.0", 1))}, "json differs at character"},
		{"json key", []part{cls, jpg, data(js, strings.Replace(json, "000000007", "000000008", 1))}, "json differs at character"},
		{"extra key", []part{cls, jpg, data(js, strings.Replace(json, "{", `{"x":1,`, 1))}, "json differs at character 2"},
		{"folder", []part{{name: "dir/", edit: func(h *tar.Header) { h.Typeflag = tar.TypeDir }}, cls, jpg, js}, `member "dir/" of type '5' belongs to no sample`},
		{"stray", []part{{name: "README"}, cls, jpg, js}, `member "README" of type '0'`},
		{"foreign member", []part{cls, jpg, js, name(jpg, "000000007.txt")}, "members are cls jpg json txt"},
		{"again", []part{cls, jpg, js, name(cls, "b.cls"), name(jpg, "b.jpg"), name(data(js, strings.Replace(json, "000000007", "b", 1)), "b.json"), cls, jpg, js}, "members of a sample must be adjacent"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, found, err := read(pack(t, tt.parts...))
			if err != nil {
				t.Fatal(err)
			}
			if tt.want == "" && len(found) > 0 || tt.want != "" && len(found) == 0 || tt.name != "cls differs" && len(found) > 1 {
				t.Fatalf("deviations: %q", found)
			}
			if tt.want != "" && !strings.Contains(found[0], tt.want) {
				t.Errorf("deviation %q, want %q in it", found[0], tt.want)
			}
		})
	}
	t.Run("padding", func(t *testing.T) {
		raw := pack(t, cls, jpg, js)
		raw[block+1] = 1
		if _, found, err := read(raw); err != nil || len(found) != 1 || !strings.Contains(found[0], "padding before 000000007.jpg is not zero") {
			t.Errorf("%v, deviations %q", err, found)
		}
	})
	t.Run("blocking", func(t *testing.T) {
		raw := append(pack(t, cls, jpg, js), make([]byte, 10240)...)
		if _, found, err := read(raw); err != nil || len(found) != 1 || !strings.Contains(found[0], "ends with 11264 zero bytes, want 1024") {
			t.Errorf("%v, deviations %q", err, found)
		}
	})
}

func TestDefects(t *testing.T) {
	json := string(appendJSON(nil, record()))
	good := []part{{name: "b.cls", data: "1"}, {name: "b.jpg", data: "y"}, {name: "b.json", data: json}}
	tests := []struct {
		name  string
		parts []part
		want  string
	}{
		{"no image", []part{{name: "a.cls", data: "1"}}, "record 0 at byte 0: webdataset: a has no image, only cls"},
		{"float", []part{{name: "a.cls", data: "1.0"}, {name: "a.jpg", data: "x"}}, `a.cls is "1.0", want an integer`},
		{"twice", []part{{name: "a.cls", data: "1"}, {name: "a.jpg", data: "x"}, {name: "a.cls", data: "1"}}, "two members a.cls"},
		{"two images", []part{{name: "a.png", data: "1"}, {name: "a.jpg", data: "x"}}, "two images, the second is a.jpg"},
		{"json", []part{{name: "a.jpg", data: "x"}, {name: "a.json", data: "{"}}, "a.json: unexpected end"},
		{"array", []part{{name: "a.jpg", data: "x"}, {name: "a.json", data: "[]"}}, "a.json: "},
		{"utf-8", []part{{name: "a.jpg", data: "x"}, {name: "a.json", data: "{\"target\":\"\xff\"}"}}, "a.json is not UTF-8"},
		{"npy", []part{{name: "a.jpg", data: "x"}, {name: "a.soft.npy", data: "x"}}, "a.soft.npy: npy: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := Format{}.NewReader(bytes.NewReader(pack(t, append(tt.parts, good...)...)), shard.ReadOptions{})
			var rec shard.Record
			err := r.Next(&rec)
			var defect *shard.RecordError
			if !errors.As(err, &defect) || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("%v, want %q", err, tt.want)
			}
			if err := r.Next(&rec); err != nil || rec.Key != "b" || rec.Label != 1 || string(rec.Image) != "y" {
				t.Errorf("the record behind: %+v, %v", rec, err)
			}
		})
	}
}

func TestNoEnd(t *testing.T) {
	raw := pack(t, part{name: "a.jpg", data: "x"})
	_, _, err := read(raw[:len(raw)-2*block])
	if !errors.Is(err, tarfile.ErrNoEnd) {
		t.Errorf("no end marker: %v", err)
	}
	recs, found, err := read(raw[:len(raw)-block])
	if len(recs) != 1 || err != nil || len(found) == 0 {
		t.Errorf("one zero block: %d records, %v, %q", len(recs), err, found)
	}
	recs, _, err = read(append(bytes.Clone(raw), raw...))
	if len(recs) != 1 || err == nil || !strings.Contains(err.Error(), "follows the end mark") {
		t.Errorf("two archives: %d records, %v", len(recs), err)
	}
}

// A data set written by webdataset 1.0.2 itself: other owners, other JSON, the same samples.
func TestForeign(t *testing.T) {
	dir := sharedtest.Dir(t, "formats", "wds")
	total := 0
	for _, name := range []string{"premix_example-train-000000", "premix_example-train-000001"} {
		raw, err := os.ReadFile(filepath.Join(dir, name+".tar"))
		if err != nil {
			t.Fatal(err)
		}
		recs, found, err := read(raw)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v, deviations %q", name, err, found)
		}
		for _, r := range recs {
			if r.Label < 0 || r.Label > 4 || len(r.Soft) != 5 || !bytes.HasPrefix(r.Image, []byte("\xff\xd8\xff")) {
				t.Errorf("%s: %+v", name, r)
			}
		}
		total += len(recs)
		want, err := os.ReadFile(filepath.Join(dir, "__index__", name+".idx"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), index(t, raw, len(recs))); diff != "" {
			t.Errorf("%s: DALI's index: %s", name, diff)
		}
	}
	if total != 16 {
		t.Errorf("%d samples, want 16", total)
	}
}

// index makes DALI's index from what the scanner says.
func index(t *testing.T, raw []byte, samples int) string {
	t.Helper()
	walk := tarfile.New(window.Stream(bytes.NewReader(raw), 0, -1, -1), 0, tarfile.Options{Strict: true})
	var b strings.Builder
	b.WriteString("v1.2 " + itoa(samples))
	last := ""
	for {
		m, err := walk.Next(t.Context())
		if err == io.EOF {
			return b.String() + "\n"
		}
		if err != nil {
			t.Fatal(err)
		}
		key, ext, _ := SplitName(m.Name)
		sep := " "
		if key != last {
			sep = "\n"
		}
		last = key
		b.WriteString(sep + ext + " " + itoa(int(m.Data)) + " " + itoa(int(m.Size)) + " " + m.Name)
	}
}

func FuzzReader(f *testing.F) {
	json := string(appendJSON(nil, record()))
	whole := pack(f, part{name: "a.cls", data: "2"}, part{name: "a.jpg", data: "x"}, part{name: "a.json", data: json})
	f.Add(whole)
	f.Add(whole[:len(whole)-1024])
	f.Add(pack(f, part{name: "a.jpg", data: "x", edit: func(h *tar.Header) {
		h.Format, h.PAXRecords = tar.FormatPAX, map[string]string{"path": "dir/ä.jpg"}
	}}))
	f.Fuzz(func(t *testing.T, raw []byte) {
		n := 0
		for _, o := range []shard.ReadOptions{{MaxBytes: 1 << 20}, {MaxBytes: 1 << 20, Report: func(shard.Deviation) {}}} {
			r := Format{}.NewReader(bytes.NewReader(raw), o)
			var rec shard.Record
			got := 0
			for {
				err := r.Next(&rec)
				if err == nil {
					got++
					if len(rec.Image)+len(rec.Soft) > len(raw) || r.Offset() < 0 || r.Offset() > int64(len(raw)) {
						t.Fatalf("record at %d with an image of %d bytes out of %d", r.Offset(), len(rec.Image), len(raw))
					}
					continue
				}
				if defect := (*shard.RecordError)(nil); !errors.As(err, &defect) {
					break
				}
			}
			if o.Report != nil && got != n {
				t.Fatalf("%d records, strictly %d", n, got)
			}
			n = got
		}
	})
}
