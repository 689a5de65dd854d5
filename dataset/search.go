package dataset

import (
	"context"
	"strconv"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix/io/blob"
)

// A search finds the files of one folder whose names begin with a prefix, and, unless whole is set, have the number
// of a replica after it. found is called with the folder and the name of each, one after the other. Of replicas that
// are listed it may leave some out: there may be a million, of which nothing is asked.
type search struct {
	dir, prefix string
	whole       bool
	listed      map[int]bool
	found       func(dir, name string)
}

// replicaDigits is the number of digits of a replica in a name. All names have as many, since 999 is the largest number of a
// replica (pipeline.Config.Validate): a listing that is cut at the third digit loses none.
const replicaDigits = 3

// searchAll runs searches, each page of a store's listing at once with the others. A prefix of which there are more
// names than a page holds is cut by the next digit, so that ninety replicas that are listed take thirty requests and
// not a thousand.
func searchAll(ctx context.Context, out string, searches []search) error {
	type node struct {
		*search
		digits string
	}
	var nodes []node
	for i := range searches {
		nodes = append(nodes, node{&searches[i], ""})
	}
	var mu sync.Mutex
	for len(nodes) > 0 {
		var next []node
		g, ctx := errgroup.WithContext(ctx)
		g.SetLimit(atOnce)
		for _, n := range nodes {
			g.Go(func() error {
				cut := !n.whole && len(n.digits) < replicaDigits && !blob.IsLocal(out)
				names, more, err := n.names(ctx, out, n.digits, cut)
				mu.Lock()
				defer mu.Unlock()
				if !more {
					for _, name := range names {
						n.found(n.dir, name)
					}
					return err
				}
				for d := range 10 {
					digits := n.digits + strconv.Itoa(d)
					if replica, err := strconv.Atoi(digits); err == nil && len(digits) == replicaDigits && n.listed[replica] {
						continue
					}
					next = append(next, node{n.search, digits})
				}
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		nodes = next
	}
	return nil
}

// names returns the names that begin with the prefix and some digits: all of them, or if few is set those of a page,
// and whether there are more.
func (s *search) names(ctx context.Context, out, digits string, few bool) (names []string, more bool, err error) {
	seen := 0
	for name, err := range blob.NamesWith(ctx, blob.Join(out, s.dir), s.prefix+digits) {
		if err != nil {
			return nil, false, err
		}
		if few && seen == pageSize {
			return nil, true, nil
		}
		if seen++; !s.ofListed(name) {
			names = append(names, name)
		}
	}
	return names, false, nil
}

// ofListed reports whether a name has the number of a replica that is listed.
func (s *search) ofListed(name string) bool {
	if s.whole || len(name) <= len(s.prefix)+replicaDigits {
		return false
	}
	number := name[len(s.prefix) : len(s.prefix)+replicaDigits+1]
	replica, err := strconv.Atoi(number[:replicaDigits])
	return err == nil && s.listed[replica] && (number[replicaDigits] < '0' || number[replicaDigits] > '9')
}
