package main

import (
	"io"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// A bar is the line of a stage on a terminal. mpb draws it some seven times a second, as wide as the terminal is
// then.
type bar struct {
	container *mpb.Progress
	bar       *mpb.Bar
	now       atomic.Pointer[figures]
	seen      atomic.Int64 // when that was, in nanoseconds
}

// Widths of the graphic part, with the spaces around it: it is left out where there is less room.
const leastBar, mostBar = 12, 40

// newBar begins the line of a stage.
func newBar(s *screen, f figures) *bar {
	b := &bar{container: mpb.New(mpb.WithConsoleWriter(&frames{screen: s}))}
	b.set(f)
	head := decor.Any(func(decor.Statistics) string { return b.now.Load().head() })
	rest := decor.Any(func(st decor.Statistics) string {
		f := *b.now.Load()
		f.at += time.Since(time.Unix(0, b.seen.Load())) // a look at a cluster is rare
		text, _ := f.fit(st.AvailableWidth)
		return text
	})
	// A total of 0 keeps mpb from ending the line itself.
	b.bar = b.container.New(0, graphic{b, mpb.BarStyle().Build()}, mpb.BarFillerTrim(), mpb.PrependDecorators(head), mpb.AppendDecorators(rest))
	return b
}

// graphic is the part of a bar between head and rest, where there is room and an end.
type graphic struct {
	b     *bar
	style mpb.BarFiller
}

// Build implements [mpb.BarFillerBuilder].
func (g graphic) Build() mpb.BarFiller { return g }

// Fill implements [mpb.BarFiller].
func (g graphic) Fill(w io.Writer, st decor.Statistics) error {
	f := g.b.now.Load()
	if f.total == 0 || st.AvailableWidth < leastBar {
		return nil
	}
	st.AvailableWidth = min(st.AvailableWidth, mostBar) - 2
	st.Total, st.Current = f.total, min(f.done, f.total)
	if _, err := io.WriteString(w, "  "); err != nil {
		return err
	}
	return g.style.Fill(w, st)
}

// set shows other figures from the next frame on.
func (b *bar) set(f figures) {
	b.now.Store(&f)
	b.seen.Store(time.Now().UnixNano())
}

// stop removes the line.
func (b *bar) stop() {
	b.bar.Abort(true)
	b.container.Wait()
}
