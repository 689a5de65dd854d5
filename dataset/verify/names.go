package verify

import (
	"slices"
)

// names finds images that are more than once target or source in a replica. It remembers a hash
// of each name, eight bytes an image and side.
type names struct {
	targets, sources []place
	paired           bool // every sample takes pixels of a second image
	any              bool
}

// A place is where a name was seen.
type place struct {
	hash   uint64
	record int32 // of v.records
	index  int32 // of the sample in the shard
}

func (n *names) add(record int, r *shardResult) {
	if !n.any {
		n.paired, n.any = true, true
	}
	for i, h := range r.targets {
		n.targets = append(n.targets, place{h, int32(record), int32(i)})
	}
	for i, h := range r.sources {
		if h == 0 {
			n.paired = false
			continue
		}
		n.sources = append(n.sources, place{h, int32(record), int32(i)})
	}
}

// report names every sample whose target or source was seen before. If the replica is whole and
// every sample is a pair, the sources must be the targets.
func (n *names) report(v *verifier, whole bool) {
	v.doubles(n.targets, "target")
	v.doubles(n.sources, "source")
	if !whole || !n.paired || !n.any || len(n.targets) != len(n.sources) {
		return
	}
	for i := range n.targets { // both are sorted by hash
		if n.targets[i].hash != n.sources[i].hash {
			p := n.sources[i]
			if n.targets[i].hash < p.hash {
				p = n.targets[i]
			}
			v.found.add(v.records[p.record].Path, "", "sample %d: an image is target and not source of its replica, or the other way round", p.index)
			return
		}
	}
}

func (v *verifier) doubles(list []place, side string) {
	slices.SortFunc(list, func(a, b place) int {
		switch {
		case a.hash != b.hash && a.hash < b.hash:
			return -1
		case a.hash != b.hash:
			return 1
		case a.record != b.record:
			return int(a.record - b.record)
		}
		return int(a.index - b.index)
	})
	for i := 1; i < len(list); i++ {
		if a, b := list[i-1], list[i]; a.hash == b.hash {
			v.found.add(v.records[b.record].Path, "", "sample %d has the same %s as sample %d of %s: each image is %s once in a replica",
				b.index, side, a.index, v.records[a.record].Path, side)
		}
	}
}
