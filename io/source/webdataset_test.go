package source

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix"
)

func TestSplitKey(t *testing.T) {
	tests := []struct {
		name, key, ext string
		ok             bool
	}{
		{"a.jpg", "a", "jpg", true},
		{"a.seg.PNG", "a", "seg.png", true},
		{"d.x/a.jpg", "d.x/a", "jpg", true},
		{"a/b/c.cls", "a/b/c", "cls", true},
		{"a", "", "", false},
		{"a/.hidden", "", "", false},
		{"a.", "a", "", true},
		{"__meta__.json", "", "", false},
		{"__index__/a.json", "", "", false},
		{"", "", "", false},
	}
	for _, test := range tests {
		key, ext, ok := splitKey(test.name)
		if ok != test.ok || ok && (key != test.key || ext != test.ext) {
			t.Errorf("splitKey(%q) = %q, %q, %v", test.name, key, ext, ok)
		}
	}
}

// tarCase is what becomes of the members of one tar.
type tarCase struct {
	name  string
	o     Options
	files []file
	want  []row
	why   string // part of a reason
}

func TestWebDatasetSamples(t *testing.T) {
	p, q, one := picture(0), picture(1), 1
	sum := DigestOf([]byte(strings.Repeat("n", 9000) + ".jpg"))
	endless := hex.EncodeToString(sum[:])
	tests := []tarCase{
		{"jpg and cls", Options{}, []file{{"a.jpg", p}, {"a.cls", []byte("3\n")}, {"b.cls", []byte("0")}, {"b.JPEG", q}},
			[]row{good("x.tar/a.jpg", "a", "", 3), good("x.tar/b.JPEG", "b", "", 0)}, ""},
		{"json index", Options{}, []file{{"a.jpg", p}, {"a.json", []byte(`{"label": 7, "cls": 8}`)}},
			[]row{good("x.tar/a.jpg", "a", "", 7)}, ""},
		{"json cls", Options{}, []file{{"a.jpg", p}, {"a.json", []byte(`{"cls": 8.0}`)}},
			[]row{good("x.tar/a.jpg", "a", "", 8)}, ""},
		{"json name", Options{}, []file{{"a.jpg", p}, {"a.json", []byte(`{"label": "tabby cat"}`)}},
			[]row{good("x.tar/a.jpg", "a", "tabby cat", -1)}, ""},
		{"label key", Options{LabelKey: "y"}, []file{{"a.jpg", p}, {"a.cls", []byte("1")}, {"a.json", []byte(`{"label": 7, "y": 2}`)}},
			[]row{good("x.tar/a.jpg", "a", "", 2)}, ""},
		{"label key missing", Options{LabelKey: "z"}, []file{{"a.jpg", p}, {"a.cls", []byte("1")}, {"a.json", []byte(`{"label": 7}`)}, {"b.json", []byte(`{"z": 4}`)}, {"b.jpg", p}},
			[]row{fault("x.tar/a.jpg", premix.NoLabel), good("x.tar/b.jpg", "b", "", 4)}, "--label-key"},
		{"label offset", Options{LabelOffset: new(int)}, []file{{"a.jpg", p}, {"a.cls", []byte("1")}}, []row{good("x.tar/a.jpg", "a", "", 1)}, ""},
		{"label offset 1", Options{LabelOffset: &one}, []file{{"a.jpg", p}, {"a.cls", []byte("1")}, {"b.jpg", p}, {"b.json", []byte(`{"label":0}`)}},
			[]row{good("x.tar/a.jpg", "a", "", 0), fault("x.tar/b.jpg", premix.BadLabel)}, "labels count from 1"},
		{"no label", Options{}, []file{{"a.jpg", p}, {"b.jpg", q}, {"b.cls", []byte("1")}},
			[]row{fault("x.tar/a.jpg", premix.NoLabel), good("x.tar/b.jpg", "b", "", 1)}, "no cls and no json"},
		{"several labels", Options{}, []file{{"a.jpg", p}, {"a.cls", []byte("1,2")}, {"b.jpg", p}, {"b.json", []byte(`{"label":[1,2]}`)}},
			[]row{fault("x.tar/a.jpg", premix.BadLabel), fault("x.tar/b.jpg", premix.BadLabel)}, "a sample has one"},
		{"label is no integer", Options{}, []file{{"a.jpg", p}, {"a.cls", []byte("cat")}, {"b.jpg", p}, {"b.json", []byte(`{"label":1.5}`)}},
			[]row{fault("x.tar/a.jpg", premix.BadLabel), fault("x.tar/b.jpg", premix.BadLabel)}, "not an integer"},
		{"label -1", Options{}, []file{{"a.jpg", p}, {"a.cls", []byte("-1")}, {"b.jpg", p}, {"b.cls", []byte("-3")}},
			[]row{fault("x.tar/a.jpg", premix.NoLabel), fault("x.tar/b.jpg", premix.BadLabel)}, "-1"},
		{"json is broken", Options{}, []file{{"a.jpg", p}, {"a.json", []byte(`{"label":1`)}, {"b.jpg", p}, {"b.json", []byte(`[1]`)}},
			[]row{fault("x.tar/a.jpg", premix.BadLabel), fault("x.tar/b.jpg", premix.BadLabel)}, "json member"},
		{"json of Python", Options{}, []file{{"a.jpg", p}, {"a.json", []byte("\xef\xbb\xbf{\"score\": NaN, \"range\": [-Infinity, Infinity], \"label\": 3}")}, {"b.jpg", p}, {"b.json", []byte(`{"label": NaN}`)}, {"c.jpg", q}, {"c.json", []byte(`{"x": nope, "label": 1}`)}},
			[]row{good("x.tar/a.jpg", "a", "", 3), fault("x.tar/b.jpg", premix.BadLabel), good("x.tar/c.jpg", "c", "", 1)}, "label is \"NaN\""},
		{"json has other keys", Options{}, []file{{"a.jpg", p}, {"a.json", []byte(`{"caption":"x"}`)}, {"b.jpg", p}, {"b.json", []byte(`{"label":null}`)}},
			[]row{fault("x.tar/a.jpg", premix.NoLabel), fault("x.tar/b.jpg", premix.NoLabel)}, "--label-key"},
		{"no image", Options{}, []file{{"a.cls", []byte("1")}, {"b.jpg", p}, {"b.cls", []byte("1")}, {"README", []byte("x")}},
			[]row{ignored("x.tar/a.cls"), ignored("x.tar/README"), good("x.tar/b.jpg", "b", "", 1)}, ""},
		{"twice", Options{}, []file{{"a.jpg", p}, {"a.cls", []byte("1")}, {"b.jpg", q}, {"b.cls", []byte("1")}, {"a.jpg", q}, {"a.cls", []byte("2")}},
			[]row{good("x.tar/a.jpg", "a", "", 1), good("x.tar/b.jpg", "b", "", 1), fault("x.tar/a.jpg", premix.Duplicate)}, "second sample with the key a"},
		{"twice in a row", Options{}, []file{{"a.jpg", p}, {"a.cls", []byte("1")}, {"a.jpg", q}, {"a.cls", []byte("2")}},
			[]row{good("x.tar/a.jpg", "a", "", 1), fault("x.tar/a.jpg", premix.Duplicate)}, "second sample"},
		{"apart", Options{}, []file{{"a.jpg", p}, {"b.jpg", q}, {"a.cls", []byte("1")}, {"b.cls", []byte("1")}},
			[]row{fault("x.tar/a.jpg", premix.NoLabel), fault("x.tar/b.jpg", premix.NoLabel), ignored("x.tar/a.cls"), ignored("x.tar/b.cls")}, "members that stand apart are not joined"},
		{"apart, labels first", Options{}, []file{{"a.cls", []byte("1")}, {"b.cls", []byte("1")}, {"c.jpg", p}, {"c.cls", []byte("2")}, {"a.jpg", p}, {"b.jpg", q}, {"b.json", []byte(`{"label":1}`)}},
			[]row{ignored("x.tar/a.cls"), ignored("x.tar/b.cls"), good("x.tar/c.jpg", "c", "", 2), fault("x.tar/a.jpg", premix.Corrupt), fault("x.tar/b.jpg", premix.Corrupt)}, "members of the sample a stand apart: some are far before its image"},
		{"apart, the first whole", Options{}, []file{{"a.jpg", p}, {"a.cls", []byte("1")}, {"b.jpg", q}, {"b.cls", []byte("1")}, {"a.txt", []byte("a")}},
			[]row{good("x.tar/a.jpg", "a", "", 1), good("x.tar/b.jpg", "b", "", 1), fault("x.tar/a.txt", premix.Corrupt)}, "members of the sample a stand apart: those before are used"},
		{"apart, then twice", Options{}, []file{{"a.cls", []byte("1")}, {"b.jpg", q}, {"b.cls", []byte("1")}, {"a.jpg", p}, {"b.jpg", q}, {"a.jpg", q}, {"a.cls", []byte("1")}},
			[]row{ignored("x.tar/a.cls"), good("x.tar/b.jpg", "b", "", 1), fault("x.tar/a.jpg", premix.Corrupt), fault("x.tar/b.jpg", premix.Duplicate), fault("x.tar/a.jpg", premix.Duplicate)}, "a second sample with the key a"},
		{"empty image", Options{}, []file{{"a.jpg", nil}, {"a.cls", []byte("1")}}, []row{fault("x.tar/a.jpg", premix.Empty)}, "empty"},
		{"by bytes", Options{}, []file{{"a.bin", p}, {"a.npy", []byte("\x93NUMPY")}, {"a.cls", []byte("1")}},
			[]row{good("x.tar/a.bin", "a", "", 1)}, ""},
		{"two images", Options{}, []file{{"a.seg.png", q}, {"a.png", q}, {"a.jpg", p}, {"a.cls", []byte("1")}, {"b.left.jpg", p}, {"b.right.jpg", q}, {"b.cls", []byte("1")}},
			[]row{good("x.tar/a.jpg", "a", "", 1), fault("x.tar/b.left.jpg", premix.Unsupported)}, "several images"},
		{"paths", Options{}, []file{{"./a/b.jpg", p}, {"./a/b.cls", []byte("1")}, {"/c.jpg", p}, {"/c.cls", []byte("2")}, {"../../d.jpg", q}, {"../../d.cls", []byte("3")}},
			[]row{good("x.tar/a/b.jpg", "a/b", "", 1), good("x.tar/c.jpg", "c", "", 2), good("x.tar/d.jpg", "d", "", 3)}, ""},
		{"long names", Options{}, []file{{strings.Repeat("long/", 60) + "ü.jpg", p}, {strings.Repeat("long/", 60) + "ü.cls", []byte("1")}},
			[]row{good("x.tar/"+strings.Repeat("long/", 60)+"ü.jpg", strings.Repeat("long/", 60)+"ü", "", 1)}, ""},
		{"endless name", Options{}, []file{{strings.Repeat("n", 9000) + ".jpg", p}}, []row{fault("x.tar/"+strings.Repeat("n", maxName)+"…"+endless+".jpg", premix.NoLabel)}, ""},
		{"mac and junk", Options{}, []file{{"._a.jpg", p}, {"a.jpg", p}, {"__MACOSX/a.jpg", p}, {"a.cls", []byte("1")}},
			[]row{ignored("x.tar/._a.jpg"), ignored("x.tar/__MACOSX/a.jpg"), good("x.tar/a.jpg", "a", "", 1)}, ""},
		{"cls too long", Options{}, []file{{"a.jpg", p}, {"a.cls", make([]byte, maxLabelBytes+1)}},
			[]row{fault("x.tar/a.jpg", premix.BadLabel)}, "limit"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, filepath.Join(dir, "x.tar"), tarOf(t, test.files...))
			cat, rows := scan(t, test.o, Input{"", dir})
			wantRows(t, test.want, rows)
			if test.why != "" && !strings.Contains(reasons(t, cat, test.o), test.why) {
				t.Errorf("no reason says %q: %s", test.why, reasons(t, cat, test.o))
			}
			for _, n := range []int{1, 2} {
				o := test.o
				o.ChunkImages = n
				if d := cmp.Diff(rows, readAll(t, cat, o)); d != "" {
					t.Errorf("ChunkImages %d: %s", n, d)
				}
			}
		})
	}
}

