package premix

// A Recipe is one planned sample of an output: which image, mixed with which, how and where. It
// is a pure function of the recipe part of the configuration and of the rows of a shard. It does not
// depend on pixels; [Recipe.Target] and [Recipe.Source] say where those come from.
//
// An unmixed sample has Method "none", Mixed false, LabelB = LabelA, Lam = LamDrawn = 1, Source =
// Target, empty boxes and NoPeak.
type Recipe struct {
	// Key names the sample in every format: the zero-padded Position, after rNNN- with replicas.
	Key string
	// Replica is the epoch, Position the place in its order, Shard the shard that holds it and
	// Index the place in that shard, all from 0.
	Replica                int
	Position, Shard, Index int64
	// Method is saliencymix, cutmix, mixup, cutout, resizemix or none.
	Method string
	// Mixed is false where the method is none. A mixed sample may have an empty Box: where λ was
	// drawn near 1, no pixel is pasted.
	Mixed bool
	// LamDrawn is λ as its law gave it; Lam, the weight of LabelA, is computed again from the
	// pixels really pasted.
	LamDrawn, Lam float64
	// Box is where the target's pixels are replaced, SrcBox where the source's come from. They
	// are equal except in schemes that move the patch and in resizemix; a method that pastes
	// nothing has an empty SrcBox.
	Box, SrcBox Box
	// Peak is the point of the source crop about which the patch was cut: the saliency peak (the
	// trough in the schemes that begin with nonsal), or the point drawn by a detector or method
	// that draws one. NoPeak where there is none; then the box, if there is one, is centred.
	Peak Peak
	// Flat says that a map that the scheme uses had no peak, so that the centre was used instead.
	Flat bool
	// Label is the heavier of LabelA, the target's, and LabelB, the source's; LabelA on a tie.
	Label, LabelA, LabelB int
	// Target gives the picture, Source the patch.
	Target, Source *Sample
}
