package stage

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"
)

func TestCrew(t *testing.T) {
	const tasks = 2000
	for _, most := range []int{0, 1, 3} {
		var g errgroup.Group
		c := newCrew(&g, most)
		var ran, now atomic.Int64
		for range tasks {
			c.do(func() error {
				if n := now.Add(1); most > 0 && n > int64(most) {
					t.Errorf("%d tasks at once, of %d", n, most)
				}
				ran.Add(1)
				now.Add(-1)
				return nil
			})
		}
		c.end()
		if err := g.Wait(); err != nil || ran.Load() != tasks {
			t.Errorf("at most %d: %d tasks ran, %v", most, ran.Load(), err)
		}
	}
}

// Tasks that wait for each other all begin where their number is not bounded.
func TestCrewWaits(t *testing.T) {
	var g errgroup.Group
	var all sync.WaitGroup
	c := newCrew(&g, 0)
	all.Add(50)
	for range 50 {
		c.do(func() error {
			all.Done()
			all.Wait()
			return nil
		})
	}
	c.end()
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}

// A goroutine whose task fails makes room for another: do never waits for nobody.
func TestCrewErrors(t *testing.T) {
	var g errgroup.Group
	c := newCrew(&g, 2)
	bad := errors.New("bad")
	for range 100 {
		c.do(func() error { return bad })
	}
	c.end()
	if err := g.Wait(); err != bad {
		t.Errorf("%v, want %v", err, bad)
	}
}
