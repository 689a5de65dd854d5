package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix"
	"github.com/premix/premix/internal/recordtest"
	"github.com/premix/premix/internal/tartest"
	"github.com/premix/premix/io/tfrecord"
	"github.com/premix/premix/io/window"
)

var damageKinds = map[tfrecord.Kind]premix.FaultKind{
	tfrecord.Truncated: premix.Truncated, tfrecord.BadLength: premix.Corrupt, tfrecord.BadData: premix.Corrupt, tfrecord.TooLong: premix.TooLarge,
}

// TestTFRecordDamage: an input has a row for each record of a damaged file, and one for each fault, with its place,
// its kind and how many bytes are lost with it, whether the file is compressed or not.
func TestTFRecordDamage(t *testing.T) {
	const limit = 128<<20 + recordSlack
	for _, f := range recordtest.Files(limit, [3][]byte{slim(0, 1), slim(1, 2), slim(2, 3)}) {
		for _, ext := range []string{"", ".gz", ".zlib", "gzip inside"} {
			t.Run(f.Name+ext, func(t *testing.T) {
				name, data, found := "a.tfrecord"+ext, f.Data, f.Streamed()
				switch ext {
				case "":
					found = f.Rescue
				case ".gz":
					data = tartest.Gzip(t, data)
				case ".zlib":
					data = tartest.Zlib(t, data)
				default:
					name, data = "a.tfrecord", tartest.Gzip(t, data)
				}
				var want []row
				var why, lost []string
				for i, r := range found {
					record := fmt.Sprintf("%s/%09d", name, i)
					if r.Record >= 0 {
						want = append(want, good(record, recordName(int64(i)), "", r.Record))
						continue
					}
					want = append(want, fault(record, damageKinds[r.Kind]))
					why = append(why, fmt.Sprintf("%s: %s: record %d at byte %d: %s\n", record, damageKinds[r.Kind], i, r.At, r.Detail))
					if r.Lost != 0 {
						lost = append(lost, fmt.Sprint(r.Lost))
					}
				}
				if found == nil {
					want = []row{ignored(name)}
				}
				path := filepath.Join(t.TempDir(), name)
				put(t, path, data)
				if len(found) > 0 && !slices.ContainsFunc(found, func(r recordtest.Row) bool { return r.Record >= 0 }) { // and no features
					checkLost(t, path, lost)
					return
				}
				cat, got := scan(t, Options{}, Input{"", path})
				wantRows(t, want, got)
				if d := cmp.Diff(strings.Join(why, ""), reasons(t, cat, Options{})); d != "" {
					t.Error(d)
				}
				if d := cmp.Diff(got, readAll(t, cat, Options{ChunkImages: 1})); d != "" {
					t.Errorf("ChunkImages 1: %s", d)
				}
				checkLost(t, path, lost)
			})
		}
	}
}

// TestScanDamage: the same with a low limit, so that there are records above it.
func TestScanDamage(t *testing.T) {
	const limit = 5000
	data := [3][]byte{bytes.Repeat([]byte("1"), 50), bytes.Repeat([]byte("2"), 60), bytes.Repeat([]byte("3"), 70)}
	for _, f := range recordtest.Files(limit, data) {
		s := scanRecords(t.Context(), window.At(bytes.NewReader(f.Data), 0, -1, int64(len(f.Data))), 0, limit, false)
		var got, want []string
		for {
			r, err := s.record()
			var fault *recordFault
			if err == io.EOF {
				break
			} else if errors.As(err, &fault) {
				got = append(got, fmt.Sprintf("%s, %d lost: %s", fault.fault.Kind, fault.lost, fault.fault.Reason))
			} else if err != nil {
				t.Fatal(err)
			} else {
				got = append(got, string(r.data))
			}
		}
		for i, r := range f.Rescue {
			if r.Record >= 0 {
				want = append(want, string(data[r.Record]))
			} else {
				want = append(want, fmt.Sprintf("%s, %d lost: record %d at byte %d: %s", damageKinds[r.Kind], r.Lost, i, r.At, r.Detail))
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", f.Name, d)
		}
	}
}

// checkLost compares how many bytes the losses of a file stand for.
func checkLost(t *testing.T, path string, want []string) {
	t.Helper()
	list, _ := lossesOf(t, path)
	var got []string
	for _, n := range list {
		got = append(got, fmt.Sprint(n))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("lost bytes: %s", d)
	}
}
