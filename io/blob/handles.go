package blob

import (
	"container/list"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/premix/premix/internal/osfile"
)

// handles keeps the local files that ranges are read from open for a while: an open costs five
// times the read of a small range.
var handles = handleCache{limit: 64, idle: 5 * time.Second}

// A handle is an open file. Files that have been replaced are told by info.
type handle struct {
	f     *os.File
	path  string
	info  fs.FileInfo
	refs  int  // readers that use it now
	fresh bool // used since the last sweep
	elem  *list.Element
}

// A handleCache holds at most limit idle handles, and none that was not used for idle to 2·idle.
type handleCache struct {
	limit int
	idle  time.Duration

	mu    sync.Mutex
	byURI map[string]*handle
	order list.List // of *handle, the one used last in front
	timer *time.Timer
}

// acquire returns an open handle of the file that fi describes now.
func (c *handleCache) acquire(path string, fi fs.FileInfo) (*handle, error) {
	c.mu.Lock()
	if h := c.byURI[path]; h != nil {
		if same(h.info, fi) {
			h.refs++
			h.fresh = true
			c.order.MoveToFront(h.elem)
			c.mu.Unlock()
			return h, nil
		}
		c.drop(h)
	}
	c.mu.Unlock()

	f, err := osfile.Open(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	h := &handle{f: f, path: path, info: info, refs: 1, fresh: true}

	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byURI == nil {
		c.byURI = map[string]*handle{}
	}
	if old := c.byURI[path]; old != nil {
		c.drop(old)
	}
	h.elem = c.order.PushFront(h)
	c.byURI[path] = h
	for e := c.order.Back(); e != nil && c.order.Len() > c.limit; {
		prev := e.Prev()
		c.drop(e.Value.(*handle))
		e = prev
	}
	if c.timer == nil {
		c.timer = time.AfterFunc(c.idle, c.sweep)
	}
	return h, nil
}

// same reports whether two looks at a path found the same file in the same state.
func same(a, b fs.FileInfo) bool {
	return a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && os.SameFile(a, b)
}

// release gives a handle back.
func (c *handleCache) release(h *handle) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h.refs--
	if h.refs == 0 && h.elem == nil {
		h.f.Close()
	}
}

// drop takes a handle out; it is closed now, or when its last reader gives it back.
func (c *handleCache) drop(h *handle) {
	c.order.Remove(h.elem)
	h.elem = nil
	delete(c.byURI, h.path)
	if h.refs == 0 {
		h.f.Close()
	}
}

// sweep drops what was not used since the last sweep.
func (c *handleCache) sweep() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for e := c.order.Front(); e != nil; {
		next := e.Next()
		if h := e.Value.(*handle); h.fresh || h.refs > 0 {
			h.fresh = false
		} else {
			c.drop(h)
		}
		e = next
	}
	if c.order.Len() == 0 {
		c.timer = nil
		return
	}
	c.timer.Reset(c.idle)
}
