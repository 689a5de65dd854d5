package stage

import (
	"encoding/json"
	"slices"

	"github.com/premix/premix"
	"github.com/premix/premix/io/peakfile"
	"github.com/premix/premix/mix"
	"github.com/premix/premix/plan"
	"github.com/premix/premix/sample"
)

// A Variant is one of several ways to make samples of the same crops and the same pairs.
type Variant struct {
	// Params are those of the job, but for detector, mixing and encoding.
	Params sample.Params
	Finder int // the detector of its peaks: 0 is that of the job itself, others are in Finders
}

// A Finder is a detector beside that of the job itself. It finds peaks in the same crops, and its cache is filled as by
// a run of its own.
type Finder struct {
	Variant  string         // the first variant that has it, for messages
	Params   sample.Params  // those of the job, but for the detector
	External *peakfile.Info // peaks from a file, instead of a detector
	Cache    CacheInfo
}

// Views are the job as each of its detectors sees it, the job itself first.
func (j *Job) Views() []*Job {
	views := []*Job{j}
	for i := range j.Finders {
		f, v := &j.Finders[i], *j
		v.Params, v.External, v.Cache, v.Finders = f.Params, f.External, f.Cache, nil
		views = append(views, &v)
	}
	return views
}

// variants are those of the job, at least one.
func (j *Job) variants() []Variant {
	if len(j.Variants) == 0 {
		return []Variant{{Params: j.Params}}
	}
	return j.Variants
}

// parts is the number of outputs with samples of their own: several formats of one variant have the same.
func (j *Job) parts() int64 {
	n := 0
	for i := range j.Outputs {
		n = max(n, j.Outputs[i].Part+1)
	}
	return int64(max(n, 1))
}

// CacheOf is the cache with the peaks of an output.
func (j *Job) CacheOf(o *Output) *CacheInfo {
	if k := j.variants()[o.Variant].Finder; k > 0 {
		return &j.Finders[k-1].Cache
	}
	return &j.Cache
}

// RunJSON is the run.json of an output. A job for the peaks alone has none.
func (j *Job) RunJSON(o *Output) json.RawMessage {
	if o.Run != nil {
		return o.Run
	}
	return j.Run
}

// variantsOf are the variants that some outputs need, ascending.
func (j *Job) variantsOf(outputs []int) []int {
	var list []int
	for _, i := range outputs {
		list = append(list, j.Outputs[i].Variant)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// ParamsOf are the parameters of a variant, by its number.
func (j *Job) ParamsOf(variant int) *sample.Params {
	if len(j.Variants) == 0 {
		return &j.Params
	}
	return &j.Variants[variant].Params
}

// count counts a shard once for each part of the configuration: as kept where all of its outputs had it, and else
// with the bytes that are new.
func (t *shardTask) count(made []madeShard) {
	for part := range int(t.job.parts()) {
		kept, samples, bytes := true, int64(0), int64(0)
		for i := range made {
			if t.job.Outputs[made[i].output].Part != part {
				continue
			}
			samples = made[i].record.Samples
			if !made[i].kept {
				kept, bytes = false, bytes+made[i].record.Bytes
			}
		}
		countShard(samples, bytes, kept)
	}
}

// twin returns the first variant before the k-th whose encoded picture of sample i has the bytes of the k-th's, since it has
// the same pixels and encoding: that of a sample that is not mixed in either, above all. It is −1 if there is none.
func (t *shardTask) twin(i, k int, variants []int, recipes [][]premix.Recipe, pictures map[*premix.Sample]*picture) int {
	r, encode := &recipes[k][i], t.job.ParamsOf(variants[k]).Encode
	for j := range k {
		o := &recipes[j][i]
		if mix.Alike(o, r) && pictures[o.Target] == pictures[r.Target] && pictures[o.Source] == pictures[r.Source] &&
			t.job.ParamsOf(variants[j]).Encode == encode {
			return j
		}
	}
	return -1
}

// RowsFor returns rows with the peaks of a detector, by the number that a [Variant] has of it. Samples of others than the
// first detector are copies; same, if it is not nil, leads from each to the one that it is a copy of.
func RowsFor(rows []plan.Row, finder int, same map[*premix.Sample]*premix.Sample) []plan.Row {
	if finder == 0 {
		return rows
	}
	copies := make([]premix.Sample, len(rows))
	out := make([]plan.Row, len(rows))
	for i := range rows {
		out[i], copies[i] = rows[i], *rows[i].Sample
		spot := rows[i].More[finder-1]
		copies[i].Peak, copies[i].Trough, copies[i].Flat = spot.Peak, spot.Trough, spot.Flat
		out[i].Sample = &copies[i]
		if same != nil {
			same[&copies[i]] = rows[i].Sample
		}
	}
	return out
}

// spotMemory is what the peak of a further detector takes of a row in memory.
const spotMemory = 64

// heldRows is how many rows a process holds at once, by their memory: one with the peaks of further detectors counts for
// more.
func (j *Job) heldRows(g *Global) int64 {
	rows := g.heldRows(int64(len(j.Replicas)), j.Slots > 0)
	return rows + rows*int64(len(j.Finders))*spotMemory/rowMemory
}
