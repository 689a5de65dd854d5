package stage

import (
	"encoding/binary"
	"fmt"
	"iter"
	"slices"

	"github.com/premix/premix/dataset"
)

// An OutputBatch is what the finish stage needs of some shards of one replica in one of the job's outputs.
type OutputBatch struct {
	Output int
	dataset.Batch
}

// AssertValid returns an error that names an invariant of the batch that does not hold.
func (b *OutputBatch) AssertValid() error {
	err := b.Batch.AssertValid()
	if err == nil && b.Output < 0 {
		err = fmt.Errorf("a batch of replica %d is for output %d", b.Replica, b.Output)
	}
	if err != nil {
		return defect("%v", err)
	}
	return nil
}

// Encode returns the batch as it travels, in an encoding of its own: gob takes ten times the bytes.
func (b *OutputBatch) Encode() ([]byte, error) {
	return b.AppendBinary(binary.AppendUvarint(nil, uint64(b.Output)))
}

// ReadOutputBatch is the inverse of Encode. The batch that it returns is valid.
func ReadOutputBatch(data []byte) (*OutputBatch, error) {
	output, n := binary.Uvarint(data)
	if n <= 0 || output > maxOutputs {
		return nil, fmt.Errorf("stage: an element of %d bytes begins with no number of an output", len(data))
	}
	b, err := dataset.ReadBatch(data[n:])
	if err != nil {
		return nil, defect("%v", err)
	}
	return &OutputBatch{int(output), *b}, nil
}

// maxOutputs is more than a job has.
const maxOutputs = 1 << 10

// A madeShard is a shard in one of the job's outputs: what Mix has made of it.
type madeShard struct {
	output     int
	record     dataset.ShardRecord
	kept, anew bool // as [dataset.Extract] has them
}

// batchesOf gathers shards of one replica, output by output.
func batchesOf(job *Job, made []madeShard) ([]OutputBatch, error) {
	batches := make([]OutputBatch, len(job.Outputs))
	for i := range made {
		m := &made[i]
		b := &batches[m.output]
		if len(b.Shards) == 0 {
			*b = OutputBatch{m.output, dataset.Batch{Replica: m.record.Replica, Fingerprint: m.record.Fingerprint}}
		}
		if err := b.Add(&m.record); err != nil {
			return nil, err
		}
		last := &b.Shards[len(b.Shards)-1]
		last.Kept, last.Anew = m.kept, m.anew
	}
	return slices.DeleteFunc(batches, func(b OutputBatch) bool { return len(b.Shards) == 0 }), nil
}

// gatherShards gathers batches by output. It keeps some 130 bytes a shard, and reads one batch at a time.
func gatherShards(job *Job, g *Global, batches iter.Seq2[*OutputBatch, error]) ([]*dataset.ShardSet, error) {
	sets := make([]*dataset.ShardSet, len(job.Outputs))
	for i := range sets {
		sets[i] = &dataset.ShardSet{PerReplica: g.Shards}
	}
	for b, err := range batches {
		if err != nil {
			return nil, err
		}
		if b.Output < 0 || b.Output >= len(sets) {
			return nil, fmt.Errorf("stage: records of output %d of %d", b.Output, len(sets))
		}
		sets[b.Output].Add(&b.Batch)
	}
	return sets, nil
}
