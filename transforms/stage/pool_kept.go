package stage

import (
	"slices"
	"sync"
)

// A keeping is what copies of crops have of the memory of a pool, out of that for files and pixels. They take what is free, and
// an eighth of it is left to the images in work: a larger one drives copies into their files.
type keeping struct {
	mu     sync.Mutex
	most   int64 // that copies may have
	used   int64
	copies []*keptCopy // that may have some
}

// roomForWork is the share of the memory for files and pixels that copies of crops leave free.
const roomForWork = 8

// keep takes n bytes for a copy of crops, if they are free.
func (p *pool) keep(n int64) bool {
	k := &p.keeping
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.used+n > k.most || !p.bytes.TryAcquire(n) {
		return false
	}
	k.used += n
	return true
}

// keptBegun notes a copy that will take memory.
func (p *pool) keptBegun(c *keptCopy) {
	k := &p.keeping
	k.mu.Lock()
	defer k.mu.Unlock()
	k.copies = append(k.copies, c)
}

// keptGone takes n bytes back from a copy, which has none then.
func (p *pool) keptGone(c *keptCopy, n int64) {
	k := &p.keeping
	k.mu.Lock()
	defer k.mu.Unlock()
	k.used -= n
	k.copies = slices.DeleteFunc(k.copies, func(o *keptCopy) bool { return o == c })
	p.bytes.Release(n)
}

// makeRoom drives copies out of memory until n bytes can be reserved beside the others. From then on copies leave as much.
func (p *pool) makeRoom(n int64) error {
	k := &p.keeping
	for {
		k.mu.Lock()
		k.most = min(k.most, p.most-n)
		if k.used <= k.most || len(k.copies) == 0 {
			k.mu.Unlock()
			return nil
		}
		c := k.copies[0]
		k.copies = k.copies[1:]
		k.mu.Unlock()
		if err := c.evict(); err != nil {
			return err
		}
	}
}
