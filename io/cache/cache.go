// Package cache keeps the results of the peaks stage: crops and saliency peaks, in Parquet files of one
// chunk of the input each. [Open] a [Store] for a fingerprint, then Find a chunk, Load its rows, and Save
// others; [Caches] lists all fingerprints of a cache.
//
//	CACHE/FINGERPRINT/fingerprint.json                 the settings that the fingerprint is of, for people
//	CACHE/FINGERPRINT/CHUNK-CONTENT.rA-B.parquet       rows of one chunk in the replicas A to B
//	CACHE/FINGERPRINT/CHUNK-CONTENT.STAMP-PLACE.mark   a place that has this content
//	CACHE/FINGERPRINT/CHUNK-CONTENT.rA-B.crops         pixels of crops, in a folder without rows: see [CropFile]
//	CACHE/FINGERPRINT/CHUNK.parquet                    rows as earlier versions kept them, which are read
//
// CHUNK is the ID of the chunk, and CONTENT a hash of its entries as they were read (see [ContentOf]),
// so that the same images in another place have the same. Many runs share a cache: a file is what one of them
// added, no run rewrites it, and a reader takes the union of the files of a content. Two runs that do the same
// work at once write the same rows, and none is lost. The rows of a content do not depend on where it is.
//
// A mark of the same form, with the number of a reader in the place of a stamp and no address, says which reader
// of containers made the failures of a content: what an earlier one could not read is read anew.
//
// A mark is a hash of the stamp of a chunk and one of the address of its container; its text says both. By
// the marks a listing tells which content a place has, without a request for each chunk. A file without a
// mark is compared with the input before it is used, and a mark without a file says nothing.
//
// The files are a product of their own: every Parquet reader reads them. There is one row for each
// replica of each image, and one for each image that failed, in the order of the entries, replicas
// adjacent. No column is nullable:
//
//	key, name            string   name of the entry in its container, and its path below the root
//	uri                  string   where the bytes were when the chunk was read
//	offset, length       int64    the bytes in that object; length −1 for all of it
//	digest               string   XXH3-128 of the bytes, 32 hexadecimal digits
//	label                int32    class index as the input states it, −1 for none
//	class                string   class name as the input states it, empty for none
//	width, height        int32    of the decoded image
//	replica              int32    the epoch that crop and peak belong to
//	crop_x … crop_h      double   the rectangle of the original that was cropped
//	flip                 boolean  the crop was mirrored
//	peak_row, peak_col, trough_row, trough_col
//	                     int32    in pixels of the crop, −1 for none
//	flat                 boolean  the saliency map has no peak
//	failure_stage, failure_kind, failure_reason
//	                     string   why the image cannot be used; all empty if it can
//
// Names are bytes, and Parquet strings are UTF-8: a byte B that is not part of valid UTF-8 is written
// as the rune U+EF00+B (the encoding that MirBSD calls OPTU-8), and so is each byte of a rune that
// could be taken for one.
//
// Equal chunks give equal files, byte for byte, on every machine. What is known of a chunk as a
// whole is JSON in the key-value metadata of the file, under "premix", with a checksum of the whole
// file.
package cache

import (
	"errors"
	"sync"
	"time"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
)

// ErrCorrupt is the error for a file that does not belong to the cache, or is damaged. The caller
// computes its rows again, and Save replaces the file.
var ErrCorrupt = errors.New("not a file of the peaks cache, or damaged")

// Schema is the version of the files. It is a part of the fingerprint.
const Schema = 1

// maxFile bounds the files that are read, in bytes: a chunk of 2,000 images in 300 replicas has a
// quarter of it. It is a variable for tests.
var maxFile = 256 << 20

// A Chunk is what is known of the images of one chunk of the input.
type Chunk struct {
	// Rows are the images, good and failed, in the order of the entries, replicas adjacent.
	Rows []premix.Sample
	// Ignored counts the entries that are not images.
	Ignored int64
}

// Meta describes a chunk as a whole.
type Meta struct {
	Container string `json:"container"` // its name below the root
	First     string `json:"first"`     // the first entry, for messages
	Last      string `json:"last"`
	Stamp     string `json:"stamp"` // of times, where it was read
	URI       string `json:"uri"`   // of the container, where it was read
	Replicas  []int  `json:"replicas"`
	Entries   int64  `json:"entries"`
	Ignored   int64  `json:"ignored"`
	// Outside counts, of Ignored, the images beside the folders that are used, by their folders.
	Outside map[string]int64 `json:"outside,omitempty"`
	Schema  int              `json:"schema"`
}

// A Store is the part of a cache that belongs to one fingerprint. It is safe for concurrent use, by
// many processes.
type Store struct {
	root     string // of the cache
	dir      string
	settings []byte

	opened time.Time

	mu                 sync.Mutex
	listed             *listing // nil: not yet
	described, touched bool     // the settings are written, and their time
}

// Open returns the part of the cache at uri that belongs to a fingerprint: letters, digits, '-' and
// '_'. settings is the JSON text that the fingerprint was computed from: it is written beside the chunks
// for people, and only [Caches] reads it; nil leaves the file as it is. Open reads and writes nothing.
func Open(uri, fingerprint string, settings []byte) *Store {
	return &Store{root: uri, dir: blob.Join(uri, fingerprint), settings: settings, opened: time.Now()}
}

// URI is the directory of the store.
func (s *Store) URI() string { return s.dir }
