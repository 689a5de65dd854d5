package launch

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/plan"
	"github.com/premix/premix/transforms/stage"
)

// A Forecast is what a job will do, as far as a [Trial] and the listing of the inputs tell.
type Forecast struct {
	Images  int64 // to be read, about; 0: unknown
	Samples int64 // to be written, in all replicas
	Shards  int64 // of one replica
	// Existing is the number of shards that earlier runs made, in all outputs.
	Existing int64
	// In is the bytes of the images; Out those of each output, give or take two standard errors. Copies is the
	// bytes of crops that lie beside the output until the end.
	In, Copies int64
	Out        []TrialSize
	// Core is the time that one core of this machine takes for all; 0: unknown.
	Core time.Duration
}

// Forecast tells from a trial what the job will do.
func (j *Job) Forecast(ctx context.Context, t *Trial) *Forecast {
	f := &Forecast{Images: j.images(t)}
	if f.Images == 0 || t.Images == 0 {
		return f
	}
	replicas := int64(len(j.Description.Replicas))
	good := j.good(t, f.Images)
	if share := float64(t.Images-t.Bad-t.Excluded) / float64(t.Images); share > 0 && j.Description.StopsEarly() {
		f.Images = min(f.Images, int64(math.Ceil(float64(good)/share)))
	}
	f.In = int64(float64(f.Images) * t.Bytes)
	crops := int64(1)
	if j.Description.Geometry.Random() {
		crops = replicas
	}
	cached := int64(0)
	if j.Cache != nil && j.Cache.By[stage.Valid] != nil {
		cached = min(f.Images, j.Cache.By[stage.Valid].Images)
	}
	f.Core = time.Duration(f.Images-cached) * (t.Read + t.Decode + time.Duration(crops)*t.Peak)
	if j.Options.PeaksOnly {
		return f
	}
	f.Samples = good * replicas
	switch {
	case j.Config.Shards > 0:
		f.Shards = j.Config.Shards
	case j.Config.SamplesPerShard > 0:
		f.Shards = plan.ShardsFor(good, j.Config.SamplesPerShard)
	case good > 0:
		f.Shards = plan.DefaultShards(good, f.In)
	}
	if j.Config.PlanOnly {
		return f
	}
	f.Existing = j.existing(ctx)
	missing := f.Samples
	if all := f.Shards * replicas * int64(len(j.Description.Outputs)); all > 0 && !j.Config.Recheck {
		missing -= int64(float64(f.Samples) * float64(min(f.Existing, all)) / float64(all))
	}
	f.Core += time.Duration(missing) * t.Mix
	switch j.Description.Spool.Mode {
	case stage.SpoolPixels:
		f.Copies = f.Images * crops * int64(3*j.Config.Size.H*j.Config.Size.W)
	case stage.SpoolCrops: // read, or made with the peaks
	case stage.SpoolBytes:
		f.Copies = f.In
		f.Core += time.Duration(missing) * t.Decode
	default:
		f.Core += time.Duration(missing) * (t.Read + t.Decode)
	}
	for _, s := range t.Outputs {
		f.Out = append(f.Out, TrialSize{s.Mean * float64(f.Samples), 2 * s.Error * float64(f.Samples)})
	}
	return f
}

// existing counts the shards of the job that have records. What cannot be read counts as missing.
func (j *Job) existing(ctx context.Context) (n int64) {
	if j.Config.Overwrite {
		return 0
	}
	for _, o := range j.Description.Outputs {
		records, _, err := dataset.IntactRecords(ctx, o.Dir, j.Config.Split)
		if err != nil {
			continue
		}
		for _, r := range records {
			if slices.Contains(j.Description.Replicas, r.Replica) {
				n++
			}
		}
	}
	return n
}

// images is about how many images the job will read: by the listing, or by names, or by the bytes of containers.
func (j *Job) images(t *Trial) (n int64) {
	if n = j.Expected(); n == 0 || j.Description.StopsEarly() { // then only what an estimate needs is listed
		named := int64(0)
		for _, k := range j.Catalog.Images {
			named += k
		}
		n = max(n, named)
	}
	if n == 0 && t.Bytes > 0 {
		var bytes int64
		for _, c := range j.Catalog.Containers {
			if c.Size == 0 {
				return 0
			}
			bytes += c.Size
		}
		n = int64(float64(bytes) / t.Bytes)
	}
	return n
}

// good is about how many images of the input the output will have, of n in all.
func (j *Job) good(t *Trial, n int64) int64 {
	share := float64(t.Images-t.Bad-t.Excluded) / float64(t.Images)
	good := int64(math.Round(float64(n) * share))
	if each := j.Description.LimitPerClass; each > 0 {
		most := int64(0)
		for _, k := range j.Catalog.Images {
			most += min(each, int64(math.Round(float64(k)*share)))
		}
		if len(j.Catalog.Images) == 0 {
			most = each * max(1, int64(len(j.Catalog.Classes)))
		}
		good = min(good, most)
	}
	if limit := j.Description.Limit; limit > 0 {
		good = min(good, limit)
	}
	return good
}
