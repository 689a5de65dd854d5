package stage

import "golang.org/x/sync/errgroup"

// A crew runs short tasks in goroutines that it uses again. A new goroutine begins with a small stack, and to let it grow to what the
// decoders need, copy by copy, takes as long as a small picture's header. One goroutine calls do, and end after it.
type crew struct {
	g     *errgroup.Group
	tasks chan func() error
	room  chan struct{} // has an element for each goroutine; nil: they may be any number
}

// newCrew returns a crew of most goroutines, or of as many as there are tasks at once.
func newCrew(g *errgroup.Group, most int) *crew {
	c := &crew{g: g, tasks: make(chan func() error)}
	if most > 0 {
		c.room = make(chan struct{}, most)
	}
	return c
}

// do runs f, when a goroutine is free. The first error is that of the group.
func (c *crew) do(f func() error) {
	select {
	case c.tasks <- f:
		return
	default:
	}
	if c.room != nil {
		select {
		case c.tasks <- f:
			return
		case c.room <- struct{}{}:
		}
	}
	c.g.Go(func() error {
		if c.room != nil {
			defer func() { <-c.room }()
		}
		for {
			if err := f(); err != nil {
				return err
			}
			var more bool
			if f, more = <-c.tasks; !more {
				return nil
			}
		}
	})
}

// end lets the goroutines end after their tasks. The group can be waited for then.
func (c *crew) end() { close(c.tasks) }
