package dataset

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestManifestWrite compares manifests that are written shard by shard with those that Encode makes as a whole.
func TestManifestWrite(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	names := []string{
		"premix-train-000000.tar", "a/b.tar", `a "quoted" name.tar`, `back\slash`, "<é>\x01\xff.tar", "", strings.Repeat("long", 14), strings.Repeat("long", 20), strings.Repeat("long", 60),
	}
	hashes := []string{"", strings.Repeat("0a", 32), `"`}
	for range 300 {
		m := &Manifest{Schema: 1, Recipe: []byte(`{"replicas": [], "x": {"replicas": [1,2]}}`), SHA256: "\"replicas\""}
		switch n := random.IntN(4); n {
		case 0:
		case 1:
			m.Replicas = []Replica{}
		default:
			for range n {
				r := Replica{Replica: random.IntN(100), Numbered: random.IntN(2) == 0, Samples: random.Int64(), Bytes: -random.Int64()}
				if random.IntN(4) > 0 {
					r.Shards = []Shard{}
				}
				for range random.IntN(4) {
					r.Shards = append(r.Shards, Shard{Name: names[random.IntN(len(names))], Samples: random.Int64(), Bytes: random.Int64N(100), PayloadBytes: -random.Int64(), SHA256: hashes[random.IntN(len(hashes))]})
				}
				m.Replicas = append(m.Replicas, r)
			}
		}
		want, err := Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := m.write(&got); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), got.String()); d != "" {
			t.Fatalf("(-want +got):\n%s", d)
		}
	}
}

type full struct{ left int }

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

var errFull = errors.New("full")

// TestManifestWriteFails fails wherever the disk is full.
func TestManifestWriteFails(t *testing.T) {
	n := testNames(0, 700)
	set, err := Gather(drawnRecords(rand.New(rand.NewPCG(5, 6)), n, []int{0, 1}, "none"))
	if err != nil {
		t.Fatal(err)
	}
	m := &Manifest{}
	m.Replicas, _ = set.list(n, false)
	for _, left := range []int{0, 1 << 16, 1 << 17} {
		if err := m.write(&full{left}); !errors.Is(err, errFull) {
			t.Errorf("after %d bytes: %v", left, err)
		}
	}
}

// TestManifestBound bounds manifests of several shapes, closely where they are large.
func TestManifestBound(t *testing.T) {
	for _, c := range []struct {
		split  string
		shards int64
		close  bool
	}{{"train", 1, false}, {"train", 20_000, true}, {strings.Repeat("s", 200), 20_000, false}} {
		n := testNames(-1, c.shards)
		n.spec.Split = c.split
		records := drawnRecords(rand.New(rand.NewPCG(5, 6)), n, []int{0, 90}, "none")
		for i := range records {
			r := &records[i]
			r.Bytes, r.PayloadBytes, r.Samples = 1<<62, 1<<62, 1<<50
			if c.close {
				r.Bytes, r.PayloadBytes, r.Samples = 31e6, 30e6, 1252
			}
		}
		set, err := Gather(records)
		if err != nil {
			t.Fatal(err)
		}
		set.sort()
		m := &Manifest{Recipe: []byte("{}"), SHA256: strings.Repeat("a", 64)}
		m.Inputs.Containers = []InputContainer{{Name: "é\x01", Digest: strings.Repeat("a", 64)}, {Name: strings.Repeat("a", 250), Digest: strings.Repeat("a", 64)}}
		m.Replicas, _ = set.list(n, false)
		var text bytes.Buffer
		if err := m.write(&text); err != nil {
			t.Fatal(err)
		}
		bound := ManifestBound(n.format, n.spec, []int{0, 90}, m.Inputs.Containers)
		if got := int64(text.Len()); got > bound || c.close && bound > got*2 {
			t.Errorf("%d bytes, and %d were the bound", got, bound)
		}
		m.SHA256 = ""
		if _, size, err := m.sum(); err != nil || size != int64(text.Len()) {
			t.Errorf("%d bytes were counted of %d, %v", size, text.Len(), err)
		}
	}
	// ImageNet-21k for ninety epochs is read again; twice as many shards may not be.
	n := testNames(-1, 11_400)
	for replicas, fits := range map[int]bool{90: true, 250: false} {
		if bound := ManifestBound(n.format, n.spec, make([]int, replicas), nil); bound <= MaxManifest != fits {
			t.Errorf("%d replicas: %d bytes", replicas, bound)
		}
	}
}
