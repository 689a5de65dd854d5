package source

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/io/source/synth"
)

// drawn is the data set that synth draws, as an ImageFolder that is nowhere: containers are its
// classes, entries are CLASS/NAME.
type drawn struct{ baseLayout }

const synthScheme = "synth:"

func (drawn) discover(r root, n int64, d *discovery) {
	d.Layout, d.Classes, d.byName = layoutSynth, synth.Classes(), true
	for i, class := range d.Classes {
		if int64(i) >= n {
			break
		}
		d.Containers = append(d.Containers, Container{
			Name: r.name(class), URI: r.in.URI, Layout: layoutSynth, Class: class, Label: -1,
			// The positions of the class: image i + k·classes.
			Size: (n - int64(i) + int64(len(d.Classes)) - 1) / int64(len(d.Classes)), Offset: int64(i),
		})
	}
}

func (drawn) uri(Container, *premix.Sample) string { return synthScheme }

func (drawn) place(*premix.Sample) string { return "" }

// image is the number of the image at a position of a container.
func (drawn) image(c Container, position int64) int64 {
	return c.Offset + position*int64(len(synth.Classes()))
}

func (d drawn) split(_ context.Context, c Container, o Options) ([]Chunk, error) {
	var chunks []Chunk
	step := int64(o.chunkImages())
	for from := int64(0); from < c.Size; from += step {
		end := min(from+step, c.Size)
		chunks = append(chunks, Chunk{
			Container: c, Seq: len(chunks), Offset: from, End: end, EstImages: int(end - from),
			ID:    newHasher().text("premix synth").text(c.Name).num(synth.Version).num(from).num(end).String(),
			Stamp: strconv.Itoa(synth.Version),
			First: synth.Name(d.image(c, from)), Last: synth.Name(d.image(c, end-1)),
		})
	}
	return chunks, nil
}

func (d drawn) read(ctx context.Context, ch Chunk, _ Options, maxBytes int64, yield func(Entry) error) error {
	c := ch.Container
	var drawer synth.Drawer
	var buf []byte
	for p := ch.Offset; p < ch.End; p++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		i := d.image(c, p)
		name := synth.Name(i)
		s := premix.Sample{
			Key: stem(name), Name: c.Name + "/" + name, Label: -1, Class: c.Class,
			Location: premix.Location{URI: synthScheme, Offset: i, Length: -1},
		}
		buf = drawer.Draw(buf[:0], i)
		e := Entry{Sample: s, Data: buf, Seekable: true}
		e.Sample.Digest = DigestOf(buf)
		if int64(len(buf)) > maxBytes {
			e = failf(s, premix.StageScan, premix.TooLarge, "%d bytes, the limit is %d", len(buf), maxBytes)
		}
		if err := yield(e); err != nil {
			return err
		}
	}
	return nil
}

// fetchDrawn draws the image at a location again.
func fetchDrawn(dst []byte, l premix.Location) ([]byte, error) {
	if l.Offset < 0 || l.Offset >= synth.Max {
		return nil, fmt.Errorf("source: %s has no image %d", strings.TrimSuffix(l.URI, ":"), l.Offset)
	}
	var d synth.Drawer
	return d.Draw(dst[:0], l.Offset), nil
}
