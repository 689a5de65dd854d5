package stage

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/premix/premix/internal/osfile"
	"github.com/premix/premix/io/blob"
)

// keptBlock is about how many bytes of crops are allocated at once.
const keptBlock = 16 << 20

// A keptCopy is the copy of a chunk's crops in the memory of this process. It is written as a file is, and becomes one where
// the memory is needed for something else, so that a copy is whole in memory or whole in its file. Only a local runner
// keeps copies, since its stages are in one process.
type keptCopy struct {
	pool *pool
	ctx  context.Context // of the writer, for its file
	path string          // of the file
	crop int             // bytes of one; none is in two blocks

	mu     sync.Mutex
	blocks []keptBlocks
	size   int64 // of the crops in memory
	refs   int   // pictures in use
	state  keptState
	file   blob.Writer
}

type keptBlocks struct {
	data []byte // its length is what is written
	free func()
}

// A keptState is how far a copy has come.
//
//	open   is written into memory
//	whole  may be read from memory
//	filed  is written into its file, or has been
//	ended  was given up
type keptState int8

const (
	keptOpen keptState = iota
	keptWhole
	keptFiled
	keptEnded
)

var errKept = errors.New("stage: the copy of a chunk was given up")

// keptCopies are the whole copies of this process.
var keptCopies struct {
	sync.Mutex
	at map[string]*keptCopy // by path
}

// newKept begins the copy of a chunk.
func newKept(ctx context.Context, p *pool, path string, crop int) *keptCopy {
	c := &keptCopy{pool: p, ctx: ctx, path: path, crop: crop}
	p.keptBegun(c)
	return c
}

// keptAt returns the whole copy with a path, or nil. The caller gives it back with done.
func keptAt(path string) *keptCopy {
	keptCopies.Lock()
	c := keptCopies.at[path]
	keptCopies.Unlock()
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != keptWhole {
		return nil
	}
	c.refs++
	return c
}

// done says that what [keptAt] returned is not used any more.
func (c *keptCopy) done() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refs--; c.state != keptWhole {
		c.free()
	}
}

// at returns n bytes of a whole copy, or nil if it does not have them. They stay as long as the caller has the copy.
func (c *keptCopy) at(offset, n int64) []byte {
	for _, b := range c.blocks { // does not change once the copy is whole and in use
		if size := int64(len(b.data)); offset >= size {
			offset -= size
		} else if offset >= 0 && n <= size-offset {
			return b.data[offset : offset+n : offset+n]
		} else {
			return nil
		}
	}
	return nil
}

// Write adds crops, whole ones.
func (c *keptCopy) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.state == keptOpen && len(p)%c.crop == 0 && c.pool.keep(int64(len(p))):
		c.add(p)
		return len(p), nil
	case c.state == keptOpen:
		if err := c.spill(); err != nil {
			return 0, err
		}
	case c.state != keptFiled:
		return 0, errKept
	}
	return c.file.Write(p)
}

func (c *keptCopy) add(p []byte) {
	c.size += int64(len(p))
	for len(p) > 0 {
		last := len(c.blocks) - 1
		if last < 0 || len(c.blocks[last].data) == cap(c.blocks[last].data) {
			data, free := osfile.Memory(max(keptBlock/c.crop, 1) * c.crop)
			c.blocks = append(c.blocks, keptBlocks{data[:0:len(data)], free})
			last++
		}
		b := &c.blocks[last]
		n := min(len(p), cap(b.data)-len(b.data))
		b.data = append(b.data, p[:n]...)
		p = p[n:]
	}
}

// spill moves what is written into the file. c.mu is held.
func (c *keptCopy) spill() error {
	w, err := blob.Create(c.ctx, c.path)
	if err != nil {
		return err
	}
	for _, b := range c.blocks {
		if _, err := w.Write(b.data); err != nil {
			return errors.Join(err, w.Abort())
		}
	}
	c.file, c.state = w, keptFiled
	c.free()
	return nil
}

// free gives the memory back once no picture uses it. c.mu is held, and the copy is not read any more.
func (c *keptCopy) free() {
	if c.refs > 0 {
		return
	}
	for _, b := range c.blocks {
		b.free()
	}
	c.pool.keptGone(c, c.size)
	c.blocks, c.size = nil, 0
}

// evict moves the copy into its file, if it is in memory.
func (c *keptCopy) evict() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	whole := c.state == keptWhole
	if !whole && c.state != keptOpen {
		return nil
	}
	if err := c.spill(); err != nil || !whole {
		return err
	}
	if err := c.file.Commit(); err != nil {
		return err
	}
	c.forget()
	return nil
}

// Commit ends the writing: the copy is found by [keptAt], or its file is there.
func (c *keptCopy) Commit() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch c.state {
	case keptFiled:
		return c.file.Commit()
	case keptEnded:
		return errKept
	}
	keptCopies.Lock()
	defer keptCopies.Unlock()
	if keptCopies.at[c.path] != nil { // of another attempt, the same
		c.state = keptEnded
		c.free()
		return nil
	}
	if keptCopies.at == nil {
		keptCopies.at = map[string]*keptCopy{}
	}
	keptCopies.at[c.path], c.state = c, keptWhole
	return nil
}

// Abort gives up what was written.
func (c *keptCopy) Abort() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.state
	c.state = keptEnded
	c.forget()
	if before == keptFiled {
		return c.file.Abort()
	}
	c.free()
	return nil
}

// forget takes the copy out of those that are found.
func (c *keptCopy) forget() {
	keptCopies.Lock()
	defer keptCopies.Unlock()
	if keptCopies.at[c.path] == c {
		delete(keptCopies.at, c.path)
	}
}

// ForgetCopies frees the copies in memory of a job that has ended. What still reads them has an error.
func ForgetCopies(job *Job) {
	if job.Spool.URI == "" {
		return
	}
	var list []*keptCopy
	keptCopies.Lock()
	for path, c := range keptCopies.at {
		if strings.HasPrefix(path, blob.Join(job.Spool.URI, "")) {
			list = append(list, c)
		}
	}
	keptCopies.Unlock()
	for _, c := range list {
		_ = c.Abort() // of what is in memory it has no error
	}
}
