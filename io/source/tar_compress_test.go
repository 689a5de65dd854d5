package source

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix/io/blob"

	"github.com/premix/premix/internal/tartest"
)

// TestMixedTars: each tar of an input is read as it is compressed, whatever the first is, and whatever its
// name says.
func TestMixedTars(t *testing.T) {
	whole := tarOf(t, samples(12)...)
	part := func(i int) []byte { return tarOf(t, samples(12)[8*i:8*i+8]...) }
	folders := func(i int) []byte {
		return tarOf(t, file{"cat/" + string(rune('a'+i)) + ".jpg", picture(i)}, file{"dog/" + string(rune('a'+i)) + ".jpg", picture(9 + i)})
	}
	old := tarOf(t, samples(1)...) // of before POSIX: without magic
	for at := 0; at < len(old)-1024; at += 512 {
		if h := old[at : at+512]; strings.HasPrefix(string(h[257:]), "ustar") {
			clear(h[257:265])
			resum(h)
		}
	}
	list := func(names string) []byte { return []byte(names) }
	tests := []struct {
		name  string
		o     Options
		files []file
		good  int
		bad   string // reasons
	}{
		{"gzip that is called .tar", Options{}, []file{{"x.tar", tartest.Gzip(t, whole)}}, 12, ""},
		{"zstd that is called .tar", Options{}, []file{{"x.tar", tartest.Zstd(t, whole)}}, 12, ""},
		{"zlib that is called .tar", Options{}, []file{{"x.tar", tartest.Zlib(t, whole)}}, 12, ""},
		{"bzip2 that is called .tar", Options{}, []file{{"x.tar", tartest.Bzip2}}, 4, ""},
		{"plain that is called .tar.gz", Options{}, []file{{"x.tar.gz", whole}}, 12, ""},
		{"plain that is called .tar.xz", Options{}, []file{{"y.tar", part(0)}, {"x.tar.xz", part(1)}}, 8, ""},
		{"plain of before POSIX that is called .tgz", Options{}, []file{{"x.tgz", old}}, 1, ""},
		{"zstd that is called .tar.gz", Options{}, []file{{"x.tar.gz", tartest.Zstd(t, whole)}}, 12, ""},
		{"gzip that is called .tar.bz2", Options{}, []file{{"x.tar.bz2", tartest.Gzip(t, whole)}}, 12, ""},
		{"several", Options{}, []file{{"a.tar", part(0)}, {"b.tar", tartest.Gzip(t, part(1))}, {"c.tar.gz", tartest.Zstd(t, part(2))}}, 12, ""},
		{"an empty file is the first", Options{}, []file{{"a.tar", nil}, {"b.tar", tartest.Gzip(t, part(0))}, {"c.tar", tartest.Gzip(t, part(1))}}, 8, "a.tar: empty: byte 0: no tar archive: nothing in it\n"},
		{"a tar of nothing is the first", Options{}, []file{{"a.tar", make([]byte, 10240)}, {"b.tar", tartest.Gzip(t, folders(0))}, {"c.tar", folders(1)}}, 4, ""},
		{"an empty file before folders", Options{}, []file{{"a.tar.gz", tartest.Gzip(t, make([]byte, 1024))}, {"b.tar", folders(0)}}, 2, ""},
		{"listed images", Options{Labels: []Input{{"", "list.csv"}}}, []file{{"a.tar", tartest.Gzip(t, tarOf(t, file{"a.jpg", picture(0)}))}, {"b.tar.gz", tarOf(t, file{"b.jpg", picture(1)})}, {"list.csv", list("path,label\na.jpg,cat\nb.jpg,dog\n")}}, 2, ""},
		{"class tars", Options{}, []file{{"n01440764.tar", tartest.Gzip(t, tarOf(t, file{"a.JPEG", picture(0)}))}, {"n01443537.tar", tarOf(t, file{"b.JPEG", picture(1)})}}, 2, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			putAll(t, dir, test.files)
			for i, l := range test.o.Labels {
				test.o.Labels[i].URI = filepath.Join(dir, l.URI)
			}
			cat, rows := scan(t, test.o, Input{"", dir})
			if good, _ := count(rows); good != test.good {
				t.Errorf("%d good, want %d: %v", good, test.good, plain(rows))
			}
			if d := cmp.Diff(test.bad, reasons(t, cat, test.o)); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestUnreadTars: a tar that is compressed in a way which is not read is refused, by its name or its first bytes,
// also beside others, with the command that unpacks it.
func TestUnreadTars(t *testing.T) {
	good := tarOf(t, samples(2)...)
	xz := append([]byte("\xfd7zXZ\x00"), make([]byte, 600)...)
	tests := []struct {
		name  string
		in    string
		files []file
		want  []string
	}{
		{"a folder of them", "", []file{{"a.tar.xz", xz}}, []string{"a.tar.xz is a tar compressed with xz", "xz -dc"}},
		{"a file", "a.tar.xz", []file{{"a.tar.xz", xz}}, []string{"a.tar.xz is a tar compressed with xz", "xz -dc"}},
		{"one that is called .tar", "a.tar", []file{{"a.tar", xz}}, []string{"a.tar is a tar compressed with xz", "“xz -dc a.tar > a.plain.tar”"}},
		{"beside others", "", []file{{"a-0.tar", good}, {"a-1.tar.xz", xz}}, []string{"a-1.tar.xz is a tar compressed with xz", "“xz -dc a-1.tar.xz > a-1.tar”", "pattern"}},
		{"beside others, by its bytes", "", []file{{"a-0.tar.gz", tartest.Gzip(t, good)}, {"a-1.tar.gz", xz}}, []string{"a-1.tar.gz is a tar compressed with xz"}},
		{"beside gzipped ones, in a folder", "", []file{{"s/a-0.tgz", tartest.Gzip(t, good)}, {"s/a-1.TXZ", xz}}, []string{"a-1.TXZ is a tar compressed with xz"}},
		{"lz4", "", []file{{"a-0.tar", good}, {"a-1.tar.lz4", []byte("\x04\x22\x4d\x18 ")}}, []string{"lz4 -dc"}},
		{"lz4 by its bytes", "a.tar", []file{{"a.tar", []byte("\x04\x22\x4d\x18 and more")}}, []string{"lz4 -dc"}},
		{"Brotli", "", []file{{"a-0.tar", good}, {"a-1.tar.br", []byte("x")}}, []string{"brotli -dc"}},
		{"compress", "", []file{{"a.tar.Z", []byte("\x1f\x9d\x90")}}, []string{"gzip -dc"}},
		{"LZMA", "", []file{{"a.tar.lzma", []byte("\x5d\x00\x00")}}, []string{"xz -dc --format=lzma"}},
		{"LZMA by its bytes", "", []file{{"a-0.tar", good}, {"a-1.tar", []byte("\x5d\x00\x00\x80\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00")}}, []string{"xz -dc --format=lzma"}},
		{"class tars", "", []file{{"n01440764.tar", good}, {"n01443537.tar", xz}}, []string{"n01443537.tar is a tar compressed with xz"}},
		{"a tar of class tars", "ILSVRC2012_img_train.tar", []file{{"ILSVRC2012_img_train.tar", xz}}, []string{"compressed with xz"}},
		{"a gzipped tar of class tars", "ILSVRC2012_img_train.tar", []file{{"ILSVRC2012_img_train.tar", tartest.Gzip(t, tarOf(t, file{"n01440764.tar", good}))}}, []string{"is compressed with gzip", "unpack it first"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			putAll(t, dir, test.files)
			wantUsage(t, Options{}, []Input{{"", filepath.Join(dir, test.in)}}, test.want...)
			wantUsage(t, Options{}, []Input{{"", blob.Join(upload(t, dir), test.in)}}, test.want...)
		})
	}
	t.Run("with a list", func(t *testing.T) {
		dir := t.TempDir()
		putAll(t, dir, []file{{"in/a.tar.xz", xz}, {"l.csv", []byte("path,label\na.jpg,cat\n")}})
		wantUsage(t, Options{Labels: []Input{{"", filepath.Join(dir, "l.csv")}}}, []Input{{"", filepath.Join(dir, "in")}}, "compressed with xz")
	})
}
