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
	lfs := []byte("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 130000\n")
	page := []byte("<!DOCTYPE html>\n<html>404</html>")
	tests := []struct {
		name, file string
		data       []byte
		lost       []int64
		why        string
	}{
		{"a pointer", "x.tfrecord", lfs, []int64{130000}, "a Git LFS pointer"},
		{"a pointer", "x.parquet", lfs, []int64{130000}, "a Git LFS pointer"},
		{"a page", "x.tfrecord", page, []int64{-1}, "an HTML page"},
		{"a page", "x.parquet", page, []int64{-1}, "an HTML page"},
		{"a 7z archive", "x.tfrecord", append([]byte("7z\xbc\xaf\x27\x1c"), make([]byte, 94)...), []int64{100}, "a 7z archive"},
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
