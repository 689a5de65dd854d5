package hfparquet

import (
	"fmt"

	"github.com/premix/premix/io/shard"
)

func (t *reader) say(record int64, key, format string, args ...any) {
	t.report(shard.Deviation{Record: record, Offset: max(0, record), Key: key, What: fmt.Sprintf(format, args...)})
}

// lintFile reports where footer and row groups differ from what the writer of this package would
// have written.
func (t *reader) lintFile() {
	dense := t.file.Has("soft_label")
	schema := pairSchema
	if dense {
		schema = denseSchema
	}
	if have, want := t.file.f.Schema().String(), schema.String(); have != want {
		t.say(-1, "", "the schema differs from that of premix: %s", have)
	}
	have, _ := t.file.f.Lookup(metaKey)
	want, err := metadata(t.file.Classes("label"), dense)
	if err != nil || have != want {
		t.say(-1, "", "the features in the metadata are not those of premix: %.80q", have)
	}
	if by := t.file.f.Metadata().CreatedBy; by != createdBy {
		t.say(-1, "", "created by %q, want %q", by, createdBy)
	}
	groups := t.file.Groups()
	for i := range groups {
		if n := t.file.Rows(i); n > groupRows || n == 0 {
			t.say(-1, "", "row group %d holds %d rows, want 1 to %d", i, n, groupRows)
		}
	}
}

// lint looks at one row.
func (t *reader) lint(r *shard.Record) {
	record := t.number - 1
	if len(t.fields) != len(recordFields) && len(t.fields) != len(recordFields)-1 {
		return // said of the schema already
	}
	if n := len(t.file.Classes("label")); len(r.Soft) != 0 && len(r.Soft) != n {
		t.say(record, r.Key, "soft_label has %d values for %d classes", len(r.Soft), n)
	}
	if t.path != r.Key {
		t.say(record, r.Key, "image.path says %q", t.path)
	}
	if r.ImageFormat != "jpg" && r.ImageFormat != "png" {
		t.say(record, r.Key, "image.path ends in %q, want jpg or png", r.ImageFormat)
	}
}
