package stage

import (
	"slices"
	"sync"

	"github.com/premix/premix/internal/osfile"
)

// A keeping is what copies of crops have of the memory of this process: first what [keeping.grant] allows beside that of the
// pool, then what is free of that for files and pixels, of which an eighth is left to the images in work: a larger image
// drives copies into their files.
type keeping struct {
	mu     sync.Mutex
	most   int64       // that copies may have of the pool's
	used   int64       // in all
	shared int64       // of it, the pool's
	copies []*keptCopy // that may have some

	available func() int64 // memory of the machine that may still be taken; nil: copies have the pool's only
	granted   int64        // beside the pool's
}

// roomForWork is the share of the memory for files and pixels that copies of crops leave free.
const roomForWork = 8

// Copies may take so much of the machine's free memory beside the pool's, a [grantStep] at a time. What is free is looked at
// for each step, so that several processes that begin together leave some to each other and to the rest.
const (
	grantShare = 4
	grantStep  = 64 << 20
)

// grant says whether copies may have n bytes beside the pool's. k.mu is held.
func (k *keeping) grant(n int64) bool {
	have := k.used - k.shared
	if have+n <= k.granted {
		return true
	}
	if k.available == nil || n > grantStep {
		return false
	}
	if k.granted+grantStep > (k.available()+have)/grantShare {
		k.available = nil // not looked at again: what is granted stays
		return false
	}
	k.granted += grantStep
	return true
}

// CropMemory is about how much memory, in bytes, copies of crops may have in this process beside the bound on images in work,
// where the job sets none.
func CropMemory() int64 {
	if !ownHeap.Load() {
		return 0
	}
	return osfile.Available() / grantShare / grantStep * grantStep
}

// keep takes n bytes for a copy of crops, if they are free.
func (p *pool) keep(n int64) bool {
	k := &p.keeping
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.grant(n) {
		if k.shared+n > k.most || !p.bytes.TryAcquire(n) {
			return false
		}
		k.shared += n
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
	shared := min(n, k.shared)
	k.shared -= shared
	p.bytes.Release(shared)
}

// makeRoom drives copies out of memory until n bytes can be reserved beside the others. From then on copies leave as much.
func (p *pool) makeRoom(n int64) error {
	k := &p.keeping
	for {
		k.mu.Lock()
		k.most = min(k.most, p.most-n)
		if k.shared <= k.most || len(k.copies) == 0 {
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
