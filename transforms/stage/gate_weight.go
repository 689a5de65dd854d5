package stage

import (
	"math"

	"github.com/premix/premix"
	"github.com/premix/premix/io/source"
)

// A Loss is a fault that stands for lost bytes of a container, and not for one image.
type Loss struct {
	Kind   string
	Bytes  int64 // as source.LostBytes counts them
	Images int64 // that the container says were in them; 0 if it does not say
}

// lossOf returns the loss that a fault stands for; ok is false if it stands for one image.
func lossOf(s *premix.Sample) (l Loss, ok bool) {
	bytes, ok := source.LostBytes(s)
	if !ok {
		return Loss{}, false
	}
	return Loss{Kind: string(s.Fault.Kind), Bytes: bytes, Images: source.LostImages(s)}, true
}

// A scale says about how many images lost bytes held: as many as fit into them at the mean size of the
// entries that are there, with all that belongs to these in their containers.
type scale struct {
	bytes, images  int64            // of containers in which there are images
	whole, inWhole int64            // containers without a loss, and their images
	have           map[string]int64 // images by container, where something of it is lost
}

// newScale makes the scale of the containers of chunks, which are in the order of the input.
func newScale(chunks []PlannedChunk) *scale {
	w := &scale{have: map[string]int64{}}
	for container := range byContainer(chunks) {
		var images, lost, losses int64
		for i := range container {
			images += container[i].Entries
			for _, l := range container[i].Losses {
				images, lost, losses = images-1, lost+max(0, l.Bytes), losses+1
			}
		}
		size := container[0].Size
		if losses > 0 {
			w.have[container[0].Container] = images
		}
		if size == 0 || images == 0 {
			continue
		}
		w.bytes, w.images = w.bytes+max(0, size-lost), w.images+images
		if losses == 0 {
			w.whole, w.inWhole = w.whole+1, w.inWhole+images
		}
	}
	return w
}

// container is about how many images a container has that says nothing of them: as many as others.
func (w *scale) container() int64 {
	if w.whole == 0 {
		return 1
	}
	return max(1, int64(math.Round(float64(w.inWhole)/float64(w.whole))))
}

// loss is about how many images a loss in a container stands for.
func (w *scale) loss(container string, l Loss) int64 {
	switch {
	case l.Images > 0:
		return l.Images
	case l.Bytes < 0:
		return max(1, w.container()-w.have[container])
	case w.bytes == 0:
		return 1
	}
	return max(1, int64(math.Round(float64(l.Bytes)/float64(w.bytes)*float64(w.images))))
}
