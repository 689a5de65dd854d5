package tarfile

import (
	"archive/tar"
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// agree compares what plain says of a block with archive/tar, which reads all that plain does.
func agree(t *testing.T, block []byte) (ok bool) {
	t.Helper()
	h, ok := plain(block)
	if !ok {
		return false
	}
	r := tar.NewReader(bytes.NewReader(append(bytes.Clone(block[:Block]), make([]byte, 2*Block)...)))
	want, err := r.Next()
	if err != nil {
		t.Fatalf("plain reads %+v, archive/tar says %v: %q", h, err, block)
	}
	if d := cmp.Diff(memberOf(want, 7, 519), h.member(7, 519)); d != "" {
		t.Fatalf("plain (+), archive/tar (-): %s\n%q", d, block)
	}
	return true
}

// TestPlain changes headers in all fields, with and without a right checksum.
func TestPlain(t *testing.T) {
	if !agree(t, header(t, "a/b.jpg", 12345, nil)) || !agree(t, header(t, strings.Repeat("d/", 70)+"c.jpg", 1, nil)) {
		t.Error("an ordinary header is not plain")
	}
	if _, ok := plain(header(t, "a", 1, nil)[:Block-1]); ok {
		t.Error("a part of a header is plain")
	}
	random := rand.New(rand.NewPCG(3, 4))
	const odd = "\x00\x00 0178/.-x\x80\xff"
	plainOnes := 0
	for range 100_000 {
		h := header(t, []string{"a/b.jpg", strings.Repeat("d/", 70) + "c"}[random.IntN(2)], int64(random.IntN(1<<20)), nil)
		for range random.IntN(4) {
			at := random.IntN(Block)
			for range 1 + random.IntN(3)*random.IntN(8) {
				if at < Block {
					h[at] = odd[random.IntN(len(odd))]
				}
				at++
			}
		}
		if random.IntN(8) > 0 {
			sign(h)
		}
		if agree(t, h) {
			plainOnes++
		}
	}
	if plainOnes < 10_000 || plainOnes > 90_000 {
		t.Errorf("%d of 100,000 headers are plain", plainOnes)
	}
}

func FuzzPlain(f *testing.F) {
	h := &tar.Header{Name: "a/b.jpg", Typeflag: tar.TypeReg, Mode: 0o444, Size: 77, Format: tar.FormatUSTAR}
	for _, format := range []tar.Format{tar.FormatUSTAR, tar.FormatPAX, tar.FormatGNU} {
		var b bytes.Buffer
		h.Format = format
		if err := tar.NewWriter(&b).WriteHeader(h); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, block []byte) {
		if len(block) >= Block {
			agree(t, block)
			sign(block)
		}
		agree(t, block)
	})
}
