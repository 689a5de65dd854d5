package dataset_test

import (
	"path/filepath"
	"testing"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/internal/fixture"
	"github.com/premix/premix/io/blob"
)

// TestSizesInRecords changes the sizes in a record of a finished output, with and without what they are sizes of: a split
// with such a record is not complete, and its shard not intact, whatever the files have.
func TestSizesInRecords(t *testing.T) {
	for _, test := range []struct {
		name, format string
		change       func(r *dataset.ShardRecord)
		right        bool
	}{
		{"unchanged", "webdataset", func(*dataset.ShardRecord) {}, true},
		{"no plan, as reindex writes it where plans are gone", "webdataset", func(r *dataset.ShardRecord) { r.PlanPath, r.PlanBytes = "", 0 }, true},
		{"no index, likewise", "webdataset", func(r *dataset.ShardRecord) { r.IndexPath, r.IndexBytes = "", 0 }, true},
		{"the plan has 0 bytes", "webdataset", func(r *dataset.ShardRecord) { r.PlanBytes = 0 }, false},
		{"the plan has 0 bytes", "parquet", func(r *dataset.ShardRecord) { r.PlanBytes = 0 }, false},
		{"the plan has -1 bytes", "webdataset", func(r *dataset.ShardRecord) { r.PlanBytes = -1 }, false},
		{"the plan has another size", "webdataset", func(r *dataset.ShardRecord) { r.PlanBytes++ }, false},
		{"the index has 0 bytes", "webdataset", func(r *dataset.ShardRecord) { r.IndexBytes = 0 }, false},
		{"the index has another size", "webdataset", func(r *dataset.ShardRecord) { r.IndexBytes++ }, false},
		{"an index without a name", "parquet", func(r *dataset.ShardRecord) { r.IndexBytes = 7 }, false},
		{"a plan without a name", "webdataset", func(r *dataset.ShardRecord) { r.PlanPath = "" }, false},
	} {
		t.Run(test.format+" "+test.name, func(t *testing.T) {
			dir := t.TempDir()
			o := fixture.Output{Dir: dir, Format: test.format}
			o.Make(t)
			r, err := dataset.LoadRecord(t.Context(), dir, "train", 0, 1)
			if err != nil {
				t.Fatal(err)
			}
			test.change(r)
			if err := dataset.CommitRecord(t.Context(), dir, "train", *r); err != nil {
				t.Fatal(err)
			}
			if m, err := dataset.Complete(t.Context(), dir, "train"); err != nil || (m != nil) != test.right {
				t.Errorf("complete: %v, %v; want %v", m != nil, err, test.right)
			}
			if ok, err := r.Intact(t.Context(), dir, "train"); err != nil || ok != test.right {
				t.Errorf("intact: %v, %v; want %v", ok, err, test.right)
			}
			if test.right {
				return
			}
			// An empty file does not make a record right that says 0 bytes.
			for p, size := range map[string]int64{r.IndexPath: r.IndexBytes, r.PlanPath: r.PlanBytes} {
				if p != "" && size == 0 {
					if err := blob.WriteFile(t.Context(), filepath.Join(dir, p), nil); err != nil {
						t.Fatal(err)
					}
				}
			}
			if m, err := dataset.Complete(t.Context(), dir, "train"); err != nil || m != nil {
				t.Errorf("complete with an empty file: %v, %v", m != nil, err)
			}
			if ok, err := r.Intact(t.Context(), dir, "train"); err != nil || ok {
				t.Errorf("intact with an empty file: %v, %v", ok, err)
			}
		})
	}
}
