package source

import (
	"testing"

	"github.com/premix/premix"
)

// TestPlace: where an entry is, as far as a row of the cache tells.
func TestPlace(t *testing.T) {
	at := func(offset int64) premix.Location { return premix.Location{Offset: offset} }
	for _, test := range []struct {
		layout string
		s      premix.Sample
		want   string
	}{
		{layoutRecord, premix.Sample{Key: "000000017", Location: at(400)}, "record 17, image at byte 400: "},
		{layoutRecord, premix.Sample{Key: "000000017", Location: at(-1)}, "record 17: "},
		{layoutParquet, premix.Sample{Key: "000000017", Location: at(-1)}, "row 17: "},
		{layoutTar, premix.Sample{Key: "000000017", Location: at(512)}, "image at byte 512: "},
		{layoutTar, premix.Sample{Key: "a", Location: at(-1)}, ""},
		{layoutFolder, premix.Sample{Key: "a"}, ""},
		{layoutSynth, premix.Sample{Key: "a", Location: at(7)}, ""},
	} {
		if got := Place(test.layout, &test.s); got != test.want {
			t.Errorf("%s %s: %q, want %q", test.layout, test.s.Key, got, test.want)
		}
	}
}
