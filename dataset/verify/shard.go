package verify

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/derive"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/plan"
)

// A shardResult is what came out of one shard.
type shardResult struct {
	found          defects
	samples, bytes int64
	derived        int64
	whole          bool // read to its end without an error
	stats          []dataset.MethodStats
	targets        []uint64 // hashes of the names, in order
}

// A checker verifies one shard.
type checker struct {
	v       *verifier
	rec     *dataset.ShardRecord
	deep    map[int64]bool
	total   int64 // samples of the replica; 0: unknown
	spec    shard.Spec
	traits  shard.Traits
	recipes []premix.Recipe // nil: no plan
	result  shardResult
	stats   dataset.Stats
	decoder imaging.Decoder
	image   imaging.Image
	soft    []float32
	derive  *derive.Deriver // made when it is first needed
	// hashes of the names, in order; a source is 0 where a sample has no second image
	targets, sources []uint64
	skipped          bool // a record that could not be read
	a, b             derive.Half
}

func newChecker(v *verifier, rec *dataset.ShardRecord, deep map[int64]bool) *checker {
	c := &checker{v: v, rec: rec, deep: deep, traits: v.format.Traits(), spec: v.config.Shape.Spec(v.classes)}
	c.result.found.limit = v.options.MaxDefects
	if rec.Path != v.format.ShardPath(c.spec, rec.Shard) {
		c.spec.Replica = rec.Replica
	}
	return c
}

// bad notes a defect of the shard, or of one of its records.
func (c *checker) bad(key, format string, args ...any) {
	c.result.found.add(c.rec.Path, key, format, args...)
}

func (c *checker) run(ctx context.Context) (*shardResult, error) {
	if want := c.v.format.ShardPath(c.spec, c.rec.Shard); c.rec.Path != want {
		c.bad("", "its record says shard %d of replica %d, which is %s", c.rec.Shard, c.rec.Replica, want)
	}
	if want := dataset.PlanPath(c.v.name, c.rec.Path); c.rec.PlanPath != want && c.rec.PlanPath != "" {
		c.bad("", "its record says that the plan is %q, it should be %q", c.rec.PlanPath, want)
	}
	if err := c.canonical(ctx); err != nil {
		return nil, err
	}
	if err := c.loadPlan(ctx); err != nil {
		return nil, err
	}
	index, err := c.read(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.checkIndex(ctx, index); err != nil {
		return nil, err
	}
	c.result.stats = c.stats.Methods()
	if c.result.whole && !slices.Equal(c.result.stats, c.rec.Stats) {
		c.bad("", "statistics of its record differ from those of its samples")
	}
	if c.result.whole && !c.skipped {
		c.pairs()
	}
	result := c.result // a pointer into the checker would keep its plan and its pictures
	result.targets = c.targets
	return &result, nil
}

// canonical checks that the record of the shard is as premix writes it.
func (c *checker) canonical(ctx context.Context) error {
	file := c.v.meta(dataset.ShardsDir, dataset.RecordName(c.rec.Replica, c.rec.Shard))
	return canonical(ctx, &c.result.found, c.v.out, file, c.rec)
}

// loadPlan reads the plan of the shard and draws it again from the recipe.
func (c *checker) loadPlan(ctx context.Context) error {
	if c.rec.PlanPath == "" {
		if !c.v.lost(dataset.LostPlan) {
			c.bad("", "its record names no plan")
		}
		return nil
	}
	bad := func(format string, args ...any) { c.result.found.add(c.rec.PlanPath, "", format, args...) }
	recipes, err := dataset.ReadPlan(ctx, blob.Join(c.v.out, c.rec.PlanPath))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		bad("missing")
		return nil
	case err != nil && dataset.Environment(err):
		return err
	case err != nil:
		bad("%s", oneLine(err))
		return nil
	}
	if o, err := blob.Stat(ctx, blob.Join(c.v.out, c.rec.PlanPath)); err != nil {
		return fmt.Errorf("verify: %w", err)
	} else if o.Size != c.rec.PlanBytes {
		bad("%d bytes, the record of its shard says %d", o.Size, c.rec.PlanBytes)
	}
	if int64(len(recipes)) != c.rec.Samples {
		bad("%d rows, the record of its shard says %d samples", len(recipes), c.rec.Samples)
	}
	c.recipes = recipes
	c.redraw(bad)
	return nil
}

// redraw plans the shard again and compares.
func (c *checker) redraw(bad func(string, ...any)) {
	if c.v.params == nil || c.total == 0 {
		return
	}
	drawn, err := derive.Redraw(c.v.params, c.recipes, c.total, c.v.config.Shape.Shards, c.spec.Replica >= 0)
	if err != nil && !errors.Is(err, derive.ErrOrder) {
		bad("%s", oneLine(err))
	}
	for i := range drawn {
		if what := derive.Differs(&c.recipes[i], &drawn[i]); what != "" {
			bad("%s: %s as the recipe draws it", c.recipes[i].Key, what)
		}
	}
}

