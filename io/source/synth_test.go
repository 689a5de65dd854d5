package source

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix/io/source/synth"
)

// TestSynthLayouts: a drawn set is the same images in the same order as its written forms.
func TestSynthLayouts(t *testing.T) {
	const n = 30
	cat, want := scan(t, Options{}, Input{"", "synth:30"})
	if len(want) != n || cat.Layout != "synth" {
		t.Fatalf("%d rows, layout %s", len(want), cat.Layout)
	}
	if d := cmp.Diff(want, readAll(t, cat, Options{ChunkImages: 2})); d != "" {
		t.Errorf("ChunkImages 2: %s", d)
	}
	index := map[string]int{}
	for i, c := range cat.Classes {
		index[c] = i
	}
	for _, format := range synth.Formats() {
		dir := t.TempDir()
		if err := synth.Write(t.Context(), dir, format, n); err != nil {
			t.Fatal(err)
		}
		other, rows := scan(t, Options{}, Input{"", dir})
		if d := cmp.Diff(cat.Classes, other.Classes); d != "" {
			t.Errorf("%s: classes %s", format, d)
		}
		if len(rows) != n {
			t.Fatalf("%s: %d rows", format, len(rows))
		}
		for i, r := range rows {
			if r.Digest != want[i].Digest {
				t.Errorf("%s: row %d is %s, want %s", format, i, r.Name, want[i].Name)
			}
			if r.Label >= 0 && r.Label != index[want[i].Class] || r.Label < 0 && r.Class != want[i].Class {
				t.Errorf("%s: row %d: label %d %q, want %q", format, i, r.Label, r.Class, want[i].Class)
			}
			if format == "imagefolder" && r.plain() != want[i].plain() {
				t.Errorf("row %d: %v, want %v", i, r.plain(), want[i].plain())
			}
		}
	}
	few, rows := scan(t, Options{}, Input{"x", "synth:5"})
	if len(few.Containers) != 5 || len(rows) != 5 || !strings.HasPrefix(rows[4].Name, "x/fish/") {
		t.Errorf("synth:5: %v", rows)
	}
}
