package source

import (
	"bufio"
	"compress/bzip2"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/tarfile"
	"github.com/premix/premix/io/window"
)

// maxWindow bounds what a zstd frame may ask for: what zstd --long=27 writes.
const maxWindow = 128 << 20

// A rawReader counts the compressed bytes and remembers an error of the medium. It ends with its context:
// a decompressor may go through gigabytes, and a file of zeros, before it returns.
type rawReader struct {
	ctx context.Context
	r   io.ReadCloser
	n   int64
	max int64 // the size of the object
	err error
}

func (r *rawReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		r.err = err
		return 0, err
	}
	n, err := r.r.Read(p)
	r.n += int64(n)
	if err != nil && err != io.EOF {
		r.err = err
	} else if err == io.EOF && r.n < r.max {
		r.err = fmt.Errorf("%d of %d bytes arrived", r.n, r.max)
	}
	return n, err
}

// An unpacker decompresses a stream. What is wrong with the stream becomes a fault, what is
// wrong with the medium stays an error. Several gzip members, or zlib streams, are one stream, and
// what follows the last is looked at: other readers stop there without a word.
type unpacker struct {
	raw  *rawReader
	br   *bufio.Reader
	kind string
	dec  io.Reader // nil before the first byte
	err  error

	out   int64     // bytes that came out
	sound int64     // of them, those that an error of the stream says nothing about
	whole bool      // all that was compressed came out, and the checksum is another
	zeros int64     // between streams, or behind the last, and more than padding
	fake  *impostor // what is there instead of a stream; or nil
}

func (u *unpacker) Read(p []byte) (int, error) {
	if u.err == nil && u.dec == nil {
		if err := u.start(); err != nil {
			u.err = u.explain(err)
		}
	}
	for u.err == nil {
		n, err := u.dec.Read(p)
		if u.out += int64(n); err == nil {
			err = u.bounded()
		}
		if err == io.EOF && u.kind != zstandard && u.kind != bzipped { // these decoders go on by themselves
			err = u.next()
		}
		if err != nil {
			u.err = u.explain(err)
		}
		if n > 0 || len(p) == 0 {
			return n, nil
		}
	}
	return 0, u.err
}

// A stream may unpack to freeOutput bytes, and beyond that to maxRatio times what was read of it: deflate
// packs zeros by a factor of 1,030, and zstd by any. Archives of images are below 2, those of
// drawings without compression below 100.
const maxRatio = 256

var freeOutput int64 = 1 << 30 // only tests change it

// bounded returns a fault if too much has come out of what went in.
func (u *unpacker) bounded() error {
	if u.out <= freeOutput {
		return nil
	}
	in := u.raw.n - int64(u.br.Buffered()) // that is the same however the bytes arrive
	if u.out-freeOutput <= maxRatio*in {
		return nil
	}
	return premix.Faultf(premix.TooLarge, "the %s stream unpacks to more than %d bytes and %d times what it takes, after %d compressed bytes; pack it again without compression to have it read", u.kind, freeOutput, maxRatio, in)
}

func (u *unpacker) start() (err error) {
	head, _ := u.br.Peek(tarBlock)
	if u.fake = impostorOf(head, u.raw.max, u.kind); u.fake != nil {
		return u.fake.fault()
	}
	switch u.kind {
	case bzipped:
		u.dec = bzip2.NewReader(u.br)
	case gzipped:
		gz := new(gzip.Reader)
		u.dec, err = gz, gz.Reset(u.br)
		gz.Multistream(false)
	case zlibbed:
		u.dec, err = zlib.NewReader(u.br)
	case zstandard:
		u.dec, err = zstd.NewReader(u.br, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
	}
	return err
}

// another begins another member, if head is the beginning of one.
func (u *unpacker) another(head []byte) (is bool, err error) {
	switch dec := u.dec.(type) {
	case *gzip.Reader:
		if is = head[0] == 0x1f && head[1] == 0x8b; is {
			err = dec.Reset(u.br)
			dec.Multistream(false)
		}
	case zlib.Resetter:
		if is = head[0]&0x8f == 8 && binary.BigEndian.Uint16(head)%31 == 0; is {
			err = dec.Reset(u.br, nil)
		}
	}
	return is, err
}

// next goes to the next member. The error is io.EOF if there is none.
func (u *unpacker) next() error {
	at := u.raw.n - int64(u.br.Buffered())
	u.sound = u.out
	for zeros := int64(0); ; zeros++ {
		head, err := u.br.Peek(2)
		if len(head) == 0 {
			if u.hole(at, zeros); err == io.EOF && u.zeros > 0 {
				err = premix.Faultf(premix.Corrupt, "%d bytes of zeros are between %s streams, or behind the last: what they stand for is lost", u.zeros, u.kind)
			}
			return err
		}
		if len(head) == 2 {
			if is, err := u.another(head); is {
				u.hole(at, zeros)
				return err
			}
		}
		if head[0] != 0 { // padding may follow, as on tapes
			return premix.Faultf(premix.Corrupt, "what follows the %s stream at byte %d of the compressed file is no %s", u.kind, at, u.kind)
		}
		if _, err := u.br.Discard(1); err != nil {
			return err
		}
	}
}

// hole takes note of n zeros at a place of the compressed file, if they are no padding.
func (u *unpacker) hole(at, n int64) {
	if n >= 2*tarBlock && !tarfile.Padding(at+n, n, 0) {
		u.zeros += n
	}
}

// lost is how many bytes of the file are of no use after an error of the stream.
func (u *unpacker) lost() int64 {
	switch left := u.raw.max - u.raw.n + int64(u.br.Buffered()); {
	case u.fake != nil:
		return u.fake.bytes
	case u.zeros > 0:
		return u.zeros
	case left > 0:
		return left
	case u.whole:
		return 0
	}
	return unknown
}

// trusted is how many of the bytes that came out are those that were compressed, as far as checksums tell.
func (u *unpacker) trusted() int64 {
	if u.err == nil || u.err == io.EOF {
		return u.out
	}
	return u.sound
}

// mostBlock is what a block of bzip2 can unpack to: 900,000 bytes, of which five stand for up to 259.
const mostBlock = 900000 / 5 * 259

// settle takes note of how much came out right before an error. Where the file is cut off, or something else follows,
// nothing speaks against it. A stream of gzip or zlib and a frame of zstd have their checksum at the end, so that all of
// it is in doubt if anything is broken; a block of bzip2 is checked before the next is unpacked.
func (u *unpacker) settle(err error) {
	f := premix.AsFault(err)
	switch {
	case f != nil && f.Kind == premix.TooLarge, errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, zstd.ErrMagicMismatch):
		u.sound = u.out
	case err == bzip2.StructuralError("block checksum mismatch"):
		u.sound = max(0, u.out-mostBlock)
	case u.kind == bzipped && err != bzip2.StructuralError("file checksum mismatch"):
		u.sound = u.out
	}
	u.whole = errors.Is(err, gzip.ErrChecksum) || errors.Is(err, zlib.ErrChecksum)
}

