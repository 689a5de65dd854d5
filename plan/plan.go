// Package plan decides how every sample is made before a pixel is read: [NewPermutation] gives the
// order of a replica, [Shards] the shard of a position, and [Params.Recipes] plans the samples of one
// shard: which images are paired, whether and how they are mixed, and with which λ.
//
// There is no state. Every number is a counter-based function of (seed, replica, ordinal, purpose).
// So a shard can be planned alone, on any machine, in any order and repeatedly, with the same
// result. Draws for one purpose do not depend on draws for others: two outputs with one seed have
// the same pairs and the same drawn λ, whatever their methods.
//
//	ordinal   place of an image among the good ones, in the canonical order of the input
//	position  place of an image in its replica: Permutation.At(ordinal)
//	shard     ⌊position·S/N⌋
//	target i of a shard takes the image at i+1 as its source, the last one the first
//
// Thus each image of a replica is target once and source once. An image that is alone in its shard
// stays unmixed.
package plan

import "github.com/premix/premix"

// A Row is an image on its way through the shuffle, with all that the mix stage needs.
type Row struct {
	// Ordinal is the image's place among the good ones, Position its place in the replica.
	Ordinal, Position int64
	// Label is the class index of the output.
	Label int
	// Sample is the image's row of the cache.
	Sample *premix.Sample
	// Spool is where the mix stage finds the bytes or pixels, instead of at Sample.Location. It is
	// the zero Location if they are not spooled.
	Spool premix.Location
	// More are the peaks of further detectors in the same crop, where a job has several.
	More []Spot
}

// A Spot is what one detector found in a crop, as [premix.Sample] has it of the first.
type Spot struct {
	Peak, Trough premix.Peak
	Flat         bool
}
