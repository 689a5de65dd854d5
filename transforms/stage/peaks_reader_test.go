package stage

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/premix/premix/internal/faultfs"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/io/tfexample"
	"github.com/premix/premix/io/tfrecord"
)

// TestEarlierReader: failures that an earlier reader left in a cache are rewritten, once; good rows beside
// them stay, and what has no failures is not looked at.
func TestEarlierReader(t *testing.T) {
	set, in := newFakeSet(t), t.TempDir()
	for k, shard := range []string{"a", "b"} {
		var data []byte
		for i := range 4 {
			image, err := os.ReadFile(filepath.Join(set.dir, fmt.Sprintf("c%d/i%d.png", i%2, 4*k+i)))
			check(t, err)
			var ex tfexample.Encoder
			ex.Bytes("image", image)
			ex.Ints("label", int64(i))
			data = tfrecord.Append(data, ex.Append(nil))
		}
		if shard == "a" {
			data[len(data)-1] ^= 1 // in the checksum of the last record
		}
		check(t, os.WriteFile(filepath.Join(in, shard+".tfrecord"), data, 0o666))
	}
	b := newBench(t, in, nil)
	first := b.peaks()
	again := func(name string, computed int64, valid int) {
		t.Helper()
		run := newBench(t, in, func(j *Job) { j.Cache, j.RunID = b.job.Cache, name })
		ResetProgress()
		seen := map[Status]int{}
		check(t, Choose(t.Context(), run.job, run.containers, func(chunk source.Chunk) error {
			s, err := Glance(t.Context(), run.job, chunk, true)
			seen[s]++
			return err
		}))
		if seen[Valid] != valid || seen[Outdated] != len(first)-valid {
			t.Errorf("%s: at first sight %v, want %d valid and the others outdated", name, seen, valid)
		}
		sums := run.peaks()
		if p := ReadProgress(); p.Images != computed || p.ByStatus[Valid] != int64(valid) || p.ByStatus[Outdated] != p.Chunks-int64(valid) {
			t.Errorf("%s: %d images computed, chunks %v; want %d, and %d valid", name, p.Images, p.ByStatus, computed, valid)
		}
		for i := range sums {
			if sums[i].Content != first[i].Content || !slices.Equal(sums[i].Good, first[i].Good) {
				t.Errorf("%s: %s: %v good of content %s, first %v of %s", name, sums[i].Container, sums[i].Good, sums[i].Content, first[i].Good, first[i].Content)
			}
		}
	}
	again("as it was", 0, 2)
	text := fmt.Appendf(nil, `{"reader":%d}`+"\n", source.Reader)
	removed := 0
	each(t, b.job.Cache.URI, func(path string) {
		if data, err := os.ReadFile(path); err == nil && slices.Equal(data, text) {
			check(t, os.Remove(path))
			removed++
		}
	})
	if removed != 1 {
		t.Fatalf("%d marks of a reader, want 1: of the shard that has a failure", removed)
	}
	t.Run("read-only", func(t *testing.T) { // needs no write, since the same record fails
		run := newBench(t, in, func(j *Job) { j.Cache, j.RunID = b.job.Cache, "read-only" })
		faultfs.Inject(t, faultfs.On(faultfs.Create, b.job.Cache.URI, syscall.EROFS))
		sums := run.peaks()
		if rows, err := reloadRows(t.Context(), run.job, &sums[0]); err != nil || !slices.Equal(sums[0].Files, first[0].Files) || len(rows.Rows) != 4 {
			t.Errorf("rows of %v, first %v: %v", sums[0].Files, first[0].Files, err)
		}
		path := filepath.Join(in, "a.tfrecord")
		data, err := os.ReadFile(path)
		check(t, err)
		whole := slices.Clone(data)
		whole[len(whole)-1] ^= 1
		check(t, os.WriteFile(path, whole, 0o666)) // as if this reader read the record
		chunks, err := source.Split(t.Context(), run.containers[0], run.job.Source)
		check(t, err)
		_, err = Peaks(t.Context(), run.job, chunks[0])
		wantError(t, err, "read-only file system", "choose another place with --cache DIR")
		check(t, os.WriteFile(path, data, 0o666))
		then := time.Unix(0, run.containers[0].ModTime)
		check(t, os.Chtimes(path, then, then))
	})
	again("of an earlier reader", 1, 1) // the failure alone
	again("rewritten", 0, 2)
}
