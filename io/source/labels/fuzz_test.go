package labels

import (
	"strings"
	"testing"
)

// FuzzParse reads lists of any bytes: no panic, and what is a list is one again when its columns are known.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"image,label\na,1\nb,2\n", "a.jpg\tcat\nb.jpg\tdog", "# x\na 1 2 3\nb 4 5 6\n", "2\nx y\na 1 2\nb 3 4\n", "1\na b\n",
		`{"image": "a", "label": 1}`, "\"a\n,", "a;\"b\"\"\n", "\ufeffimage,label\r\na,1", "a,-1\nb,1.0\n",
	} {
		f.Add([]byte(seed), "label")
	}
	type row struct {
		Image string `parquet:"image"`
		Label int32  `parquet:"label"`
	}
	f.Add([]byte(parquetOf(f, row{"a", 1}, row{"b", 2})), "")
	f.Fuzz(func(t *testing.T, data []byte, key string) {
		has := Names([]string{"a.jpg", "b.png", "x/1.jpg", "2"})
		table, columns, err := Open(data, Question{Name: "x", Key: key, Has: has})
		States("metadata.csv", key, data)
		if err != nil {
			return
		}
		list, err := table.List(columns)
		again, perr := Parse(data, columns.Separator)
		if perr != nil {
			t.Fatalf("it is not read again: %v", perr)
		}
		if _, aerr := again.List(columns); (aerr == nil) != (err == nil) {
			t.Fatalf("%v, and then %v", err, aerr)
		}
		if err != nil {
			if strings.ContainsAny(err.Error(), "\r\n") {
				t.Fatalf("%q has several lines", err)
			}
			return
		}
		for i := range list.Len() {
			if row, _ := list.Find(list.Name(i)); row < 0 {
				t.Fatalf("%q is not found", list.Name(i))
			}
		}
	})
}
