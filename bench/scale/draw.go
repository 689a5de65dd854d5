package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix"
	"github.com/premix/premix/io/cache"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/io/webdataset"
	"github.com/premix/premix/transforms/stage"
)

// perContainer is how many images a container has, as a shard of ImageNet.
const perContainer = 1251

// containers are tars that are nowhere, of which synth knows how to make chunks.
func containers(images int64) (list []source.Container) {
	for i := int64(0); i*perContainer < images; i++ {
		n := min(perContainer, images-i*perContainer)
		list = append(list, source.Container{
			Name: fmt.Sprintf("imagenet-train-%06d.tar", i), URI: "synth:", Layout: "synth", Label: -1,
			Size: n, Samples: n, Offset: i * perContainer,
		})
	}
	return list
}

func labelName(k int64) string { return fmt.Sprintf("n%08d", 1440764+1013*k) }

// drawRows draws the rows of a chunk: what a cache has of photographs of 500 × 375 pixels in shuffled tars.
func drawRows(s *setup, c *source.Chunk, replicas []int) []premix.Sample {
	var rows []premix.Sample
	for i := c.Offset; i < c.End; i++ {
		random := rand.New(rand.NewPCG(uint64(c.Container.Offset+i), 1))
		class := labelName(random.Int64N(s.Labels))
		sample := premix.Sample{
			Name:     fmt.Sprintf("%s/%s_%d.jpg", c.Container.Name, class, 1000+random.IntN(30000)+int(i)*30000),
			Location: premix.Location{URI: c.Container.URI, Offset: i * 110_592, Length: 90_000 + random.Int64N(40_000)},
			Label:    -1, Class: class, Width: 500, Height: 375 - 42*random.IntN(2),
		}
		h := fnv.New128a()
		io.WriteString(h, sample.Name)
		h.Sum(sample.Digest[:0])
		if s.Bad > 0 && random.Int64N(s.Bad) == 0 {
			sample.Fault = premix.AsFault(premix.Faultf(premix.Corrupt, "invalid JPEG format: short Huffman data"))
			sample.FaultStage = premix.StageDecode
		}
		for _, r := range replicas {
			row := sample
			row.Replica = r
			w, h := 100+random.IntN(400), 100+random.IntN(200)
			row.Crop = premix.Crop{X: float64(random.IntN(501 - w)), Y: float64(random.IntN(sample.Height - h + 1)), W: float64(w), H: float64(h)}
			row.Flip = random.IntN(2) == 0
			row.Peak, row.Trough = premix.Peak{X: random.IntN(224), Y: random.IntN(224)}, premix.Peak{X: random.IntN(224), Y: random.IntN(224)}
			rows = append(rows, row)
		}
	}
	return rows
}

// fillCache puts the rows of all chunks into the cache of a job.
func fillCache(ctx context.Context, s *setup, job *stage.Job, list []source.Container) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(64)
	for _, c := range list {
		chunks, err := stage.Split(ctx, job, c)
		if err != nil {
			return err
		}
		for _, chunk := range chunks {
			g.Go(func() error {
				rows := drawRows(s, &chunk, job.Replicas)
				_, err := job.Store().Save(ctx, chunk.ID, cache.Meta{
					Container: c.Name, First: chunk.First, Last: chunk.Last, Stamp: chunk.Stamp, URI: c.URI,
					Replicas: job.Replicas, Entries: chunk.End - chunk.Offset, Schema: cache.Schema,
				}, &cache.Chunk{Rows: rows})
				if err == nil {
					err = job.Store().MarkReader(ctx, chunk.ID, cache.ContentOf(&cache.Chunk{Rows: rows}), source.Reader)
				}
				return err
			})
		}
	}
	return g.Wait()
}

// nullFormat is WebDataset without samples in its shards.
type nullFormat struct{ webdataset.Format }

func (f nullFormat) NewWriter(w io.Writer, s shard.Spec) shard.Writer {
	return &nullWriter{Writer: f.Format.NewWriter(w, s)}
}

type nullWriter struct {
	shard.Writer
	size int64
}

func (w *nullWriter) Write(*shard.Record) error {
	w.size += 20_000
	return nil
}

func (w *nullWriter) Payload() int64 { return w.size }
