package blob

import (
	"strings"
	"testing"
)

// A pattern stands for a bounded number of words, which hold no brace of a list any more, and
// expanding one of its words again changes nothing but the order of work.
func FuzzBraces(f *testing.F) {
	for _, s := range []string{"a{b,c}d", "{000..146}.tar", "{a,{b,c}d,}", `\{a,b\}`, "{{{{,}", "{1..3}{3..1}", "}{", "{a,b", "{\xff,é}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 200 {
			return
		}
		words, err := expandBraces(s)
		if err != nil {
			return
		}
		if len(words) == 0 || len(words) > mostWords {
			t.Fatalf("%q: %d words", s, len(words))
		}
		if !strings.Contains(s, "{") && (len(words) != 1 || words[0] != s) {
			t.Errorf("%q becomes %q", s, words)
		}
	})
}

// An address that can be taken apart can be put together again.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{"gs://b/k", "s3://b?endpoint=h:1&x=y/k/l", "mem://b", "mem://b/", "file:///x", "/a/../b", "a://b", "gs://", "s3:///k", "\xff", "mem://b?x//k"} {
		f.Add(s, "x")
	}
	f.Fuzz(func(t *testing.T, uri, elem string) {
		Base(uri)
		Dir(uri)
		HasMeta(uri)
		joined := Join(uri, elem)
		if IsLocal(uri) {
			return
		}
		if IsLocal(joined) {
			t.Errorf("Join(%q, %q) = %q is local", uri, elem, joined)
		}
		a, err := parse(uri)
		if err != nil {
			return
		}
		b, err := parse(a.root() + "/" + a.key)
		if err != nil || a != b {
			t.Errorf("%q: %+v becomes %+v, %v", uri, a, b, err)
		}
		if elem != "" && elem[0] != '/' && a.key != "" && a.key[len(a.key)-1] != '/' {
			if rel, ok := Rel(uri, joined); !ok || rel != elem {
				t.Errorf("Rel(%q, %q) = %q, %v, want %q", uri, joined, rel, ok, elem)
			}
		}
	})
}
