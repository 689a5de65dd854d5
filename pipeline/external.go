package pipeline

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/premix/premix/io/peakfile"
	"github.com/premix/premix/mix"
	"github.com/premix/premix/sample"
)

// KnownDetector says whether a name of --detector is that of a detector, and not of a file.
func KnownDetector(name string) bool {
	return slices.Contains(sample.Detectors(), name)
}

// externalMark begins the name of a detector that is a file: its content follows, not its place.
const externalMark = "file:sha256:"

// detectorName is the detector as the recipe records it.
func (c *Config) detectorName() string {
	if c.External == nil { // or it is that of a recipe, and has the mark
		return c.Detector
	}
	return externalMark + c.External.Digest
}

// external says whether the detector is a file.
func (c *Config) external() bool { return strings.HasPrefix(c.detectorName(), externalMark) }

// checkExternal reports why a file of peaks cannot be used with the geometry or the scheme.
func (c *Config) checkExternal() error {
	var bad []error
	e := c.External
	if e == nil { // of a plan, which has the peaks
		return nil
	}
	random := c.cropGeometry().Random()
	under := "--geometry " + c.Geometry
	if c.HFlip > 0 {
		under += " --hflip " + formatFloat(c.HFlip)
	}
	if random && e.Kind == peakfile.KindTable && !e.Original && !e.PerReplica {
		bad = append(bad, fmt.Errorf("--detector %s gives peaks in pixels of the crop, and under %s every replica has another crop: add a column replica, give peak_x and peak_y in pixels of the original, or use --geometry center or squash without --hflip", c.Detector, under))
	}
	if !random && e.Later && (c.Replicas > 1 || c.FirstReplica > 0) {
		bad = append(bad, fmt.Errorf("--detector %s gives every replica its own peaks, and under %s all replicas have one crop and one peak, that of replica 0: use --geometry rrc or pad:N, or take the rows of other replicas than 0 out", c.Detector, under))
	}
	source, target := mix.Scheme(c.Scheme).Spots()
	if (source == mix.Trough || target == mix.Trough) && !e.Troughs {
		low := "trough_row and trough_col"
		if e.Original {
			low = "trough_x and trough_y"
		}
		bad = append(bad, fmt.Errorf("--scheme %s needs the least salient point of each image, which --detector %s does not have: add the columns %s, or use another scheme", c.Scheme, c.Detector, low))
	}
	return errors.Join(bad...)
}
