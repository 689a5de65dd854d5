package dataset

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
)

// checkPaths refuses a record whose paths are not those that some format gives for its shard: a record
// is data, and what it lists is read, replaced and removed.
func (r *ShardRecord) checkPaths(split string) error {
	for _, name := range formats.Names() {
		format, err := formats.ByName(name)
		if err != nil {
			return fmt.Errorf("dataset: %w", err)
		}
		for _, spec := range r.specs(split) {
			if r.named(format, spec) {
				return nil
			}
		}
	}
	return fmt.Errorf("the paths %q, %q and %q are not those of shard %d in replica %d of %s", r.Path, r.IndexPath, r.PlanPath, r.Shard, r.Replica, split)
}

// named reports whether the paths of a record are those that a format gives for its shard. Index and plan
// may be missing.
func (r *ShardRecord) named(format shard.Format, spec shard.Spec) bool {
	return r.Path == format.ShardPath(spec, r.Shard) &&
		(r.IndexPath == "" || r.IndexPath == format.IndexPath(spec, r.Shard)) &&
		(r.PlanPath == "" || r.PlanPath == PlanPath(spec.Split, r.Path))
}

// specs are the descriptions of shards that the path of the record may follow: its name begins with the
// name of the data set, and one of its numbers may be that of all shards.
func (r *ShardRecord) specs(split string) (specs []shard.Spec) {
	base := path.Base(r.Path)
	spec := shard.Spec{Split: split}
	spec.Name, _, _ = strings.Cut(base, "-")
	if !nameForm.MatchString(spec.Name) {
		return nil
	}
	counts := []int64{r.Shard + 1}
	for _, digits := range digitRuns.FindAllString(base, -1) {
		if n, err := strconv.ParseInt(digits, 10, 31); err == nil && n > r.Shard {
			counts = append(counts, n)
		}
	}
	for _, spec.Shards = range counts {
		for _, spec.Replica = range r.numbers() {
			specs = append(specs, spec)
		}
	}
	return specs
}

// numbers are the numbers of the replica that names may have: −1 is none.
func (r *ShardRecord) numbers() []int {
	if r.Replica == 0 {
		return []int{-1, 0}
	}
	return []int{r.Replica}
}

// shaped reports whether a record is of a shard of this shape.
func (r *ShardRecord) shaped(format shard.Format, s *Shape) bool {
	spec := s.Spec(nil)
	for _, spec.Replica = range r.numbers() {
		if r.Shard < s.Shards && r.named(format, spec) {
			return true
		}
	}
	return false
}
