package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/webdataset"
)

// TestManyMembersOfOneKey: discovery, the reader of inputs, and that of shards with and without deviations take memory
// by the number of members of one key, and not by its square. What they allocate in all stands for their work, as a
// time would depend on the machine.
func TestManyMembersOfOneKey(t *testing.T) {
	const few, many, most = 1_500, 6_000, 8 // four times the members: the square would be sixteen, and slices and maps double
	for form, name := range map[string]func(i int) string{
		"a.png.N":       func(i int) string { return fmt.Sprintf("a.png.%d", i) },
		"a.N.png":       func(i int) string { return fmt.Sprintf("a.%d.png", i) },
		"a.N.cls":       func(i int) string { return fmt.Sprintf("a.%d.cls", i) },
		"a.png, a.png":  func(int) string { return "a.png" },
		"a.json, a.cls": func(i int) string { return []string{"a.json", "a.cls"}[i%2] },
	} {
		t.Run(form, func(t *testing.T) {
			work := map[string][2]uint64{}
			for i, n := range []int{few, many} {
				files := make([]file, n)
				for i := range files {
					files[i] = file{name(i), []byte("1")}
				}
				data := tarOf(t, files...)
				path := filepath.Join(t.TempDir(), "x.tar")
				put(t, path, data)
				var cat *Catalog
				for _, step := range []struct {
					name string
					f    func() error
				}{
					{"Discover", func() (err error) {
						cat, err = Discover(t.Context(), []Input{{URI: path}}, Options{AnyLabels: true})
						return err
					}},
					{"Read", func() error { return readAway(t, cat) }},
					{"a shard", func() error { return readShard(data, shard.ReadOptions{}) }},
					{"a shard, with deviations", func() error { return readShard(data, shard.ReadOptions{Report: func(shard.Deviation) {}}) }},
				} {
					both := work[step.name]
					both[i] = allocated(t, step.f)
					work[step.name] = both
				}
			}
			for step, w := range work {
				if float64(w[1]) > most*float64(w[0]) {
					t.Errorf("%s: %d bytes are allocated for %d members, and %d for %d", step, w[0], few, w[1], many)
				}
			}
		})
	}
}

// allocated is how many bytes f allocates in all.
func allocated(t *testing.T, f func() error) uint64 {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := f()
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	return after.TotalAlloc - before.TotalAlloc
}

// readAway reads all chunks, and keeps nothing.
func readAway(t *testing.T, cat *Catalog) error {
	for _, c := range cat.Containers {
		chunks, err := Split(t.Context(), c, Options{})
		if err != nil {
			return err
		}
		for _, ch := range chunks {
			if err := Read(t.Context(), ch, Options{}, 0, func(Entry) error { return nil }); err != nil {
				return err
			}
		}
	}
	return nil
}

// readShard reads a shard up to its end, whatever is in it.
func readShard(data []byte, o shard.ReadOptions) error {
	r := webdataset.Format{}.NewReader(bytes.NewReader(data), o)
	var rec shard.Record
	for {
		err := r.Next(&rec)
		if defect := (*shard.RecordError)(nil); err == io.EOF {
			return nil
		} else if err != nil && !errors.As(err, &defect) {
			return err
		}
	}
}
