package inspect

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/verify"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/io/arrayrecord"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/cache"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/npy"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/tfrecord"
	"github.com/premix/premix/saliency"
)

// Limits of files that are read whole.
const (
	maxImage = 1 << 28
	maxArray = 1 << 28
)

// file finds out by the first bytes what a file is.
func (r *Report) file(ctx context.Context, uri string, size int64, o *Options) error {
	head, err := blob.ReadRange(ctx, nil, uri, 0, min(size, 512))
	if err != nil {
		return fmt.Errorf("inspect: %w", err)
	}
	switch {
	case len(head) == 0:
		r.Kind = KindUnknown
		r.note("the file is empty")
		return nil
	case bytes.HasPrefix(head, []byte("PAR1")):
		return r.parquet(ctx, uri, o)
	case bytes.HasPrefix(head, []byte("\x93NUMPY")):
		return r.array(ctx, uri)
	case len(head) > 262 && string(head[257:262]) == "ustar":
		return r.shardOr(ctx, uri, []string{"webdataset"}, o)
	case tfrecord.IsHead(head):
		return r.shardOr(ctx, uri, []string{"tfrecord", "tfds"}, o)
	case arrayrecord.IsHead(head):
		return r.shardOr(ctx, uri, []string{"array_record"}, o)
	case strings.HasSuffix(uri, ".mds"): // it begins with a number
		return r.shardOr(ctx, uri, []string{"mds"}, o)
	case imaging.Sniff(head) != imaging.Unknown:
		return r.image(ctx, uri)
	}
	if out, split, ok := inMeta(uri); ok {
		if dirs, err := verify.Outputs(ctx, out); err == nil {
			if o.Split == "" {
				o.Split = split
			}
			return r.output(ctx, out, dirs, o)
		}
	}
	return r.input(ctx, uri, o)
}

// shardOr reads a shard in one of some formats, the first that its first record fits. A file
// that fits none may still be an input.
func (r *Report) shardOr(ctx context.Context, uri string, names []string, o *Options) error {
	for _, name := range names {
		format, err := formats.ByName(name)
		if err != nil {
			continue
		}
		ok, err := r.shard(ctx, uri, format, o)
		if err != nil || ok {
			return err
		}
	}
	return r.input(ctx, uri, o)
}

// shard reads all records of a shard. It reports false if the first one cannot be read.
func (r *Report) shard(ctx context.Context, uri string, format shard.Format, o *Options) (bool, error) {
	reader, closer, err := dataset.OpenShard(ctx, format, uri, shard.ReadOptions{})
	if err != nil {
		return false, fmt.Errorf("inspect: %w", err)
	}
	defer closer.Close()
	c := newCounts(r.Bytes)
	var rec shard.Record
	for {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		err := reader.Next(&rec)
		if err == io.EOF {
			break
		}
		if err != nil {
			if c.Samples == 0 {
				return false, environment(err)
			}
			if err := environment(err); err != nil {
				return false, err
			}
			r.note("after %d records: %v", c.Samples, err)
			break
		}
		if len(r.Records) < o.records() {
			r.Records = append(r.Records, recordOf(&rec))
		}
		r.keepRecord(&rec, "")
		c.add(&rec)
	}
	if c.Samples == 0 {
		return false, nil
	}
	r.Kind, r.Format = KindShard, format.Name()
	r.Summary = c.summary()
	return true, nil
}

// environment returns an error of disk or network, nil for defects of a file.
func environment(err error) error {
	if dataset.Environment(err) {
		return err
	}
	return nil
}

// counts gathers a [Summary]: the labels until all are known, and what records call their classes.
type counts struct {
	Summary
	labels  map[int]int64
	classes map[int]string
}

// newCounts returns counts of a file of so many bytes.
func newCounts(bytes int64) *counts {
	return &counts{Summary: Summary{Bytes: bytes, Methods: map[string]int64{}}, labels: map[int]int64{}, classes: map[int]string{}}
}

