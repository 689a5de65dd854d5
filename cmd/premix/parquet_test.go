package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	pqformat "github.com/parquet-go/parquet-go/format"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/premix/premix/io/shard/shardtest"
)

// parquetCmds make Parquet files and caches of them:
//
//	spark NAME FILE          takes a file out of testdata/spark.zip of io/hfparquet
//	codec FILE COLUMN N ID   writes another codec of a column of row group N into the footer
//	ruin FILE COLUMN N       overwrites the header of the first page of a column of row group N
//	earlier CACHE            leaves what testdata/earlier.zip has of each chunk in a cache
//
// The rows in earlier.zip were made from the same files by a version that took zstd frames of unknown
// size, and LZ4 of either form, for damage.
var parquetCmds = map[string]func(*testscript.TestScript, bool, []string){
	"spark": cmdSpark, "codec": cmdCodec, "ruin": cmdRuin, "earlier": cmdEarlier,
}

func unzip(ts *testscript.TestScript, path string) map[string][]byte {
	z, err := zip.OpenReader(path)
	ts.Check(err)
	defer z.Close()
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		ts.Check(err)
		files[f.Name], err = io.ReadAll(r)
		ts.Check(err)
	}
	return files
}

func cmdSpark(ts *testscript.TestScript, _ bool, args []string) {
	data := unzip(ts, filepath.Join(testdata, "../../../io/hfparquet/testdata/spark.zip"))[args[0]+".parquet"]
	if data == nil {
		ts.Fatalf("no file %s", args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), data, 0o666))
}

// testdata is absolute: scripts run elsewhere.
var testdata, _ = filepath.Abs("testdata")

// column gives the metadata of a column of a row group to change, and writes the file.
func column(ts *testscript.TestScript, args []string, change func(data []byte, m *pqformat.ColumnMetaData)) {
	path := ts.MkAbs(args[0])
	data, err := os.ReadFile(path)
	ts.Check(err)
	group, err := strconv.Atoi(args[2])
	ts.Check(err)
	found := false
	data = shardtest.Refoot(failer{ts: ts}, data, func(m *pqformat.FileMetaData) {
		for i := range m.RowGroups[group].Columns {
			if c := &m.RowGroups[group].Columns[i].MetaData; strings.Join(c.PathInSchema, ".") == args[1] {
				change(data, c)
				found = true
			}
		}
	})
	if !found {
		ts.Fatalf("no column %s", args[1])
	}
	ts.Check(os.WriteFile(path, data, 0o666))
}

// failer ends a script where a test would end.
type failer struct {
	testing.TB
	ts *testscript.TestScript
}

func (failer) Helper()             {}
func (f failer) Fatal(args ...any) { f.ts.Fatalf("%s", fmt.Sprint(args...)) }

func cmdCodec(ts *testscript.TestScript, _ bool, args []string) {
	id, err := strconv.Atoi(args[3])
	ts.Check(err)
	column(ts, args, func(_ []byte, m *pqformat.ColumnMetaData) { m.Codec = pqformat.CompressionCodec(id) })
}

func cmdRuin(ts *testscript.TestScript, _ bool, args []string) {
	column(ts, args, func(data []byte, m *pqformat.ColumnMetaData) {
		at := m.DataPageOffset
		if m.DictionaryPageOffset > 0 {
			at = m.DictionaryPageOffset
		}
		copy(data[at:], bytes.Repeat([]byte{0xff}, 8))
	})
}

func cmdEarlier(ts *testscript.TestScript, _ bool, args []string) {
	for name, data := range unzip(ts, filepath.Join(testdata, "earlier.zip")) {
		stem, _, _ := strings.Cut(name, ".")
		id, _, _ := strings.Cut(stem, "-")
		now, err := filepath.Glob(filepath.Join(ts.MkAbs(args[0]), "*", id+"-*"))
		ts.Check(err)
		at := slices.IndexFunc(now, func(path string) bool {
			text, err := os.ReadFile(path)
			return err == nil && bytes.Contains(text, []byte(`"container"`)) && strings.HasSuffix(path, ".mark")
		})
		if at < 0 {
			ts.Fatalf("the cache has no place of chunk %s", id)
		}
		dir, base := filepath.Split(now[at])
		_, place, _ := strings.Cut(base, ".")
		mark, err := os.ReadFile(now[at])
		ts.Check(err)
		for _, path := range now {
			ts.Check(os.Remove(path))
		}
		ts.Check(os.WriteFile(dir+name, data, 0o666))
		ts.Check(os.WriteFile(dir+stem+"."+place, mark, 0o666))
	}
}
