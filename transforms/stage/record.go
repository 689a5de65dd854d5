package stage

import (
	"github.com/premix/premix/dataset"
)

// An OutputRecord is the record of a shard in one of the job's outputs.
type OutputRecord struct {
	Output int
	Record dataset.ShardRecord
	Kept   bool // an earlier run made the shard
	Anew   bool // an earlier run had made the shard, but not as its record says
}

// AssertValid returns an error that names an invariant of the record that does not hold.
func (r *OutputRecord) AssertValid() error {
	if s := &r.Record; r.Output < 0 || s.Replica < 0 || s.Shard < 0 || s.Samples < 1 || s.Path == "" || s.Fingerprint == "" {
		return defect("the record of shard %d in replica %d of output %d has %d samples in %q, made from %q", s.Shard, s.Replica, r.Output, s.Samples, s.Path, s.Fingerprint)
	}
	return nil
}
