package verify

import (
	"context"
	"sync"
)

// A merger takes the results of shards as they come and adds them up in the order of the records, so
// that what is found does not depend on the workers. It keeps few of them: a shard begins only when
// those long before it are done.
type merger struct {
	v     *verifier
	slots chan struct{} // one for each shard that is begun and not added up

	mu      sync.Mutex
	next    int // of v.records
	waiting map[int]*shardResult
	names   names
	perfect bool // all shards were there and read to their end
}

// ahead is how many shards may wait, for each worker, for one before them.
const ahead = 4

func newMerger(v *verifier, from int) *merger {
	return &merger{v: v, slots: make(chan struct{}, ahead*v.options.Workers), next: from, waiting: map[int]*shardResult{}, perfect: true}
}

// wait waits until one more shard may begin. It reports false if the work ended.
func (m *merger) wait(ctx context.Context) bool {
	select {
	case m.slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// add takes the result of a shard, and adds up those whose turn it is.
func (m *merger) add(record int, r *shardResult) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.waiting[record] = r
	for {
		r, ok := m.waiting[m.next]
		if !ok {
			return nil
		}
		delete(m.waiting, m.next)
		v := m.v
		v.found.merge(&r.found)
		v.split.Shards++
		v.split.Samples += r.samples
		v.split.Bytes += r.bytes
		v.split.Derived += r.derived
		v.stats.Merge(r.stats)
		m.perfect = m.perfect && r.whole
		v.perfect = v.perfect && r.whole
		if err := m.names.add(m.next, r.targets); err != nil {
			return err
		}
		m.next++
		<-m.slots
	}
}
