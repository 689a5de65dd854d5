// Package transforms holds the stages of a job as Beam PTransforms: each decodes its elements,
// calls one function of package stage, and emits what it returns.
//
//	Scan        PCollection<[]byte> of chunks            listing containers inside of the pipeline
//	Peaks       PCollection<[]byte> of chunk summaries   peaks into the cache
//	Gate        three PCollection<[]byte>: the plan,     max-bad, resume and refusal
//	            its chunks, and accounts for Finish
//	Distribute  PCollection<KV<int64,[]byte>>            rows to buckets of groups of shards
//	Collect     PCollection<KV<int64,[]byte>>            one element a group, dealt out evenly
//	Mix         PCollection<[]byte> of shard batches     shards written
//	Finish      –                                        manifest and merged files
//
// Image bytes are in no PCollection. Elements are byte slices, which every runner moves with a
// standard coder: gob, and an encoding of their own for rows and for batches of shards, of which there are many. Order of elements, bundle boundaries and retries make no difference
// to what is written.
package transforms

import "github.com/premix/premix/transforms/stage"

// Job is the description of the work that every transform takes.
type Job = stage.Job
