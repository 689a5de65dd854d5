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
					r.Shards = append(r.Shards, Shard{names[random.IntN(len(names))], random.Int64(), random.Int64N(100), -random.Int64(), hashes[random.IntN(len(hashes))]})
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
