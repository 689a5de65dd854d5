package pipeline

import (
	"fmt"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging/crop"
)

// smallSide is the size from which on the defaults of the geometries suit: those of ImageNet, whose
// images are larger than the crop.
const smallSide = 64

// Warnings say what of the defaults does not suit the options that were set. Nothing is warned of that
// was set on purpose (c.Given).
func (c *Config) Warnings() []string {
	side := max(c.Size.H, c.Size.W)
	if side >= smallSide || c.Plan != "" {
		return nil
	}
	g := c.cropGeometry()
	switch {
	case g.Mode == crop.RRC && !c.Given["geometry"] && !c.Given["rrc-scale"]:
		return []string{fmt.Sprintf("--size %v with --geometry rrc: a crop may show only %g%% of an image, which is little at this size; for small pictures add --geometry pad:%d (pad and crop, as for CIFAR), and --resize none if they have this size",
			c.Size, 100*g.Scale[0], usualPadding(c.Size))}
	case g.Mode == crop.Center && !c.Given["resize"]:
		kept := float64(c.Size.H*c.Size.W) / float64(g.Resize*g.Resize)
		return []string{fmt.Sprintf("--size %v with --geometry center: the shorter side becomes %d pixels, and the crop keeps %.0f%% of a square image; for small pictures add --resize none, which keeps an image of this size as it is (for training also --geometry pad:%d, or --hflip 0.5)",
			c.Size, g.Resize, 100*kept, usualPadding(c.Size))}
	}
	return nil
}

// usualPadding is an eighth of the side: 4 pixels of CIFAR's 32.
func usualPadding(s premix.Size) int { return max(min(s.H, s.W)/8, 1) }
