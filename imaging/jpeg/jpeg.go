// Package jpeg decodes JPEG images to packed RGB: call [Decoder.Decode], and before it
// [DecodeHeader] to learn the size and the memory that decoding takes. The pixels are bit for bit
// those of libjpeg-turbo 3 by default on amd64, and so of Pillow's Image.open(name).convert("RGB").
//
// Every error but that of a context is a [premix.Fault]; its Kind says whether the data is corrupt, truncated, empty, of
// an unsupported kind or too large.
//
// # What is read
//
// Baseline, extended sequential and progressive images (SOF0, SOF1, SOF2), and arithmetic-coded
// ones (SOF9, SOF10), of 8 bits and 1, 3 or 4 components, with every sampling ratio that libjpeg
// reads, interleaved or not, with or without restart markers. Colour is decided as libjpeg decides
// it, from the JFIF and Adobe segments and the component identifiers; see [ColorModel]. EXIF is
// ignored. 12-bit, lossless and hierarchical images and those whose height comes late (DNL)
// are faults of kind premix.Unsupported.
//
// # Arithmetic
//
// The inverse DCT is the accurate integer one ("islow") in the 16-bit form that libjpeg-turbo
// executes on amd64, which differs from the portable form only for coefficients that no encoder
// writes: products with the quantisation table wrap at 16 bits and the result of the column pass
// saturates at 16 bits. Chroma is upsampled with libjpeg's triangle filter where libjpeg does so
// (factors 2×1, 2×2 and 1×2), else replicated; YCbCr is converted in 16-bit fixed point.
// CMYK and YCCK take Pillow's way: all four channels are inverted, then
// R = (255−K) − (255−K)·C/255. Results are the same on every machine.
//
// # Damage
//
// libjpeg tells errors from warnings. What is an error there is a fault of kind premix.Corrupt here,
// unless something is not read at all: wrong segment lengths, impossible Huffman tables, illegal scans,
// unknown markers. It is one up to the EOI marker, also behind the only scan.
//
// What is a warning there is a fault, too, where libjpeg goes on with pixels that it invents: coded data
// that ends before its MCUs, whatever ends it; a code that is in no table; a restart marker that is
// missing or out of order; a scan of a progressive image that contradicts those before; more than 16 bytes
// left over between the last MCU of a scan or restart interval and the next marker, or between the
// segments that follow the first scan. The kind is premix.Truncated where the file ends, else
// premix.Corrupt.
//
// With [Options].AcceptTruncated all of these warnings are accepted, and the pixels are libjpeg's: a code
// that does not exist stands for 0, a marker inside of coded data ends the segment and the rest of it is
// gray, restart markers are resynchronised. What is missing of data that ends early is filled as by Pillow
// with ImageFile.LOAD_TRUNCATED_IMAGES: gray, or in progressive images what earlier scans said, smoothed
// as libjpeg smooths it. Two things are done better than there: a segment cut short between two scans is
// left out, and cut arithmetic-coded data goes on with zeros, where Pillow gives up and leaves the rest
// black.
//
// No pixel is invented, and so nothing is a fault, where nothing but the EOI marker is missing, though
// Pillow may take that for truncated; where up to 16 bytes are left over; where bytes stand between the
// segments of the header or behind EOI; where the EXIF or ICC segment is broken; where a sequential scan
// has the parameters of a progressive one. Arithmetic-coded data leaves out trailing zeros, so that it
// cannot be told from data cut short: short of its EOI marker it is truncated, and before another marker
// it is complete.
//
// # Hostile input
//
// Nothing is allocated before the header has been read; [DecodeHeader] and [Header.Memory] tell
// callers beforehand what an image will cost. The scans of an image pass at most 64 times over its blocks,
// and take at most 2³¹ steps, which are some seconds: arithmetic decisions, blocks, coefficients that are
// looked at without a bit of data. [Decoder.DecodeContext] ends early with its context.
//
// # Credit
//
// This software is based in part on the work of the Independent JPEG Group: the arithmetic of
// the inverse DCT (jidctint.c), of upsampling (jdsample.c), colour conversion (jdcolor.c), block
// smoothing (jdcoefct.c) and resynchronisation (jdmarker.c) is theirs and libjpeg-turbo's. The
// conversion of CMYK is that of Pillow (Convert.c). The code is not.
package jpeg

import (
	"context"
	"math"

	"github.com/premix/premix"
	"github.com/premix/premix/internal/reuse"
)

// Options says how an image is decoded. The zero Options are the defaults.
type Options struct {
	// AcceptTruncated fills what is missing of an image whose data ends early or is damaged,
	// instead of returning a fault. Data that ends before the first scan is a fault all the same,
	// and so is what libjpeg refuses.
	AcceptTruncated bool
	// Forgive accepts damage that libjpeg warns of, but not data that ends early, and reads nothing
	// behind the only scan. So did this package before its rules of damage; outputs of that time are
	// verified with it.
	Forgive bool
	// Model says what the components stand for where a container of the image knows it, as TIFF does;
	// 0: what the image says. One that does not fit their number is a fault.
	Model ColorModel
	// Window is the part of the pixels that is wanted, nil for all: the others are left as they are in dst. All data is decoded
	// and checked as ever. A part without pixels, or that reaches beyond the image, counts as all.
	Window *premix.Box
	// Spent counts the steps of images that are parts of one, as in TIFF: the limit is for all of them
	// together. nil: the image stands for itself.
	Spent *int64
}

