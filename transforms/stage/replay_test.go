package stage

import (
	"bytes"
	"encoding/gob"
	"strings"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/source"
)

// TestPlannedLimits reads an image that a plan names, but nothing where the plan has an impossible
// place, which could lead to reading a whole container.
func TestPlannedLimits(t *testing.T) {
	s := newFakeSet(t)
	catalog, err := source.Discover(t.Context(), []source.Input{{URI: s.dir}}, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	job := new(Job)
	job.Decode.MaxBytes = 1 << 20
	images := NewImages(job, catalog.Containers, nil)
	sample := func(offset, length int64) *premix.Sample {
		return &premix.Sample{Name: "c1/i1.png", Location: premix.Location{Offset: offset, Length: length}}
	}
	right := sample(0, 1000)
	data, err := images.Fetch(t.Context(), nil, right)
	if err != nil {
		t.Fatal(err)
	}
	right.Digest = source.DigestOf(data)
	if _, err := fetchPlanned(t.Context(), nil, job, images, right); err != nil {
		t.Error(err)
	}
	for _, at := range [][2]int64{{0, -1}, {0, -2}, {5, -1}, {-1, 100}, {0, 1<<20 + 1}} {
		data, err := fetchPlanned(t.Context(), nil, job, images, sample(at[0], at[1]))
		if r := FindRefusal(err); r == nil || r.Code != CodeOther {
			t.Errorf("offset %d, length %d: %d bytes, %v", at[0], at[1], len(data), err)
		}
	}
}

// TestPlannedCopies reads an entry of a container without random access. A copy that is gone, or cut
// off, is a refusal: to try again does not help.
func TestPlannedCopies(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	c := source.Container{Name: "a.parquet", URI: dir + "/a.parquet", Layout: "parquet"}
	copied := Copied{Container: c.Name, Data: dir + "/a.entries", Index: dir + "/a.index"}
	var text bytes.Buffer
	if err := gob.NewEncoder(&text).Encode(&index{Names: []string{"a.parquet/0"}, Lengths: []int64{5}}); err != nil {
		t.Fatal(err)
	}
	if err := blob.WriteFile(ctx, copied.Index, text.Bytes()); err != nil {
		t.Fatal(err)
	}
	fetch := func() error {
		images := NewImages(new(Job), []source.Container{c}, []Copied{copied})
		s := &premix.Sample{Name: "a.parquet/0", Location: premix.Location{Offset: -1, Length: 5}, Digest: source.DigestOf([]byte("hello"))}
		_, err := fetchPlanned(ctx, nil, new(Job), images, s)
		return err
	}
	refused := func(want string) {
		t.Helper()
		if err := fetch(); FindRefusal(err) == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want a refusal with %q", err, want)
		}
	}
	refused("a.parquet/0, which the plan names, is not in the input: ")
	for text, want := range map[string]string{"hello": "", "hell": "is not the image that the plan was made for: the plan says that it has 5 bytes ("} {
		if err := blob.WriteFile(ctx, copied.Data, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if want != "" {
			refused(want)
		} else if err := fetch(); err != nil {
			t.Error(err)
		}
	}
}