func (c *counts) add(r *shard.Record) {
	if c.Keys == nil {
		c.Keys = &Keys{First: r.Key}
	}
	c.Keys.Last = r.Key
	c.Samples++
	c.labels[r.Label]++
	if r.Class != "" {
		c.classes[r.Label] = r.Class
	}
	if r.Method != "" {
		c.Methods[r.Method]++
		c.LamSum += dataset.Float(r.Lam)
		c.LamDrawnSum += dataset.Float(r.LamDrawn)
	}
	if r.Mixed {
		c.Mixed++
	}
}

func (c *counts) summary() Summary {
	c.Labels = labelCounts(c.labels, func(label int) string { return c.classes[label] })
	return c.Summary
}

// parquet tells plans, files of the cache and shards apart.
func (r *Report) parquet(ctx context.Context, uri string, o *Options) error {
	if r.Bytes <= blob.MaxMeta {
		data, err := blob.ReadAll(ctx, uri, blob.MaxMeta)
		if err != nil {
			return fmt.Errorf("inspect: %w", err)
		}
		if dataset.IsPlan(data) {
			return r.plan(data, o)
		}
	}
	store := cache.Open(blob.Dir(blob.Dir(uri)), blob.Base(blob.Dir(uri)), nil)
	if ok, err := r.cacheFile(ctx, store, blob.Base(uri), o); ok || err != nil {
		return err
	}
	return r.shardOr(ctx, uri, []string{"parquet"}, o)
}

func (r *Report) plan(data []byte, o *Options) error {
	r.Kind = KindPlan
	recipes, err := dataset.DecodePlan(data)
	if err != nil {
		r.note("%v", err)
		return nil
	}
	c := newCounts(r.Bytes)
	for i := range recipes {
		planned := dataset.Sample(&recipes[i], nil, &shard.Spec{})
		if i < o.records() {
			r.Records = append(r.Records, Record{Record: planned})
		}
		c.add(&planned)
	}
	r.Summary = c.summary()
	return nil
}

func (r *Report) image(ctx context.Context, uri string) error {
	data, err := blob.ReadAll(ctx, uri, maxImage)
	if err != nil {
		return fmt.Errorf("inspect: %w", err)
	}
	r.Kind, r.Image, r.Samples = KindImage, describe(data), 1
	r.Format = r.Image.Format
	var decoder imaging.Decoder
	var img imaging.Image
	if _, err := decoder.Decode(ctx, &img, data, imaging.DecodeParams{}); err != nil {
		if premix.AsFault(err) == nil {
			return err
		}
		r.Image.Fault = err.Error()
		return nil
	}
	r.Size = []int{r.Image.Height, r.Image.Width}
	r.keep(thumbnail{caption: []string{path.Base(uri)}, data: data})
	if img.W*img.H > saliency.ExactPixels*16 {
		return nil // a map of a very large picture takes long, and shows nothing that is used
	}
	detector, err := saliency.New(saliency.Names()[0], saliency.Params{})
	if err != nil {
		return fmt.Errorf("inspect: %w", err)
	}
	if found := detector.Map(&r.salient, &img); !found.Flat && found.Peak != premix.NoPeak {
		r.Image.Peak = []int{found.Peak.X, found.Peak.Y}
	}
	return nil
}

func (r *Report) array(ctx context.Context, uri string) error {
	r.Kind = KindArray
	data, err := blob.ReadAll(ctx, uri, maxArray)
	if err != nil {
		return fmt.Errorf("inspect: %w", err)
	}
	values, width, err := npy.Decode(nil, data)
	if err != nil {
		r.note("%v", err)
		return nil
	}
	var sum float64
	for _, v := range values {
		sum += float64(v)
	}
	r.Array = &Array{Length: len(values), Width: width, Sum: dataset.Float(sum)}
	return nil
}
