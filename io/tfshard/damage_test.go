package tfshard

import (
	"fmt"
	"strings"
	"testing"

	"github.com/premix/premix/internal/recordtest"
	"github.com/premix/premix/io/tfexample"
)

// TestDamage: verify, reindex and inspect read a damaged shard strictly, say of each fault where it is, and read
// what comes before it.
func TestDamage(t *testing.T) {
	var data [3][]byte
	var enc tfexample.Encoder
	for i := range data {
		rec := record()
		rec.Key = fmt.Sprint("key ", i)
		enc.Reset()
		encodeTFDS(&enc, rec)
		data[i] = enc.Append(nil)
	}
	const limit = 5000
	for _, f := range recordtest.Files(limit, data) {
		t.Run(f.Name, func(t *testing.T) {
			recs, found := readUpTo(TFDS{}, f.Data, limit)
			for i, row := range f.Strict {
				switch {
				case row.Record < 0:
					at := fmt.Sprintf("record %d at byte %d: ", i, row.At)
					if len(found) == 0 || !strings.Contains(found[0], at) || !strings.HasSuffix(found[0], row.Detail) {
						t.Fatalf("found %q, want %s%s", found, at, row.Detail)
					}
					found = found[1:]
				case len(recs) == 0 || recs[0].Key != fmt.Sprint("key ", row.Record):
					t.Fatalf("%d records are left, want %v", len(recs), row)
				default:
					recs = recs[1:]
				}
			}
			if len(recs) > 0 || len(found) > 0 {
				t.Errorf("%d records more, and %q", len(recs), found)
			}
		})
	}
}
