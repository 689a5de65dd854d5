package source

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
)

// TestLosses: what is not there, or is of no use, is one row that says how many bytes it stands for.
func TestLosses(t *testing.T) {
	list := samples(40)
	whole := tarOf(t, list...)
	at := func(name string) int { return bytes.Index(whole, []byte(name)) }
	zeroed := func(data []byte, from, until int) []byte {
		data = bytes.Clone(data)
		clear(data[from:until])
		return data
	}
	middle := len(whole) / 2
	lfs := []byte("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 130000\n")
	page := []byte("<!DOCTYPE html>\n<html>404</html>")
	zip := append([]byte("PK\x03\x04"), make([]byte, 996)...)
	tests := []struct {
		name, file string
		data       []byte
		lost       []int64
		why        string
	}{
		{"whole", "x.tar", whole, nil, ""},
		{"a pointer", "x.tar", lfs, []int64{130000}, "a Git LFS pointer"},
		{"a pointer", "x.tar.gz", lfs, []int64{130000}, "a Git LFS pointer"},
		{"a pointer", "x.tfrecord", lfs, []int64{130000}, "a Git LFS pointer"},
		{"a pointer", "x.parquet", lfs, []int64{130000}, "a Git LFS pointer"},
		{"a page", "x.tar", page, []int64{-1}, "an HTML page"},
		{"a page", "x.tar.gz", page, []int64{-1}, "an HTML page"},
		{"a page", "x.tar.zst", page, []int64{-1}, "an HTML page"},
		{"a page", "x.tfrecord", page, []int64{-1}, "an HTML page"},
		{"a page", "x.parquet", page, []int64{-1}, "an HTML page"},
		{"a message of a store", "x.tar", []byte("<?xml version=\"1.0\"?>\n<Error/>"), []int64{-1}, "an XML text"},
		{"a zip archive", "x.tar", zip, []int64{1000}, "a zip archive"},
		{"a 7z archive", "x.tfrecord", append([]byte("7z\xbc\xaf\x27\x1c"), make([]byte, 94)...), []int64{100}, "a 7z archive"},
		{"a compressed tar by another name", "x.tar", gzipOf(t, whole), nil, ""},
		{"a tar by another name", "x.tar.gz", whole, nil, ""},
		{"garbage", "x.tar", bytes.Repeat([]byte("garbage "), 640), []int64{5120}, "no tar header"},
		{"zeros from a member on", "x.tar", zeroed(whole, at("s0020.jpg"), len(whole)), []int64{int64(len(whole) - at("s0020.jpg"))}, "is zeros, as of a download that did not finish"},
		{"zeros alone", "x.tar", make([]byte, 40960), []int64{40960}, "is zeros"},
		{"a hole that ends at a header", "x.tar", zeroed(whole, at("s0010.jpg"), at("s0012.jpg")), []int64{int64(at("s0012.jpg") - at("s0010.jpg"))}, "bytes of zeros: what they stand for is lost"},
		{"the end mark alone", "x.tar", make([]byte, 1024), nil, ""},
		{"a record of zeros", "x.tar", make([]byte, 10240), nil, ""},
		{"cut between members", "x.tar", whole[:at("s0020.jpg")], []int64{-1}, "without its end mark"},
		{"cut in an image", "x.tar", whole[:at("s0020.jpg")+600], []int64{-1}, "the archive ends after"},
		{"cut in a header", "x.tar", whole[:at("s0020.jpg")+100], []int64{-1}, "100 bytes where a header should be"},
		{"cut", "x.tar.gz", gzipOf(t, whole)[:500], []int64{-1}, "the gzip stream ends early"},
		{"zeros behind the end", "x.tar.gz", append(gzipOf(t, whole[:middle]), make([]byte, 20000)...), []int64{20000}, "20000 bytes of zeros"},
		{"a record of tape behind the end", "x.tar.gz", padded(gzipOf(t, whole), 10240), nil, ""},
		{"nothing", "x.tar", nil, []int64{-1}, "nothing in it"},
		{"garbage", "x.parquet", bytes.Repeat([]byte("garbage "), 640), []int64{5120}, ""},
	}
	for _, test := range tests {
		t.Run(test.name+" "+test.file, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, test.file)
			put(t, path, test.data)
			lost, reasons := lossesOf(t, path)
			if len(lost) != len(test.lost) || len(lost) == 1 && lost[0] != test.lost[0] {
				t.Errorf("losses of %d bytes, want %d: %s", lost, test.lost, reasons)
			}
			if !strings.Contains(reasons, test.why) {
				t.Errorf("%q does not say %q", reasons, test.why)
			}
		})
	}
}

// padded fills data up to a multiple of block with zeros.
func padded(data []byte, block int) []byte {
	return append(data, make([]byte, (block-len(data)%block)%block)...)
}

// lossesOf reads a file, and returns what its losses weigh and their reasons.
func lossesOf(t *testing.T, path string) (lost []int64, reasons string) {
	t.Helper()
	cat, err := Discover(context.Background(), []Input{{URI: path}}, Options{AnyLabels: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cat.Containers {
		chunks, err := Split(context.Background(), c, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, ch := range chunks {
			err := readSure(t, ch, Options{}, func(e Entry) error {
				if bytes, ok := LostBytes(&e.Sample); ok {
					lost, reasons = append(lost, bytes), reasons+e.Sample.Fault.Reason+"\n"
				}
				if Unweighed(&e.Sample) {
					t.Errorf("%s looks like a row of an earlier version", e.Sample.Name)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return lost, reasons
}

// TestPointerSize: a Git LFS pointer states a size, which is only a claim.
func TestPointerSize(t *testing.T) {
	for size, want := range map[string]int64{"130000": 130000, "0": unknown, "-5": unknown, "9223372036854775807": unknown, "99999999999999999999": unknown, "x": unknown} {
		if got := pointerSize([]byte("version https://git-lfs.github.com/spec/v1\nsize " + size + "\n")); got != want {
			t.Errorf("size %s: %d, want %d", size, got, want)
		}
	}
}
