package source

import (
	"archive/zip"
	"io"
	"path/filepath"
	"testing"

	"github.com/premix/premix"
)

// TestSpark: Spark's data source of files gives images, that of images has pixels alone.
func TestSpark(t *testing.T) {
	z, err := zip.OpenReader(filepath.Join("..", "hfparquet", "testdata", "spark.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	unzip := func(name string) string {
		r, err := z.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		put(t, filepath.Join(dir, name), data)
		return dir
	}
	_, rows := scan(t, Options{}, Input{"", unzip("binary.parquet")})
	wantRows(t, numbered("binary.parquet", 1, 0), rows)
	wantUsage(t, Options{}, []Input{{"", unzip("image.parquet")}}, "the column image of image.parquet holds pixels", "binaryFile")
	wantUsage(t, Options{}, []Input{{"", unzip("lz4-v2.parquet")}}, "lz4-v2.parquet: column image.bytes is compressed by LZ4 in its deprecated form")
	_, rows = scan(t, Options{}, Input{"", unzip("zstd-groups.parquet")})
	good := 0
	for _, r := range rows {
		if r.Kind == "" {
			good++
		}
	}
	if good != 18 || rows[9].Kind != premix.Unsupported || rows[11].Kind != premix.NoLabel {
		t.Errorf("%d good rows: %v", good, plain(rows))
	}
}
