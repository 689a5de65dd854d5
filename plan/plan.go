// Package plan decides what becomes of every image before a pixel is touched: in which order a
// replica runs, which shard holds which position, which image meets which, whether and how they
// are mixed, and with which λ.
//
// Nothing here remembers anything. Every number is a counter-based function of (seed, replica,
// ordinal, purpose), so a shard can be planned alone, on any machine, in any order and twice,
// and comes out the same; and what is drawn for one purpose is the same whatever is drawn for
// others: two outputs with one seed have the same pairs and the same drawn λ, whichever method
// made them.
//
//	ordinal   place of an image among the good ones, in the canonical order of the input
//	position  place of an image in its replica: Permutation.At(ordinal)
//	shard     ⌊position·S/N⌋
//	target i of a shard takes the image at i+1 as its source, the last one the first
//
// so that each image of a replica is once target and once source, and meets itself only where it
// is alone in its shard; then it stays unmixed.
package plan

import "github.com/premix/premix"

// A Row is an image on its way through the shuffle: all that the mix stage must know of it.
type Row struct {
	// Ordinal is the image's place among the good ones, Position its place in the replica.
	Ordinal, Position int64
	// Label is the class index of the output.
	Label int
	// Sample is the image's row of the cache.
	Sample *premix.Sample
	// Spool is where the mix stage finds the bytes or pixels instead of Sample.Location; the zero
	// Location says that there is no such place.
	Spool premix.Location
}
