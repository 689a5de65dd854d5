package stage

import (
	"github.com/premix/premix/dataset"
)

// An OutputRecord is the record of a shard in one of the job's outputs.
type OutputRecord struct {
	Output int
	Record dataset.ShardRecord
}
