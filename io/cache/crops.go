package cache

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/zeebo/xxh3"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
)

// A file of crops has the pixels of the crops of one chunk, as they are mixed, so that nothing has to be decoded again:
//
//	FILE   = CROP*  ENTRY*  TAIL
//	CROP   = pixels (size: 3·width·height, RGB)  XXH3-64 of them, seeded with the XXH3-64 of digest, replica (4) and offset (8)
//	ENTRY  = digest (16)  width  height                        of the original; 0, 0: it has no crops
//	TAIL   = offset of the entries (8)  number of entries  width  height of a crop  first  last replica  0
//	         XXH3-128 of entries and tail to here  magic (8)
//
// Integers have four bytes, unless it is said, little endian. Entries are those of the chunk, in its order, and crops lie in that
// order, those of an entry adjacent, by replica. What a crop shows follows from the digest, the replica, and the settings that
// the fingerprint is of: so a crop is found by the digest alone.
const (
	cropsSuffix = ".crops"
	cropsMagic  = "pmxcrop2"
	cropSum     = 8  // bytes after the pixels of a crop
	cropEntry   = 24 // bytes
	cropTail    = 56 // bytes
)

// A CropFile is a file of crops that was opened: what it has, and where.
type CropFile struct {
	URI         string
	Size        premix.Size // of a crop
	First, Last int         // replicas
	entries     []cropOf
	at          map[premix.Digest]int // of entries
}

// A cropOf is an entry, with the number of those before it that have crops.
type cropOf struct {
	digest        premix.Digest
	width, height int
	slot          int64
}

func cropName(id, content string, from, to int) string {
	return fmt.Sprintf("%s-%s.r%d-%d%s", id, content, from, to, cropsSuffix)
}

// CropBytes is what one crop takes in a file.
func CropBytes(size premix.Size) int64 { return 3*int64(size.W)*int64(size.H) + cropSum }

// OpenCrops reads what a file of crops has, and none of the crops. The error is fs.ErrNotExist or ErrCorrupt, or one of the
// environment.
func OpenCrops(ctx context.Context, uri string) (*CropFile, error) {
	o, err := blob.Stat(ctx, uri)
	if err != nil {
		return nil, err
	}
	corrupt := func(why string) error { return fmt.Errorf("cache: %s: %w: %s", uri, ErrCorrupt, why) }
	if o.Dir || o.Size < cropTail {
		return nil, corrupt("it has no tail")
	}
	tail, err := blob.ReadRange(ctx, nil, uri, o.Size-cropTail, cropTail)
	if err != nil {
		return nil, err
	}
	if string(tail[cropTail-len(cropsMagic):]) != cropsMagic {
		return nil, corrupt("it does not end as a file of crops")
	}
	begin, n := binary.LittleEndian.Uint64(tail), int64(binary.LittleEndian.Uint32(tail[8:]))
	if begin > math.MaxInt64 || n*cropEntry != o.Size-cropTail-int64(begin) || n > int64(maxFile)/cropEntry {
		return nil, corrupt("its size is not what its tail says")
	}
	table, err := blob.ReadRange(ctx, nil, uri, int64(begin), n*cropEntry)
	if err != nil {
		return nil, err
	}
	f, err := parseCrops(table, tail)
	if err != nil {
		return nil, corrupt(err.Error())
	}
	f.URI = uri
	return f, nil
}

