package formats

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestByName(t *testing.T) {
	if diff := cmp.Diff([]string{"webdataset", "tfrecord", "tfds", "array_record", "parquet", "mds"}, Names()); diff != "" {
		t.Error(diff)
	}
	for _, name := range Names() {
		f, err := ByName(name)
		if err != nil || f.Name() != name {
			t.Errorf("%s: %v, %v", name, f, err)
		}
	}
	if _, err := ByName("zip"); err == nil || !strings.Contains(err.Error(), "webdataset, tfrecord, tfds, array_record, parquet, mds") {
		t.Errorf("zip: %v", err)
	}
}
