package synth

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/premix/premix/io/blob"
)

// Formats are the layouts that Write knows.
func Formats() []string { return []string{"imagefolder", "webdataset"} }

// PerShard is the number of images in a shard of a written set.
const PerShard = 500

// Write writes the images 0 to n−1 as a data set in one of Formats below a folder. The order of
// the images is that of their names within an ImageFolder, so that every layout, read in its own
// order, gives the same images in the same order as synth:N.
func Write(ctx context.Context, dirURI, format string, n int64) error {
	if n < 1 || n > Max {
		return fmt.Errorf("synth: %d images, want 1 to %d", n, Max)
	}
	switch format {
	case "imagefolder":
		return WriteImageFolder(ctx, dirURI, n)
	case "webdataset":
		return WriteWebDataset(ctx, dirURI, n)
	}
	return fmt.Errorf("synth: unknown format %q", format)
}

// WriteImageFolder writes CLASS/NAME files. Local ones are not synced to the disk one by one:
// they can be drawn again.
func WriteImageFolder(ctx context.Context, dirURI string, n int64) error {
	made := ""
	return each(ctx, n, func(_, i int64, data []byte) error {
		dir := blob.Join(dirURI, kinds[ClassOf(i)].name)
		if !blob.IsLocal(dirURI) {
			return blob.WriteFile(ctx, blob.Join(dir, Name(i)), data)
		}
		if dir != made {
			if err := os.MkdirAll(dir, 0o777); err != nil {
				return fmt.Errorf("synth: %w", err)
			}
			made = dir
		}
		if err := os.WriteFile(blob.Join(dir, Name(i)), data, 0o666); err != nil {
			return fmt.Errorf("synth: %w", err)
		}
		return nil
	})
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

// WriteWebDataset writes synth-train-000000.tar, … with members jpg, jpeg or png, and cls, and
// classes.txt beside them.
func WriteWebDataset(ctx context.Context, dirURI string, n int64) error {
	var classes bytes.Buffer
	for _, c := range Classes() {
		fmt.Fprintln(&classes, c)
	}
	if err := blob.WriteFile(ctx, blob.Join(dirURI, "classes.txt"), classes.Bytes()); err != nil {
		return err
	}
	var out blob.Writer
	var tw *tar.Writer
	finish := func() error {
		if err := tw.Close(); err != nil {
			return err
		}
		return out.Commit()
	}
	err := each(ctx, n, func(position, i int64, data []byte) error {
		if position%PerShard == 0 {
			if out != nil {
				if err := finish(); err != nil {
					return err
				}
			}
			var err error
			out, err = blob.Create(ctx, blob.Join(dirURI, fmt.Sprintf("synth-train-%06d.tar", position/PerShard)))
			if err != nil {
				return err
			}
			tw = tar.NewWriter(out)
		}
		key := fmt.Sprintf("%09d", i)
		if err := tarMember(tw, key+".cls", []byte(strconv.Itoa(ClassOf(i)))); err != nil {
			return err
		}
		return tarMember(tw, key+"."+formOf(i).ext, data)
	})
	if out == nil {
		return err
	}
	defer out.Abort()
	if err != nil {
		return err
	}
	return finish()
}

func tarMember(tw *tar.Writer, name string, data []byte) error {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(data)), Mode: 0o444, ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR}
	if err := tw.WriteHeader(h); err != nil {
		return err
	}
	_, err := tw.Write(data)
	return err
}
