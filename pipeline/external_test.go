package pipeline

import (
	"strings"
	"testing"

	"github.com/premix/premix/imaging/crop"
	"github.com/premix/premix/io/peakfile"
)

// TestPeaksOfReplicas wants no peak of one replica used in another.
func TestPeaksOfReplicas(t *testing.T) {
	for _, test := range []struct {
		geometry        string
		replicas, first int
		later, bad      bool
	}{
		{crop.Center, 3, 0, true, true},
		{crop.Squash, 1, 2, true, true},
		{crop.Center, 1, 0, true, false},
		{crop.Center, 3, 0, false, false}, // a cache of this geometry has rows of replica 0 only
		{crop.RRC, 3, 0, true, false},
	} {
		c := &Config{Detector: "peaks.csv", Geometry: test.geometry, Replicas: test.replicas, FirstReplica: test.first}
		c.External = &peakfile.Info{Kind: peakfile.KindTable, PerReplica: true, Later: test.later}
		err := c.checkExternal()
		if (err != nil) != test.bad || err != nil && !strings.Contains(err.Error(), "that of replica 0") {
			t.Errorf("%+v: %v", test, err)
		}
	}
}
