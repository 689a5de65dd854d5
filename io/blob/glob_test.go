package blob

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGlob(t *testing.T) {
	dir := t.TempDir()
	files := []string{"t-000.tar", "t-001.tar", "t-002.tar", "v-0.tar", ".hid.tar", "x[1].tar", "a/s.jpg", "b/s.jpg", "b/u.png", "c*/w.jpg", "back\\slash"}
	write(t, dir, files...)
	mem := "mem://glob/dir"
	for _, f := range files {
		if err := WriteFile(ctx, Join(mem, f), []byte(f)); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		pattern string
		want    []string
	}{
		{"t-*.tar", files[:3]},
		{"t-00[12].tar", files[1:3]},
		{"t-00[!0].tar", files[1:3]},
		{"t-00?.tar", files[:3]},
		{"t-{000..002}.tar", files[:3]},
		{"{v-0,t-{000..001}}.tar", []string{"t-000.tar", "t-001.tar", "v-0.tar"}},
		{"{t-000,t-00*}.tar", files[:3]},
		{"*.tar", []string{"t-000.tar", "t-001.tar", "t-002.tar", "v-0.tar", "x[1].tar"}},
		{".*.tar", []string{".hid.tar"}},
		{"x[1].tar", []string{"x[1].tar"}},
		{"*/s.jpg", []string{"a/s.jpg", "b/s.jpg"}},
		{"{a,b}/*.jpg", []string{"a/s.jpg", "b/s.jpg"}},
		{"c*/w.jpg", []string{"c*/w.jpg"}},
		{`c\*/*`, []string{"c*/w.jpg"}},
		{"b", []string{"b/"}},
		{"?", []string{"a/", "b/"}},
		{`back\\*`, []string{"back\\slash"}},
	}
	for _, root := range []string{dir, mem} {
		for _, tt := range tests {
			list, err := Glob(ctx, root+"/"+tt.pattern)
			if err != nil {
				t.Errorf("%s: %v", tt.pattern, err)
				continue
			}
			if d := cmp.Diff(tt.want, names(t, root, list)); d != "" {
				t.Errorf("%s: %s", tt.pattern, d)
			}
		}
		for _, pattern := range []string{"none", "n*", "t-{001..003}.tar", "{a,z}/s.jpg", "n*/x", "t-000.tar/*"} {
			if list, err := Glob(ctx, root+"/"+pattern); !errors.Is(err, fs.ErrNotExist) && !strings.Contains(err.Error(), "not a directory") {
				t.Errorf("%s: %v, %v", pattern, list, err)
			}
		}
		if _, err := Glob(ctx, root+"/t-[.tar"); err == nil || !strings.Contains(err.Error(), "syntax") {
			t.Errorf("bad pattern: %v", err)
		}
	}
	t.Chdir(dir)
	list, err := Glob(ctx, "{a,b}/s.*")
	if err != nil || len(list) != 2 || list[0].URI != "a/s.jpg" {
		t.Errorf("relative: %v, %v", list, err)
	}
	if _, err := os.Stat(list[1].URI); err != nil {
		t.Error(err)
	}
}

func TestExpandBraces(t *testing.T) {
	tests := []struct {
		in   string
		want []string
		bad  bool
	}{
		{"a", []string{"a"}, false},
		{"", []string{""}, false},
		{"a{b,c}d", []string{"abd", "acd"}, false},
		{"{a,b}{1..2}", []string{"a1", "a2", "b1", "b2"}, false},
		{"{a,{b,c}d,}", []string{"a", "bd", "cd", ""}, false},
		{"{08..11}", []string{"08", "09", "10", "11"}, false},
		{"{0..10}", strings.Fields("0 1 2 3 4 5 6 7 8 9 10"), false},
		{"{9..010}", []string{"009", "010"}, false},
		{"{5..5}", []string{"5"}, false},
		{"{a}", []string{"{a}"}, false},
		{"{a..b}", []string{"{a..b}"}, false},
		{"{}", []string{"{}"}, false},
		{"{a,b", []string{"{a,b"}, false},
		{"a}b{", []string{"a}b{"}, false},
		{`\{a,b\}`, []string{`\{a,b\}`}, false},
		{`{a\,b,c}`, []string{`a\,b`, "c"}, false},
		{"{3..1}", nil, true},
		{"{0..999999}", nil, true},
		{"{0..999}{0..999}", nil, true},
		{"{{0..99999},{0..99999}}", nil, true},
	}
	for _, tt := range tests {
		got, err := expandBraces(tt.in)
		if (err != nil) != tt.bad {
			t.Errorf("%q: %v", tt.in, err)
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%q: %s", tt.in, d)
		}
	}
}

func TestGlobDir(t *testing.T) {
	for pattern, want := range map[string]string{
		"/d/train-*.tar":                       "/d",
		"/d/{a,b}/c/x.tar":                     "/d",
		"/d/x.tar":                             "/d",
		"train-[0-9].tar":                      ".",
		"file:///d/a?/x.tar":                   "/d",
		"mem://b/d/*/x.tar":                    "mem://b/d",
		"mem://b/*.tar":                        "mem://b",
		"mem://b?x=1/d/train-{000..001}.tar":   "mem://b?x=1/d",
		"mem://b?x=1/d/x.tar":                  "mem://b?x=1/d",
		"mem://b?x=1/?.tar":                    "mem://b?x=1",
		"s3://b?endpoint=[::1]:9000&x=1/d/*/a": "s3://b?endpoint=[::1]:9000&x=1/d",
	} {
		if got := GlobDir(pattern); got != want {
			t.Errorf("%s: %s, want %s", pattern, got, want)
		}
	}
	if HasMeta("mem://b?x=1/d/x.tar") || HasMeta("mem://b?x=[1]") || !HasMeta("mem://b?x=1/d/?.tar") {
		t.Error("HasMeta")
	}
}