// reasons joins the reasons of all faults.
func reasons(t *testing.T, cat *Catalog, o Options) string {
	t.Helper()
	var b strings.Builder
	for _, c := range cat.Containers {
		chunks, err := Split(t.Context(), c, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, ch := range chunks {
			if err := readSure(t, ch, o, func(e Entry) error {
				if f := e.Sample.Fault; f != nil {
					fmt.Fprintf(&b, "%s: %s: %s\n", e.Sample.Name, f.Kind, f.Reason)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return b.String()
}

// TestWebDatasetCut: a tar that is cut gives what the whole gives.
func TestWebDatasetCut(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "train-000.tar"), tarOf(t, samples(150)...))
	cat, rows := scan(t, Options{}, Input{"", dir})
	if len(rows) != 150 || rows[149].Name != "train-000.tar/s0149.jpg" || rows[149].Label != 149%3 {
		t.Fatalf("%d rows, the last is %v", len(rows), rows[len(rows)-1])
	}
	for _, n := range []int{1, 10, 64, 149, 151} {
		o := Options{ChunkImages: n}
		chunks, err := Split(t.Context(), cat.Containers[0], o)
		if err != nil {
			t.Fatal(err)
		}
		est := 0
		for _, c := range chunks {
			est += c.EstImages
		}
		if n < 75 && (len(chunks) < 150/n*3/4 || est != 150) {
			t.Errorf("ChunkImages %d: %d chunks of %d images", n, len(chunks), est)
		}
		if d := cmp.Diff(rows, readAll(t, cat, o)); d != "" {
			t.Errorf("ChunkImages %d: %s", n, d)
		}
	}
}

// TestTooLarge: the limit holds before anything is read.
func TestTooLarge(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "tar", "x.tar"), tarOf(t, file{"a.jpg", make([]byte, 5000)}, file{"a.cls", []byte("1")}))
	put(t, filepath.Join(dir, "folder", "cat", "a.jpg"), make([]byte, 5000))
	for _, in := range []string{"tar", "folder"} {
		cat, err := Discover(t.Context(), []Input{{"", filepath.Join(dir, in)}}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		chunks, err := Split(t.Context(), cat.Containers[0], Options{})
		if err != nil {
			t.Fatal(err)
		}
		var got []Entry
		if err := Read(t.Context(), chunks[0], Options{}, 4999, func(e Entry) error { got = append(got, e); return nil }); err != nil {
			t.Fatal(err)
		}
		if len(got) != 1 || got[0].Sample.Fault == nil || got[0].Sample.Fault.Kind != premix.TooLarge || got[0].Data != nil {
			t.Errorf("%s: %+v", in, got)
		}
	}
}

// TestTarTruncated cuts a tar anywhere: samples before the cut are whole, at most one
// sample and one row for the container speak of the cut, and nothing is silently gone.
func TestTarTruncated(t *testing.T) {
	small := []byte("\xff\xd8\xff not a real image, but sniffed as one")
	whole := tarOf(t, file{"a.jpg", small}, file{"a.cls", []byte("0")}, file{"b.cls", []byte("1")}, file{"b.jpg", small}, file{"c.jpg", small}, file{"c.cls", []byte("2")})
	dir := t.TempDir()
	path := filepath.Join(dir, "x.tar")
	put(t, path, whole)
	_, all := scan(t, Options{}, Input{"", path})
	if len(all) != 3 {
		t.Fatalf("%v", all)
	}
	end := bytes.LastIndexFunc(whole, func(r rune) bool { return r != 0 }) / 512 * 512
	end += 512 // the end mark begins here
	for n := range len(whole) {
		if n%37 > 0 && (n+2)%512 > 4 {
			continue
		}
		put(t, path, whole[:n])
		_, rows := scan(t, Options{}, Input{"", path})
		good, faults := 0, 0
		for _, r := range rows {
			switch {
			case r.Kind != "":
				faults++
				if r.Kind != premix.Truncated && r.Kind != premix.Empty && r.Kind != premix.NoLabel {
					t.Errorf("cut at %d: %v", n, r)
				}
			case r.Ignored:
			default:
				if d := cmp.Diff(all[good], r); d != "" {
					t.Errorf("cut at %d: %s", n, d)
				}
				good++
			}
		}
		if n > end && (good != 3 || faults != 0) {
			t.Errorf("cut at %d, inside of the end mark: %v", n, plain(rows))
		}
		if n <= end && (faults == 0 || faults > 2) {
			t.Errorf("cut at %d: %v", n, plain(rows))
		}
	}
}