// read goes through the shard once: hash, size, every record. It returns the index that the shard
// should have; nil if that cannot be known, since the shard is not as premix writes it.
func (c *checker) read(ctx context.Context) ([]byte, error) {
	in, err := dataset.OpenHashed(ctx, c.v.format, blob.Join(c.v.out, c.rec.Path))
	if errors.Is(err, fs.ErrNotExist) {
		c.bad("", "missing")
		return nil, nil
	}
	switch {
	case err != nil && dataset.Environment(err):
		return nil, fmt.Errorf("verify: %w", err)
	case err != nil:
		c.bad("", "%s", unreadable(err))
		return nil, nil
	}
	defer in.Close()

	var same matcher
	file := in.Reader
	if !c.traits.RandomAccess {
		file = bufio.NewReaderSize(io.TeeReader(in.Reader, side(&same)), 1<<18)
	}
	deviations := 0
	reader := c.v.format.NewReader(file, shard.ReadOptions{Report: func(d shard.Deviation) {
		deviations++
		c.bad(d.Key, "%s", deviation(d))
	}})
	writer := c.v.format.NewWriter(writerSide(&same), c.spec)
	writing := true
	var record shard.Record
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		err := reader.Next(&record)
		if err == io.EOF {
			c.result.whole = true
			break
		}
		var one *shard.RecordError
		if err != nil && dataset.Environment(err) {
			return nil, fmt.Errorf("verify: %s: %w", c.rec.Path, err)
		}
		if err != nil {
			c.bad("", "%s", oneLine(err))
			writing = false
			if errors.As(err, &one) {
				c.result.samples++
				c.skipped = true
				continue
			}
			break
		}
		before := c.result.found.total
		if err := c.record(ctx, &record); err != nil {
			return nil, err
		}
		if writing {
			if err := writer.Write(&record); err != nil {
				if c.result.found.total == before {
					c.bad(record.Key, "%s", oneLine(err))
				}
				writing = false
			}
		}
		c.result.samples++
	}
	if _, err := io.Copy(io.Discard, file); err != nil { // what follows the end marker
		return nil, fmt.Errorf("verify: %s: %w", c.rec.Path, err)
	}
	c.result.bytes = in.Bytes
	c.compare(in.Sum())
	if !c.result.whole || !writing {
		return nil, nil
	}
	if err := writer.Close(); err != nil {
		return nil, fmt.Errorf("verify: %s: %w", c.rec.Path, err)
	}
	if at := same.end(); at >= 0 && !c.traits.RandomAccess {
		if deviations == 0 {
			c.bad("", "byte %d differs from what premix writes for these records", at)
		}
		return nil, nil // the index of other bytes says nothing
	}
	if p := writer.Payload(); p != c.rec.PayloadBytes {
		c.bad("", "%d bytes of payload, its record says %d", p, c.rec.PayloadBytes)
	}
	index := writer.Index()
	if index == nil {
		index = []byte{}
	}
	return index, nil
}

// compare holds what was counted against the record of the shard.
func (c *checker) compare(sum string) {
	if c.result.bytes != c.rec.Bytes {
		c.bad("", "%d bytes, its record says %d", c.result.bytes, c.rec.Bytes)
	}
	if sum != c.rec.SHA256 {
		c.bad("", "sha256 %.12s…, its record says %.12s…", sum, c.rec.SHA256)
	}
	if c.result.samples != c.rec.Samples {
		c.bad("", "%d samples, its record says %d", c.result.samples, c.rec.Samples)
	}
	if c.total == 0 {
		return
	}
	lo, hi := plan.Shards{N: c.total, S: c.v.config.Shape.Shards}.Range(c.rec.Shard)
	if c.rec.Samples != hi-lo {
		c.bad("", "its record says %d samples, but shard %d of %d holds %d of %d", c.rec.Samples, c.rec.Shard, c.v.config.Shape.Shards, hi-lo, c.total)
	}
}

// checkIndex compares the index file with the index that the shard should have.
func (c *checker) checkIndex(ctx context.Context, want []byte) error {
	path := c.v.format.IndexPath(c.spec, c.rec.Shard)
	if m := c.v.manifest; m != nil && !slices.Contains(m.Indexes, "dali") {
		path = ""
	}
	if c.rec.IndexPath != path && (c.v.manifest != nil || c.rec.IndexPath != "") {
		c.bad("", "its record says that the index is %q, it should be %q", c.rec.IndexPath, path)
	}
	if c.rec.IndexPath == "" {
		return nil
	}
	have, err := blob.ReadAll(ctx, blob.Join(c.v.out, c.rec.IndexPath), maxIndex)
	switch {
	case err != nil && dataset.Environment(err):
		return fmt.Errorf("verify: %w", err)
	case err != nil:
		c.result.found.add(c.rec.IndexPath, "", "%s", unreadable(err))
	case int64(len(have)) != c.rec.IndexBytes:
		c.result.found.add(c.rec.IndexPath, "", "%d bytes, the record of its shard says %d", len(have), c.rec.IndexBytes)
	case want != nil && !bytes.Equal(have, want):
		line := 1 + bytes.Count(have[:firstDifference(have, want)], []byte{'\n'})
		c.result.found.add(c.rec.IndexPath, "", "line %d is not what %s gives", line, c.rec.Path)
	}
	return nil
}

const maxIndex = 1 << 28

func firstDifference(a, b []byte) int {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	return i
}

func deviation(d shard.Deviation) string {
	s := d.String()
	if d.Key != "" {
		s = strings.Replace(s, " ("+d.Key+")", "", 1)
	}
	return s
}

func nameHash(name string) uint64 {
	if h := xxh3.HashString(name); h != 0 {
		return h
	}
	return 1
}

// oneLine is the text of an error as a defect.
func oneLine(err error) string { return strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; ") }
