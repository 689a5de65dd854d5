package source

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix/internal/tartest"
)

// TestTarDamage: an input has a row for each image of a damaged tar that is whole, and one for each fault, with its
// place, its kind and how many bytes are lost with it. No image is used that the checksums of a compressed tar do not
// vouch for.
func TestTarDamage(t *testing.T) {
	for _, f := range tartest.Files(t) {
		t.Run(f.File+" "+f.Name, func(t *testing.T) { compareTar(t, f) })
	}
}

// TestOddTars says what becomes of tars that others found worth keeping.
func TestOddTars(t *testing.T) {
	for _, f := range tartest.Odd(t) {
		t.Run(f.Name, func(t *testing.T) { compareTar(t, f) })
	}
}

func compareTar(t *testing.T, f tartest.File) {
	path := filepath.Join(t.TempDir(), f.File)
	put(t, path, f.Data)
	tartest.Compare(t, f.Input, tarLines(t, path))
	if cat, rows := scan(t, Options{AnyLabels: true}, Input{URI: path}); cat.Containers[0].Compression == "" {
		if d := cmp.Diff(rows, readAll(t, cat, Options{ChunkImages: 1})); d != "" {
			t.Errorf("ChunkImages 1: %s", d)
		}
	}
}

// tarLines reads a tar, and returns a line for each entry, as tartest.File has them.
func tarLines(t *testing.T, path string) (lines []string) {
	t.Helper()
	cat, err := Discover(t.Context(), []Input{{URI: path}}, Options{AnyLabels: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cat.Containers {
		chunks, err := Split(t.Context(), c, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, ch := range chunks {
			if err := readSure(t, ch, Options{}, func(e Entry) error {
				s := &e.Sample
				switch lost, ok := LostBytes(s); {
				case e.Ignored:
					lines = append(lines, s.Name+" is ignored")
				case s.Fault == nil && s.Class != "":
					lines = append(lines, s.Name+" = "+s.Class)
				case s.Fault == nil:
					lines = append(lines, fmt.Sprint(s.Name, " = ", s.Label))
				case ok:
					lines = append(lines, fmt.Sprintf("%s: %s, %d lost: %s", s.Name, s.Fault.Kind, lost, s.Fault.Reason))
				default:
					lines = append(lines, fmt.Sprintf("%s: %s: %s", s.Name, s.Fault.Kind, s.Fault.Reason))
				}
				if Unweighed(s) {
					t.Errorf("%s looks like a row of an earlier version", s.Name)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return lines
}
