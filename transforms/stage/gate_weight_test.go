package stage

import "testing"

// TestScale weighs losses by what is in the other containers.
func TestScale(t *testing.T) {
	whole := func(name string, images, size int64) PlannedChunk {
		return PlannedChunk{Summary: Summary{Container: name, Entries: images, Size: size}}
	}
	hurt := func(name string, images, size int64, losses ...Loss) PlannedChunk {
		return PlannedChunk{Summary: Summary{Container: name, Entries: images + int64(len(losses)), Size: size, Losses: losses}}
	}
	siblings := []PlannedChunk{whole("a", 100, 1000), whole("b1", 50, 250), whole("b2", 50, 250)}
	tests := []struct {
		name string
		sums []PlannedChunk
		want int64 // images of the last loss
	}{
		{"a container of garbage", append(siblings[:3:3], hurt("c", 0, 1500, Loss{"corrupt", 1500, 0})), 200},
		{"a part of one", append(siblings[:3:3], hurt("c", 90, 750, Loss{"corrupt", 75, 0})), 10},
		{"a page in the place of one", append(siblings[:3:3], hurt("c", 0, 99, Loss{"corrupt", -1, 0})), 67},
		{"one that was cut off", append(siblings[:3:3], hurt("c", 30, 200, Loss{"truncated", -1, 0})), 37},
		{"one that has more than others", append(siblings[:3:3], hurt("c", 300, 2000, Loss{"truncated", -1, 0})), 1},
		{"a hole in the only one", []PlannedChunk{hurt("c", 50, 1000, Loss{"corrupt", 500, 0})}, 50},
		{"one that says how many", append(siblings[:3:3], hurt("c", 90, 750, Loss{"unsupported", 75, 3})), 3},
		{"only folders beside it", []PlannedChunk{whole("a", 100, 0), hurt("c", 0, 500, Loss{"corrupt", 500, 0})}, 1},
		{"nothing beside it", []PlannedChunk{hurt("c", 0, 500, Loss{"corrupt", 500, 0})}, 1},
		{"nothing beside a page", []PlannedChunk{hurt("c", 0, 500, Loss{"corrupt", -1, 0})}, 1},
	}
	for _, test := range tests {
		last := test.sums[len(test.sums)-1]
		if got := newScale(test.sums).loss(last.Container, last.Losses[len(last.Losses)-1]); got != test.want {
			t.Errorf("%s: %d images, want %d", test.name, got, test.want)
		}
	}
}
