package blob

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAddresses(t *testing.T) {
	tests := []struct {
		uri, base, dir, join string
		local                bool
	}{
		{"/a/b", "b", "/a", "/a/b/c.tar", true},
		{"/a/b/", "b", "/a/b", "/a/b/c.tar", true},
		{"a", "a", ".", "a/c.tar", true},
		{"file:///a/b", "b", "/a", "/a/b/c.tar", true},
		{"file://./a", "a", ".", "a/c.tar", true},
		{"/a/\xe9", "\xe9", "/a", "/a/\xe9/c.tar", true},
		{"synth:100", "synth:100", ".", "synth:100/c.tar", true},
		{"./a://b", "b", "a:", "a:/b/c.tar", true},
		{"gs://b/k", "k", "gs://b", "gs://b/k/c.tar", false},
		{"gs://b/k/l/", "l", "gs://b/k", "gs://b/k/l/c.tar", false},
		{"gs://b", "b", "gs://b", "gs://b/c.tar", false},
		{"gs://b/", "b", "gs://b", "gs://b/c.tar", false},
		{"s3://b?endpoint=h:1&region=r/k", "k", "s3://b?endpoint=h:1&region=r", "s3://b?endpoint=h:1&region=r/k/c.tar", false},
		{"s3://b?endpoint=h:1", "b", "s3://b?endpoint=h:1", "s3://b?endpoint=h:1/c.tar", false},
		{"mem://b/k/../l", "l", "mem://b/k/..", "mem://b/k/../l/c.tar", false},
	}
	for _, tt := range tests {
		if got := IsLocal(tt.uri); got != tt.local {
			t.Errorf("IsLocal(%q) = %v", tt.uri, got)
		}
		if got := Base(tt.uri); got != tt.base {
			t.Errorf("Base(%q) = %q, want %q", tt.uri, got, tt.base)
		}
		if got := Dir(tt.uri); got != tt.dir {
			t.Errorf("Dir(%q) = %q, want %q", tt.uri, got, tt.dir)
		}
		if got := Join(tt.uri, "", "c.tar"); got != tt.join {
			t.Errorf("Join(%q) = %q, want %q", tt.uri, got, tt.join)
		}
	}
	if got := Join("gs://b", "a/", "/c", "d"); got != "gs://b/a/c/d" {
		t.Error(got)
	}
}

func TestRel(t *testing.T) {
	tests := []struct {
		root, uri, rel string
		ok             bool
	}{
		{"/a", "/a/b/c", "b/c", true},
		{"/a/", "/a/b", "b", true},
		{"file:///a", "/a/b", "b", true},
		{"/a", "/ab", "", false},
		{"/a", "/a", "", false},
		{"gs://b/k", "gs://b/k/l/m", "l/m", true},
		{"gs://b/k/", "gs://b/k/l", "l", true},
		{"gs://b", "gs://b/k", "k", true},
		{"gs://b/k", "gs://b/kl", "", false},
		{"gs://b/k", "/a", "", false},
	}
	for _, tt := range tests {
		if rel, ok := Rel(tt.root, tt.uri); ok != tt.ok || ok && rel != tt.rel {
			t.Errorf("Rel(%q, %q) = %q, %v", tt.root, tt.uri, rel, ok)
		}
	}
}

func TestAbs(t *testing.T) {
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ uri, want, problem string }{
		{"a/../b", filepath.Join(wd, "b"), ""},
		{"file:///x/y", "/x/y", ""},
		{"file://localhost/x", "/x", ""},
		{"mem://b/k/", "mem://b/k", ""},
		{"mem://b/", "mem://b", ""},
		{"", "", "empty"},
		{"a\x00b", "", "zero byte"},
		{"file://host/x", "", "no host"},
		{"ftp://b/k", "", `unknown scheme "ftp://"; use a local path`},
		{"mem:///k", "", "the bucket is missing: write mem://BUCKET/KEY"},
	}
	for _, tt := range tests {
		got, err := Abs(tt.uri)
		if tt.problem != "" {
			if err == nil || !strings.Contains(err.Error(), tt.problem) {
				t.Errorf("Abs(%q): %v, want %q", tt.uri, err, tt.problem)
			}
			continue
		}
		if err != nil || got != tt.want {
			t.Errorf("Abs(%q) = %q, %v, want %q", tt.uri, got, err, tt.want)
		}
	}
}