// A Decoder decodes images one after the other and reuses its memory: decoding an image no larger
// than those before allocates nothing. The zero Decoder is ready. It must not be used by
// several goroutines at once.
type Decoder struct {
	p      parser
	r      bitReader
	dc, ac [4]huffTable
	arith  arithDecoder
	comps  [4]component
	accept bool // Options.AcceptTruncated
	mild   bool // warnings of libjpeg are accepted, by either of the Options
	blind  bool // Options.Forgive

	model     ColorModel // as it was at the first SOS
	scan      scanState
	harm      harm
	unstuffed []byte  // the coded data of a segment without the zero after each 0xff
	coefs     []int16 // coefficients of an image of several scans
	strips    []byte  // two rows of MCUs of all components
	lines     []byte  // upsampled rows of the components
	up        [4]upsampler
	window    premix.Box    // the pixels that are wanted
	mcuWant   premix.Box    // the MCUs that have some of them
	emitted   int           // rows of pixels written or left out
	mcu       [10][64]int16 // the blocks of an MCU, all zero between MCUs
	last      [10]int       // of each, what block says
	tables    [10]blockTables
	perMCU    int         // blocks of an MCU
	pairs     bool        // tables of pairs are there and of use
	alike     int64       // blocks of this image and of those before it that had the same tables
	coefBits  [4][64]int8 // progression state: how many low bits are missing, −1: unknown
	prevBits  [4][64]int8 // the same before the last scan of the component
	eobRun    int         // blocks that still hold nothing in the band of the scan
	lastGood  int         // last row of MCUs of the last scan that was not invented
	scans     int         // scans begun

	ctx       context.Context
	blockWork int64 // blocks that may still be visited by scans
	steps     int64 // work that scans may still do
	stepLimit int64 // 0 for maxSteps, or what a test wants
	unseen    int   // blocks visited since the context was looked at
	rowBlocks int   // blocks of all components in a row of MCUs
}

// Decode decodes the image in data to 3·W·H bytes of packed RGB, row by row from the top, and
// returns them in the memory of dst if its capacity suffices, together with the header. Bytes
// after the image are ignored. Every error is a *premix.Fault; the header is valid nevertheless if
// its W is not 0.
//
// Decode does not limit the size of the image: see [DecodeHeader].
func (d *Decoder) Decode(dst, data []byte, o Options) (pix []byte, h Header, err error) {
	return d.DecodeContext(context.Background(), dst, data, o)
}

// DecodeContext is Decode, and looks at ctx every 65,536 blocks of 8×8 samples that it visits. The
// error is the cause of ctx if that ends first.
func (d *Decoder) DecodeContext(ctx context.Context, dst, data []byte, o Options) (pix []byte, h Header, err error) {
	d.ctx = ctx
	d.p.reset(data)
	pix, h, err = d.decode(dst, o)
	d.ctx, d.p.data, d.r.buf = nil, nil, nil
	d.shrink()
	if err != nil {
		pix = nil
	}
	return pix, h, err
}

func (d *Decoder) decode(dst []byte, o Options) ([]byte, Header, error) {
	if err := d.p.readHeader(); err != nil {
		return nil, Header{}, err
	}
	h := d.p.header()
	if h.memory > math.MaxInt {
		return nil, h, premix.Faultf(premix.TooLarge, "jpeg: %d×%d pixels, more than the machine can address", h.W, h.H)
	}
	d.start(o)
	if o.Spent != nil {
		d.steps -= *o.Spent
		defer func() { *o.Spent = d.limit() - d.steps }()
	}
	if o.Model != 0 {
		d.model = o.Model
	}
	if d.model.components() != h.Components {
		return nil, h, corrupt("%d components are not %v", h.Components, d.model)
	}
	dst = reuse.Slice(dst, 3*h.W*h.H)
	if !h.multiScan {
		return dst, h, d.decodeSingle(dst)
	}
	if err := d.decodeScans(); err != nil {
		return nil, h, err
	}
	return dst, h, d.outputCoefs(dst)
}

// maxKept bounds the scratch memory that a Decoder holds on to between images.
const maxKept = 32 << 20

// shrink lets go of memory that an unusual image needed.
func (d *Decoder) shrink() {
	if cap(d.coefs) > maxKept/2 {
		d.coefs = nil
	}
	if cap(d.unstuffed) > maxKept {
		d.unstuffed = nil
	}
	if cap(d.strips) > maxKept {
		d.strips = nil
	}
}

func corrupt(format string, args ...any) error {
	return premix.Faultf(premix.Corrupt, "jpeg: "+format, args...)
}

func unsupported(format string, args ...any) error {
	return premix.Faultf(premix.Unsupported, "jpeg: "+format, args...)
}

// size writes a number of bytes for people.
func size(n int) (int, string) {
	if n < 4096 {
		return n, "bytes"
	}
	return n >> 10, "KiB"
}
