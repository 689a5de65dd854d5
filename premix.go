// Package premix holds the words of the domain: what an image of a data set is, where its
// saliency peaks, how two images are planned to be mixed, and how an input can fail.
//
// premix pre-mixes image data sets with SaliencyMix (Uddin et al., "SaliencyMix: A Saliency
// Guided Data Augmentation Strategy for Better Regularization", ICLR 2021), offline: the patch
// around the saliency peak of a source image replaces the same place of a target image, and the
// soft label of the pair is
//
//	y = λ·y_target + (1−λ)·y_source
//
// λ is always the share of the target's pixels that stay, in every package, file and message.
//
// The package imports nothing of the project; every other package may import it.
// Coordinates are in pixels, x is the column and y the row, (0, 0) is the top left pixel, and
// boxes are half open.
package premix

import "fmt"

// A Box is the half-open rectangle of columns X0 ≤ x < X1 and rows Y0 ≤ y < Y1, in pixels.
// The zero Box is empty and stands for "no box".
type Box struct{ X0, Y0, X1, Y1 int }

// Empty reports whether the box holds no pixel.
func (b Box) Empty() bool { return b.X0 >= b.X1 || b.Y0 >= b.Y1 }

// Area is the number of pixels in the box; 0 if it is empty.
func (b Box) Area() int {
	if b.Empty() {
		return 0
	}
	return (b.X1 - b.X0) * (b.Y1 - b.Y0)
}

func (b Box) String() string { return fmt.Sprintf("[%d,%d,%d,%d]", b.X0, b.Y0, b.X1, b.Y1) }

// A Peak is a pixel of a saliency map: column X, row Y. NoPeak stands for its absence.
type Peak struct{ X, Y int }

// NoPeak is the peak of an image that has none, or whose method needs none.
var NoPeak = Peak{-1, -1}

// A Crop is the rectangle of the original image that became the training crop, in pixels of the
// original, before any flip. It is fractional where the image was resized before it was cropped.
type Crop struct{ X, Y, W, H float64 }

// A Size is the height and width of a crop in pixels.
type Size struct{ H, W int }

func (s Size) String() string {
	if s.H == s.W {
		return fmt.Sprint(s.H)
	}
	return fmt.Sprintf("%dx%d", s.H, s.W)
}

// A Digest is the 128-bit XXH3 hash of an input entry's bytes, big endian.
type Digest [16]byte

// A Location says where the bytes of an entry are: Length bytes from Offset of the object URI.
// Length −1 means that the object is the entry.
type Location struct {
	URI    string
	Offset int64
	Length int64
}

// A Sample is one image in one replica, as the peaks stage found it: a row of the cache.
type Sample struct {
	// Key is the name of the entry inside its container, without extension.
	Key string
	// Name is the path of the entry below its root, a container counting as a folder.
	Name string
	// Location is where the encoded bytes are.
	Location Location
	// Digest is that of the encoded bytes.
	Digest Digest
	// Label is the 0-based class index as the input states it, or −1 where it states a name.
	Label int
	// Class is the class name as the input states it; empty where it states an index.
	Class string
	// Width and Height are those of the decoded image before any crop.
	Width, Height int
	// Replica is the epoch that the crop and the peak belong to.
	Replica int
	// Crop is the rectangle of the original that was cropped and resized.
	Crop Crop
	// Flip says that the crop was mirrored left to right after resizing.
	Flip bool
	// Peak is the first maximum of the saliency map of the crop, Trough its first minimum.
	Peak, Trough Peak
	// Flat says that the map has no peak: all its values are equal.
	Flat bool
	// Fault is set if the image cannot be used; then geometry and peak mean nothing.
	Fault *Fault
	// FaultStage says where the entry failed; empty without a Fault.
	FaultStage Stage
}
