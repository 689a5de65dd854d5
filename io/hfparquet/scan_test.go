package hfparquet

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	pzstd "github.com/parquet-go/parquet-go/compress/zstd"
)

// TestScan reads plain columns of a file of another writer, whose zstd frames of small pages do
// not state their size.
func TestScan(t *testing.T) {
	type row struct {
		Name string   `parquet:"name"`
		X    *float64 `parquet:"x,optional"`
		List []int32  `parquet:"list,list"`
		N    int64    `parquet:"n"`
	}
	x := 2.5
	var b bytes.Buffer
	w := parquet.NewGenericWriter[row](&b, parquet.Compression(&pzstd.Codec{}))
	if _, err := w.Write([]row{{"a", &x, nil, 7}, {"b", nil, []int32{1}, 8}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := Open(bytes.NewReader(b.Bytes()), int64(b.Len()), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	err = f.Scan(0, []string{"n", "name", "x"}, func(v []parquet.Value) error {
		got = append(got, v[0].String()+" "+v[1].String()+" "+v[2].String())
		return nil
	})
	if diff := cmp.Diff([]string{"7 a 2.5", "8 b <null>"}, got); diff != "" || err != nil {
		t.Errorf("%v, difference: %s", err, diff)
	}
	for _, column := range []string{"list", "none"} {
		if err := f.Scan(0, []string{column}, nil); !errors.Is(err, ErrFormat) {
			t.Errorf("column %s: %v", column, err)
		}
	}
	stop := errors.New("stop")
	if err := f.Scan(0, []string{"n"}, func([]parquet.Value) error { return stop }); err != stop {
		t.Errorf("%v, want the error of yield", err)
	}
}
