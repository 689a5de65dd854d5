package stage

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDoubt: images of a compressed tar that proves to be broken when all was read are failures, and of their copies
// nothing is left: the shards are those of an input that never had them.
func TestDoubt(t *testing.T) {
	set := newFakeSet(t)
	tarOf := func(n int) []byte {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for i := range n {
			image, err := os.ReadFile(filepath.Join(set.dir, fmt.Sprintf("c%d/i%d.png", i%2, i)))
			check(t, err)
			for _, m := range []struct {
				ext  string
				data []byte
			}{{"png", image}, {"cls", []byte{byte('0' + i%2)}}} {
				check(t, w.WriteHeader(&tar.Header{Name: fmt.Sprintf("%d.%s", i, m.ext), Size: int64(len(m.data)), Mode: 0o644}))
				_, err := w.Write(m.data)
				check(t, err)
			}
		}
		check(t, w.Close())
		return b.Bytes()
	}
	gzipOf := func(data []byte) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, err := w.Write(data)
		check(t, err)
		check(t, w.Close())
		return b.Bytes()
	}
	shards := func(data []byte, good int64) map[string]string {
		t.Helper()
		in := t.TempDir()
		check(t, os.WriteFile(filepath.Join(in, "x.tar.gz"), data, 0o666))
		b := newBench(t, in, func(j *Job) { j.MaxBad = 0.9 })
		if g := b.must(1); g.N != good {
			t.Fatalf("%d good, want %d", g.N, good)
		}
		files := b.files()
		maps.DeleteFunc(files, func(name, _ string) bool { return !strings.HasSuffix(name, ".tar") })
		return files
	}
	whole := tarOf(8)
	cut := bytes.Index(whole, []byte("5."))
	second := gzipOf(whole[cut:])
	second[len(second)-6] ^= 1
	ResetProgress()
	got := shards(append(gzipOf(whole[:cut]), second...), 4) // the fifth could go on in the second member
	if p := ReadProgress(); p.Images != 9 || p.Bad != 5 {    // with the row of what broke
		t.Errorf("%d images, %d bad are counted", p.Images, p.Bad)
	}
	if want := shards(gzipOf(tarOf(4)), 4); !maps.Equal(got, want) || len(got) == 0 {
		t.Errorf("%v, want %v", got, want)
	}
}