// explain sorts an error into faults and errors of the medium.
func (u *unpacker) explain(err error) error {
	u.settle(err)
	switch {
	case u.raw.err != nil && u.raw.err == u.raw.ctx.Err():
		return u.raw.err
	case u.raw.err != nil:
		return fmt.Errorf("reading: %v", u.raw.err) // not wrapped: it must not look like the end of the data
	case err == io.EOF || premix.AsFault(err) != nil:
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return premix.Faultf(premix.Truncated, "the %s stream ends early, after %d compressed bytes", u.kind, u.raw.n)
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return premix.Faultf(premix.Unsupported, "the zstd stream wants more than %d bytes of memory", maxWindow)
	}
	return premix.Faultf(premix.Corrupt, "the %s stream is broken near compressed byte %d: %v", u.kind, u.raw.n-int64(u.br.Buffered()), err)
}

func (u *unpacker) Close() error {
	if d, ok := u.dec.(*zstd.Decoder); ok {
		d.Close()
	}
	return u.raw.r.Close()
}

// open returns a window over a chunk. At the end of the container it has no end: what follows the last
// entry is looked at, as the end mark of a tar.
func (c *Chunk) open(ctx context.Context) (*window.Window, io.Closer, error) {
	in := c.Container
	w, f, err := in.open(ctx, c.Offset, c.End)
	if err != nil {
		return nil, nil, fmt.Errorf("source: %s: %w", in.Name, err)
	}
	if c.End >= in.Offset+in.Size || in.Compression != "" {
		w.End = -1
	}
	return w, f, nil
}

// open returns a window over [off, end) of a container; over all of it if it is compressed.
func (c Container) open(ctx context.Context, off, end int64) (*window.Window, io.Closer, error) {
	return c.openVersion(ctx, off, end, c.version())
}

// openVersion is open of one version of an object, which several windows share.
func (c Container) openVersion(ctx context.Context, off, end int64, version *blob.Version) (*window.Window, io.Closer, error) {
	if kind := c.Compression; kind != "" {
		r, err := blob.OpenVersion(ctx, c.URI, 0, -1, version)
		if err != nil {
			return nil, nil, err
		}
		raw := &rawReader{ctx: ctx, r: r, max: c.Size}
		u := &unpacker{raw: raw, br: bufio.NewReaderSize(raw, 256<<10), kind: kind}
		w := window.Stream(u, 0, -1, -1)
		w.Lost, w.Sound = u.lost, u.trusted
		return w, u, nil
	}
	size := c.Offset + c.Size
	if blob.IsLocal(c.URI) {
		f, err := blob.OpenAt(ctx, c.URI)
		if err != nil {
			return nil, nil, err
		}
		return window.At(f, off, end, min(size, max(f.Size(), off))), f, nil
	}
	r := &remote{open: func(pos int64) (io.ReadCloser, error) { return blob.OpenVersion(ctx, c.URI, pos, end-pos, version) }}
	first, err := r.from(off)
	if err != nil {
		return nil, nil, err
	}
	w := window.Stream(first, off, end, end)
	w.Reopen = r.from
	return w, r, nil
}

// version is that of the object as it was listed, as far as that is known.
func (c Container) version() *blob.Version {
	if c.Offset > 0 { // it is inside of another
		return new(blob.Version)
	}
	return blob.VersionOf(c.Size)
}

// A remote is a range of an object at a store, of which one stream is open at a time. All are of one
// version: an object that changes meanwhile is an error.
type remote struct {
	open func(pos int64) (io.ReadCloser, error)
	r    io.ReadCloser
}

func (r *remote) from(pos int64) (io.Reader, error) {
	r.Close()
	var err error
	r.r, err = r.open(pos)
	return r.r, err
}

func (r *remote) Close() error {
	if r.r == nil {
		return nil
	}
	err := r.r.Close()
	r.r = nil
	return err
}
