package synth

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/premix/premix/io/blob"
)

// writers are the layouts that Write knows.
var writers = map[string]func(ctx context.Context, dirURI string, n int64) error{
	"imagefolder": writeImageFolder,
	"webdataset":  writeWebDataset,
	"tfrecord":    writeTFRecord,
	"tfds":        writeTFDS,
	"ilsvrc":      writeILSVRC,
	"parquet":     writeParquet,
}

// Formats are the names of the layouts that Write knows, sorted.
func Formats() []string {
	var names []string
	for name := range writers {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// perShard is the number of images in a shard of a written set.
const perShard = 500

func shardCount(n int64) int64 { return (n + perShard - 1) / perShard }

// Write writes the images 0 to n−1 as a data set in one of Formats below a folder. The order of
// the images is that of their names within an ImageFolder, so that every layout, read in its own
// order, gives the same images in the same order as synth:N.
func Write(ctx context.Context, dirURI, format string, n int64) error {
	if n < 1 || n > Max {
		return fmt.Errorf("synth: %d images, want 1 to %d", n, Max)
	}
	write := writers[format]
	if write == nil {
		return fmt.Errorf("synth: unknown format %q, want one of %s", format, strings.Join(Formats(), ", "))
	}
	return write(ctx, dirURI, n)
}

// each draws the images in the order of their names.
func each(ctx context.Context, n int64, do func(position, i int64, data []byte) error) error {
	var d Drawer
	var data []byte
	var position int64
	for class := range int64(len(kinds)) {
		for i := class; i < n; i += int64(len(kinds)) {
			if err := ctx.Err(); err != nil {
				return err
			}
			data = d.Draw(data[:0], i)
			if err := do(position, i, data); err != nil {
				return err
			}
			position++
		}
	}
	return nil
}

// A shard takes images until it is finished.
type shard interface {
	add(i int64, data []byte) error
	finish() error
}

// inShards writes images to shards of perShard images each. open makes the shard of a number in
// a new object.
func inShards(ctx context.Context, n int64, path func(number int64) string, open func(w io.Writer) shard) error {
	var out blob.Writer
	var current shard
	defer func() {
		if out != nil {
			out.Abort()
		}
	}()
	finish := func() error {
		if current == nil {
			return nil
		}
		if err := current.finish(); err != nil {
			return err
		}
		return out.Commit()
	}
	err := each(ctx, n, func(position, i int64, data []byte) error {
		if position%perShard == 0 {
			if err := finish(); err != nil {
				return err
			}
			w, err := blob.Create(ctx, path(position/perShard))
			if err != nil {
				return err
			}
			out, current = w, open(w)
		}
		return current.add(i, data)
	})
	if err != nil {
		return err
	}
	return finish()
}

// writeList writes the class list, a name a line.
func writeList(ctx context.Context, uri string) error {
	return blob.WriteFile(ctx, uri, []byte(strings.Join(Classes(), "\n")+"\n"))
}

// writeImageFolder writes CLASS/NAME files. Local ones are not synced to the disk one by one:
// they can be drawn again.
func writeImageFolder(ctx context.Context, dirURI string, n int64) error {
	return each(ctx, n, func(_, i int64, data []byte) error {
		uri := blob.Join(dirURI, kinds[classOf(i)].name, Name(i))
		if blob.IsLocal(dirURI) {
			return blob.WriteQuick(ctx, uri, data)
		}
		return blob.WriteFile(ctx, uri, data)
	})
}

// A tarShard is a WebDataset shard: members cls and jpg, jpeg or png.
type tarShard struct{ *tar.Writer }

func (s tarShard) add(i int64, data []byte) error {
	key := fmt.Sprintf("%09d", i)
	if err := tarMember(s.Writer, key+".cls", []byte(strconv.Itoa(classOf(i)))); err != nil {
		return err
	}
	return tarMember(s.Writer, key+"."+formOf(i).ext, data)
}

func (s tarShard) finish() error { return s.Close() }

// writeWebDataset writes synth-train-000000.tar, …, and classes.txt.
func writeWebDataset(ctx context.Context, dirURI string, n int64) error {
	if err := writeList(ctx, blob.Join(dirURI, "classes.txt")); err != nil {
		return err
	}
	path := func(number int64) string { return blob.Join(dirURI, fmt.Sprintf("synth-train-%06d.tar", number)) }
	return inShards(ctx, n, path, func(w io.Writer) shard { return tarShard{tar.NewWriter(w)} })
}

func tarMember(tw *tar.Writer, name string, data []byte) error {
	if err := tarHeader(tw, name, int64(len(data))); err != nil {
		return err
	}
	_, err := tw.Write(data)
	return err
}

func tarHeader(tw *tar.Writer, name string, size int64) error {
	return tw.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o444, ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR})
}

// writeILSVRC writes ILSVRC2012_img_train.tar, a tar of a tar for each class. It draws each
// class twice: the header of the inner tar needs its size.
func writeILSVRC(ctx context.Context, dirURI string, n int64) error {
	out, err := blob.Create(ctx, blob.Join(dirURI, "ILSVRC2012_img_train.tar"))
	if err != nil {
		return err
	}
	defer out.Abort()
	outer := tar.NewWriter(out)
	var d Drawer
	var data []byte
	var inner bytes.Buffer
	for class, k := range kinds {
		size := int64(2 * 512)
		for i := int64(class); i < n; i += int64(len(kinds)) {
			data = d.Draw(data[:0], i)
			size += 512 + int64(len(data)+511)/512*512
		}
		if err := tarHeader(outer, k.name+".tar", size); err != nil {
			return err
		}
		inner.Reset()
		tw := tar.NewWriter(&inner)
		for i := int64(class); i < n; i += int64(len(kinds)) {
			if err := ctx.Err(); err != nil {
				return err
			}
			data = d.Draw(data[:0], i)
			if err := tarMember(tw, Name(i), data); err != nil {
				return err
			}
			if _, err := inner.WriteTo(outer); err != nil {
				return err
			}
		}
		if err := tw.Close(); err != nil {
			return err
		}
		if _, err := inner.WriteTo(outer); err != nil {
			return err
		}
	}
	if err := outer.Close(); err != nil {
		return err
	}
	return out.Commit()
}
