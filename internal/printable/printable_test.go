package printable

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestName(t *testing.T) {
	long := strings.Repeat("ä", 2048)
	for in, want := range map[string]string{
		"":                       "",
		"n01440764/a b.JPEG":     "n01440764/a b.JPEG",
		"été/猫 😀 ́ \u00a0\u3000": "été/猫 😀 ́ \u00a0\u3000",
		`back\slash "quoted"`:    `back\slash "quoted"`,
		"\u0600":                 "\u0600",
		"\ufffd":                 "\ufffd",
		"\x1b[31mred\x1b[0m":     `\x1b[31mred\x1b[0m`,
		"a\rb\nc\td\x00\x7f":     `a\rb\nc\td\x00\x7f`,
		"\x9b31m":                `\x9b31m`,
		"\u009b31m":              `\u009b31m`,
		"exe\u202egpj.":          `exe\u202egpj.`,
		"\u2066a\u2069":          `\u2066a\u2069`,
		"a\u200bb\u200d\ufeff":   `a\u200bb\u200d\ufeff`,
		"\u2028\u2029\u0085":     `\u2028\u2029\u0085`,
		"\U000e0041":             `\U000e0041`,
		"\xe2\x80":               `\xe2\x80`,
		"\xed\xa0\x80":           `\xed\xa0\x80`,
		long:                     strings.Repeat("ä", 125) + "…" + strings.Repeat("ä", 125) + " (4096 bytes)",
		strings.Repeat("x", 500): strings.Repeat("x", 500),
	} {
		if got := Name(in); got != want {
			t.Errorf("Name(%q) = %q, want %q", in, got, want)
		}
	}
	if got := Text("a\nb\x1b"); got != "a\n"+`b\x1b` {
		t.Errorf("Text: %q", got)
	}
	if got := Line(long + "\n"); got != long+`\n` {
		t.Errorf("Line: %q", got)
	}
}

func FuzzName(f *testing.F) {
	f.Add("a\x1b\u202e\x9b\xe2\x80")
	f.Add(strings.Repeat("é\xff", 400))
	f.Fuzz(func(t *testing.T, s string) {
		got := Name(s)
		if !isPlain(got, false) || !utf8.ValidString(got) || len(got) > 10*longest {
			t.Errorf("Name(%q) = %q", s, got)
		}
		if isPlain(s, false) && len(s) <= longest && got != s {
			t.Errorf("Name(%q) = %q", s, got)
		}
	})
}

func TestSprintf(t *testing.T) {
	odd := "a\nb\x1b"
	for _, c := range []struct{ got, want string }{
		{Sprintf("%s|%v|%q|%d", odd, odd, odd, 5), `a\nb\x1b|a\nb\x1b|"a\nb\x1b"|5`},
		{Sprintf("%v %s", []string{odd, "x"}, []string{"y"}), `[a\nb\x1b x] [y]`},
		{Sprintf("%-4s|%4s|%.2s", "a", "b", "cde"), "a   |   b|cd"},
		{Sprintf("%v", errors.New(odd)), "a\n" + `b\x1b`},
		{Sprintf("%s", Made(odd)), "a\n" + `b\x1b`},
		{Sprintf("%s", bytes.NewBufferString(odd)), `a\nb\x1b`},
		{Sprintf("%T %t %.1f", "", true, 1.5), "printable.name true 1.5"},
		{Sprintf("%s", strings.Repeat("x", 1000)), strings.Repeat("x", 1000)},
		{Sprintf("%s", strings.Repeat("x", 1001)), strings.Repeat("x", 500) + "…" + strings.Repeat("x", 500) + " (1001 bytes)"},
		{Sprintf("%q", strings.Repeat("x", 1001)), `"` + strings.Repeat("x", 500) + "…" + strings.Repeat("x", 500) + `"`},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
	err := Errorf("%s: %w", odd, fs.ErrNotExist)
	if err.Error() != `a\nb\x1b: file does not exist` || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%q", err)
	}
}

func TestWriter(t *testing.T) {
	in := "plain é\n\x1b[31m \u202e \xff end\xe2\x80"
	want := "plain é\n" + `\x1b[31m \u202e \xff end\xe2\x80`
	for size := 1; size <= len(in); size++ {
		var b strings.Builder
		w := NewWriter(&b)
		for rest := in; rest != ""; {
			n := min(size, len(rest))
			if got, err := w.Write([]byte(rest[:n])); got != n || err != nil {
				t.Fatal(got, err)
			}
			rest = rest[n:]
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if b.String() != want {
			t.Fatalf("in pieces of %d: %q, want %q", size, b.String(), want)
		}
	}
	full := NewWriter(fullDisk{})
	if _, err := full.Write([]byte("x")); err != errFull {
		t.Error(err)
	}
}

var errFull = errors.New("full")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestJSONWriter(t *testing.T) {
	value := map[string]string{"a\u009b\u202e\x7f\x1b\n": "é\U000e0041\u200b😀"}
	var b bytes.Buffer
	w := NewJSONWriter(&b)
	enc := json.NewEncoder(w)
	enc.SetIndent("", "\t")
	if err := enc.Encode(value); err != nil {
		t.Fatal(err)
	}
	if want := "{\n\t" + `"a\u009b\u202e\u007f\u001b\n": "é\udb40\udc41\u200b😀"` + "\n}\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
	var back map[string]string
	if err := json.Unmarshal(b.Bytes(), &back); err != nil || fmt.Sprint(back) != fmt.Sprint(value) {
		t.Errorf("%q, %v", back, err)
	}
}

func TestCount(t *testing.T) {
	for want, got := range map[string]string{"1 class": Count(1, "class"), "2 classes": Count(2, "class"), "0 images": Count(0, "image"), "1 image": Count(1, "image"), "2 entries": Count(2, "entry")} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
