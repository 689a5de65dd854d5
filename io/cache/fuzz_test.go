package cache

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"

	"github.com/premix/premix/io/checksum"
)

// Whatever the file holds, decode returns a chunk or ErrCorrupt.
func FuzzDecode(f *testing.F) {
	for _, n := range []int{0, 1, 20} {
		m, c := chunk(n)
		data, err := encode(m, c)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add(data[:len(data)-1])
	}
	f.Add([]byte("PAR1PAR1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, m, err := decode(data)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) || c != nil {
				t.Errorf("%v, %v", c, err)
			}
			return
		}
		if m.Ignored != c.Ignored || m.Schema != Schema {
			t.Errorf("%+v", m)
		}
	})
}

// Files of other programs, and of other versions, are ErrCorrupt though nothing in them is damaged.
func TestForeign(t *testing.T) {
	type other struct {
		A int64 `parquet:"a"`
	}
	file := func(write func(*bytes.Buffer) error) []byte {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		data := b.Bytes()
		sumMark.Set(data) // as if it were ours
		return data
	}
	meta := parquet.KeyValueMetadata(metaKey, `{"schema":1,"sum":"`+checksum.None+`"}`)
	tests := map[string]struct {
		data []byte
		want string
	}{
		"other columns": {file(func(b *bytes.Buffer) error { return parquet.Write(b, []other{{1}}, meta) }), "other columns"},
		"no metadata":   {file(func(b *bytes.Buffer) error { return parquet.Write(b, []row{{}}) }), "no checksum"},
		"not for us": {file(func(b *bytes.Buffer) error {
			return parquet.Write(b, []row{{}}, parquet.KeyValueMetadata("x", `"sum":"`+checksum.None+`"`))
		}), `no metadata "premix"`},
		"schema": {file(func(b *bytes.Buffer) error {
			return parquet.Write(b, []row{{}}, parquet.KeyValueMetadata(metaKey, `{"schema":2,"sum":"`+checksum.None+`"}`))
		}), "schema 2, this is 1"},
		"no json": {file(func(b *bytes.Buffer) error {
			return parquet.Write(b, []row{{}}, parquet.KeyValueMetadata(metaKey, `"sum":"`+checksum.None+`"`))
		}), "metadata: "},
		"compression": {file(func(b *bytes.Buffer) error {
			return parquet.Write(b, []row{{}}, meta, parquet.Compression(&parquet.Snappy))
		}), "not compressed with zstd"},
		"digest": {file(func(b *bytes.Buffer) error {
			return parquet.Write(b, []row{{Digest: "x"}}, meta, parquet.Compression(&parquet.Zstd))
		}), `row 0: digest "x"`},
		"empty": {nil, "no checksum"},
		"text":  {[]byte(`{"sum":"` + checksum.None + `"}`), "checksum"},
	}
	for name, tt := range tests {
		_, _, err := decode(tt.data)
		if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
}

// Bytes become text and come back, and what is text already stays as it is.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", "n01440764/x.JPEG", "é日本", "\xe9", "a\xff\xfeb", "\uef80", "\uefff\xef", "\xef\xbb\xbf", "\xed\xa0\x80", "\xf0\x9f\x98\x80", "\xee\xbe", "\uef7f\uf000", "\ufffd"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text := toText(s)
		if !utf8.ValidString(text) {
			t.Errorf("%q becomes %q", s, text)
		}
		if got := fromText(text); got != s {
			t.Errorf("%q becomes %q becomes %q", s, text, got)
		}
		if utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return firstRune <= r && r <= lastRune }) && text != s {
			t.Errorf("%q becomes %q", s, text)
		}
	})
}