// parseCrops checks and reads the table and the tail of a file.
func parseCrops(table, tail []byte) (*CropFile, error) {
	if len(tail) != cropTail || len(table)%cropEntry != 0 {
		return nil, errors.New("its table is cut off")
	}
	h := xxh3.New()
	h.Write(table)
	h.Write(tail[:32])
	if sum := h.Sum128().Bytes(); string(sum[:]) != string(tail[32:48]) {
		return nil, errors.New("the checksum of its table is wrong")
	}
	u := func(at int) int { return int(binary.LittleEndian.Uint32(tail[at:])) }
	f := &CropFile{Size: premix.Size{W: u(12), H: u(16)}, First: u(20), Last: u(24)}
	if f.Size.W < 1 || f.Size.H < 1 || f.Size.W > 1<<15 || f.Size.H > 1<<15 || f.First > f.Last || f.Last-f.First >= maxSpan {
		return nil, errors.New("no size or replicas of crops")
	}
	f.at = make(map[premix.Digest]int, len(table)/cropEntry)
	var slot int64
	for i := 0; i < len(table); i += cropEntry {
		e := cropOf{digest: premix.Digest(table[i:]), slot: slot}
		e.width, e.height = int(binary.LittleEndian.Uint32(table[i+16:])), int(binary.LittleEndian.Uint32(table[i+20:]))
		if (e.width == 0) != (e.height == 0) {
			return nil, errors.New("an entry has no size")
		}
		if e.width > 0 {
			slot++
		}
		if _, twice := f.at[e.digest]; !twice || e.width > 0 {
			f.at[e.digest] = len(f.entries)
		}
		f.entries = append(f.entries, e)
	}
	if want := binary.LittleEndian.Uint64(tail); want != uint64(slot)*uint64(f.Last-f.First+1)*uint64(CropBytes(f.Size)) {
		return nil, errors.New("its crops are not as many as its table says")
	}
	return f, nil
}

// Find returns the size of the original with a digest, and where its crop in a replica is: for [ReadCrop]. known is false if
// the file says nothing of such an image; a width of 0 means that it could not be decoded.
func (f *CropFile) Find(d premix.Digest, replica int) (width, height int, at premix.Location, known bool) {
	i, known := f.at[d]
	if !known || replica < f.First || replica > f.Last {
		return 0, 0, at, false
	}
	e := &f.entries[i]
	if e.width == 0 {
		return 0, 0, at, true
	}
	n := CropBytes(f.Size)
	offset := (e.slot*int64(f.Last-f.First+1) + int64(replica-f.First)) * n
	return e.width, e.height, premix.Location{URI: f.URI, Offset: offset, Length: n}, true
}

// Crops is the number of crops in the file.
func (f *CropFile) Crops() (n int64) {
	for i := range f.entries {
		if f.entries[i].width > 0 {
			n += int64(f.Last - f.First + 1)
		}
	}
	return n
}

// cropSeed is what the checksum of a crop is seeded with, so that the crop of another image is not taken for it.
func cropSeed(d premix.Digest, replica int, offset int64) uint64 {
	var b [len(d) + 12]byte
	copy(b[:], d[:])
	binary.LittleEndian.PutUint32(b[len(d):], uint32(replica))
	binary.LittleEndian.PutUint64(b[len(d)+4:], uint64(offset))
	return xxh3.Hash(b[:])
}

// ReadCrop reads the pixels of the crop of an image in a replica, in dst's memory if that suffices. The error is fs.ErrNotExist if
// the file was removed, ErrCorrupt if the crop is damaged or that of another image, or one of the environment.
func ReadCrop(ctx context.Context, dst []byte, at premix.Location, d premix.Digest, replica int) ([]byte, error) {
	data, err := blob.ReadRange(ctx, dst, at.URI, at.Offset, at.Length)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	if err != nil || len(data) < cropSum {
		return nil, errors.Join(fmt.Errorf("cache: %s, byte %d: %w", at.URI, at.Offset, ErrCorrupt), err)
	}
	pix, sum := data[:len(data)-cropSum], data[len(data)-cropSum:]
	if xxh3.HashSeed(pix, cropSeed(d, replica, at.Offset)) != binary.LittleEndian.Uint64(sum) {
		return nil, fmt.Errorf("cache: %s, byte %d: %w: the checksum of a crop is wrong", at.URI, at.Offset, ErrCorrupt)
	}
	return pix, nil
}

// IsCrop reports whether a location is that of a crop in a file of crops.
func IsCrop(at premix.Location) bool {
	return len(at.URI) > len(cropsSuffix) && at.URI[len(at.URI)-len(cropsSuffix):] == cropsSuffix
}
