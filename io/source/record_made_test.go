package source

import (
	"cmp"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/premix/premix/internal/madetest"
)

// TestMadeRecords compares with tf.data, on the files of testdata/records.zip, or of the archive that PREMIX_MADE
// names; testdata/records.py made them. Up to the first defect the records are the same, and where the one
// finds a defect so does the other. What is read behind it is counted.
func TestMadeRecords(t *testing.T) {
	files := madetest.Files(t, filepath.Join("testdata", "records.zip"))
	counts := map[string]int{}
	path := filepath.Join(t.TempDir(), "x")
	for _, name := range madetest.Names(files, ".tfrecord") {
		counts["files"]++
		put(t, path, files[name+".tfrecord"])
		how, want, _ := strings.Cut(string(files[name+".txt"]), "\n")
		before, behind, fault := madeRecords(t, path, files[name+".tfrecord"])
		want, stop, refused := strings.Cut(want, "error: ")
		if want == before && refused == (fault != nil) {
			counts[map[bool]string{false: "whole", true: "refused by both"}[refused]]++
		} else if why := madeException(files[name+".tfrecord"], want, before, stop, fault); why != "" {
			counts["exception: "+why]++
		} else {
			t.Errorf("%s, %s: %d records and %v; tf.data %d and %q", name, how, len(before)/41, fault, len(want)/41, stop)
		}
		if behind > 0 {
			counts["read behind a defect"]++
			counts["records behind a defect"] += behind
		}
	}
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		t.Logf("%6d %s", counts[what], what)
	}
}

// madeException names the reason for which a difference from tf.data is right; it is empty for none.
func madeException(data []byte, want, before, stop string, fault error) string {
	switch {
	case emptyMember.Match(data) && strings.HasPrefix(before, want) && (stop == "" || strings.Contains(stop, "truncated record")):
		return "tf.data stops at an empty gzip member, which is one of several"
	case fault == nil:
		return ""
	case stop == "" && want == before && strings.Contains(fault.Error(), "stream ends early"):
		return "tf.data takes a compressed stream that ends early, between two records, for whole"
	case stop == "" && want == before && strings.Contains(fault.Error(), "of the 12 bytes of its head"):
		return "tf.data takes a rest of less than a head for the end"
	case stop == "" && want == before && strings.Contains(fault.Error(), "what follows the "):
		return "tf.data ignores what follows a compressed stream"
	case strings.Contains(stop, "inflate() failed") && strings.HasPrefix(before, want):
		return "tf.data unpacks ahead, and loses records before a broken stream"
	}
	return ""
}

// emptyMember matches the beginning of a gzip member of no bytes.
var emptyMember = regexp.MustCompile(`(?s)\x1f.\x08\x00......(\x03\x00|\x01\x00\x00)`)

// madeRecords reads a file as an input: the hashes of the records before the first defect, how many are behind
// it, and the defect.
func madeRecords(t *testing.T, path string, data []byte) (before string, behind int, fault error) {
	t.Helper()
	c := Container{Name: "x", URI: path, Layout: layoutRecord, Size: int64(len(data)), Compression: compressionIn(data)}
	w, f, err := c.open(t.Context(), 0, c.Size)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w.End = -1
	scan := scanRecords(t.Context(), w, 0, 1<<27, false)
	for {
		r, err := scan.record()
		var e *recordFault
		switch {
		case err == io.EOF:
			return before, behind, fault
		case errors.As(err, &e):
			fault = cmp.Or(fault, err)
		case err != nil:
			t.Fatal(err)
		case fault == nil:
			before += fmt.Sprintf("%x\n", sha1.Sum(r.data))
		default:
			behind++
		}
	}
}
