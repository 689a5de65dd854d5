package source

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix/io/window"
)

// daliIndex writes the index of a tar as wds2idx does.
func daliIndex(t *testing.T, data []byte) string {
	t.Helper()
	w := window.At(bytes.NewReader(data), 0, -1, int64(len(data)))
	scan := walkTar(w, 0, false)
	var lines []string
	last := ""
	for {
		m, err := scan.Next(t.Context())
		if err != nil {
			break
		}
		key, ext, _ := splitKey(m.Name)
		if key != last {
			lines = append(lines, "")
		}
		last = key
		lines[len(lines)-1] += fmt.Sprintf(" %s %d %d %s", ext, m.Data, m.Size, m.Name)
	}
	text := fmt.Sprintf("v1.2 %d\n", len(lines))
	for _, l := range lines {
		text += strings.TrimSpace(l) + "\n"
	}
	return text
}

// TestIndexCuts: an index spares the scan, and a wrong one does no harm.
func TestIndexCuts(t *testing.T) {
	data := tarOf(t, samples(40)...)
	right := daliIndex(t, data)
	lines := strings.SplitAfter(right, "\n")
	other := daliIndex(t, tarOf(t, samples(41)[2:]...))
	tests := []struct {
		name, index string
		cut         bool
	}{
		{"right", right, true},
		{"without jpg", strings.ReplaceAll(strings.Join(lines, ""), " jpg ", " x "), true},
		{"of another tar", other, true}, // the tar is scanned instead
		{"without names", strings.Replace(right, "v1.2", "v1.1", 1), true},
		{"garbage", "v1.2 40\ncls -5 1 a", true},
		{"too few", lines[0] + lines[1] + lines[2], true},
		{"twice", lines[0] + lines[1] + lines[1], true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, filepath.Join(dir, "x.tar"), data)
			put(t, filepath.Join(dir, "__index__", "x.idx"), []byte(test.index))
			cat, want := scan(t, Options{ChunkImages: 1000}, Input{"", dir})
			if cat.Containers[0].Index == "" {
				t.Fatal("the index was not found")
			}
			chunks, err := Split(t.Context(), cat.Containers[0], Options{ChunkImages: 6})
			if err != nil {
				t.Fatal(err)
			}
			if (len(chunks) > 1) != test.cut {
				t.Errorf("%d chunks", len(chunks))
			}
			if d := cmp.Diff(want, readAll(t, cat, Options{ChunkImages: 6})); d != "" {
				t.Error(d)
			}
			data, err := cat.Containers[0].readIndex(t.Context())
			points, ok := parseIndex(data).points(cat.Containers[0])
			if err != nil || ok != (test.name == "right" || test.name == "without jpg" || test.name == "of another tar") {
				t.Errorf("index: %d points, %v, %v", len(points), ok, err)
			}
		})
	}
}
