package tfshard

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/premix/premix/io/arrayrecord"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/tfrecord"
)

// TestArrayRecord: the records are those of TFDS, byte for byte, and the side files say what the files are, alone.
func TestArrayRecord(t *testing.T) {
	var plain, array bytes.Buffer
	var payload []int64
	for buf, f := range map[*bytes.Buffer]shard.Format{&plain: TFDS{}, &array: ArrayRecord{}} {
		w := f.NewWriter(buf, spec())
		if err := errors.Join(w.Write(record()), w.Write(record()), w.Close()); err != nil {
			t.Fatal(err)
		}
		payload = append(payload, w.Payload())
	}
	if payload[0] != payload[1] {
		t.Errorf("payloads of %d bytes", payload)
	}
	a, b := arrayrecord.NewReader(&array, 0), tfrecord.NewReader(&plain, 0)
	for range 2 {
		x, err1 := a.Next()
		y, err2 := b.Next()
		if err := errors.Join(err1, err2); err != nil || !bytes.Equal(x, y) {
			t.Errorf("the records differ: %v", err)
		}
	}
	set := []shard.Set{{Spec: spec(), Shards: make([]shard.ShardInfo, 2)}}
	have, err1 := ArrayRecord{}.SideFiles(set)
	want, err2 := TFDS{}.SideFiles(set)
	if err := errors.Join(err1, err2); err != nil || len(have) != len(want) {
		t.Fatalf("%d side files, want %d: %v", len(have), len(want), err)
	}
	for i := range want {
		text := strings.Replace(string(want[i].Data()), `"fileFormat": "tfrecord"`, `"fileFormat": "array_record"`, 1)
		if have[i].Path != want[i].Path || string(have[i].Data()) != text {
			t.Errorf("%s is\n%s", have[i].Path, have[i].Data())
		}
	}
}

// TestArrayRecordOdd: a record that is not an example is a defect, and a file that is cut off says so.
func TestArrayRecordOdd(t *testing.T) {
	var buf bytes.Buffer
	w := arrayrecord.NewWriter(&buf)
	if err := errors.Join(w.Write([]byte("no example")), w.Close()); err != nil {
		t.Fatal(err)
	}
	recs, found := read(ArrayRecord{}, buf.Bytes())
	if len(recs) > 0 || len(found) != 1 || !strings.Contains(found[0], "record 0 at byte 64: array_record: tfexample") {
		t.Errorf("%d records, %q", len(recs), found)
	}
	recs, found = read(ArrayRecord{}, buf.Bytes()[:70])
	if len(recs) > 0 || len(found) != 1 || !strings.Contains(found[0], "truncated") {
		t.Errorf("%d records, %q", len(recs), found)
	}
}
