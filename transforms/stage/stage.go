// Package stage holds the work of the pipeline's stages as plain functions: the peaks of a chunk,
// the plan of a job, the mixing of a shard, the end of an output. The DoFns of package transforms
// decode their input, call one of these functions, and emit what it returns. Nothing here knows Beam.
//
// The words that stages pass to each other have files of their own: [Job], [Global], [ChunkPlan],
// [Summary], [Refusal]. The names of the other files begin with the stage whose work they hold: scan,
// peaks, gate, rows, mix, finish; replay is the work on a plan that was made before.
//
// Every function may run again with the same arguments, on any machine, also while an earlier
// attempt is still running: what it writes is a pure function of the job and the input, and is
// committed atomically under a name that follows from the plan.
package stage
