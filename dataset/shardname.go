package dataset

import (
	"path"
	"regexp"
	"strconv"

	"github.com/premix/premix/io/shard"
)

var digitRuns = regexp.MustCompile(`[0-9]+`)

// Named parses the path of a shard or of its index. ok is false if the path is no such name of the
// split. replica is −1 if the name has none.
func Named(format shard.Format, spec shard.Spec, p string) (index int64, replica int, ok bool) {
	return named(spec, p, func(spec shard.Spec, i int64) bool {
		return p == format.ShardPath(spec, i) || p == format.IndexPath(spec, i)
	})
}

// namedPlan is [Named] for the plans of shards.
func namedPlan(format shard.Format, spec shard.Spec, p string) (index int64, replica int, ok bool) {
	return named(spec, p, func(s shard.Spec, i int64) bool { return p == PlanPath(spec.Split, format.ShardPath(s, i)) })
}

// named tries each number in a name as replica and as shard.
func named(spec shard.Spec, p string, is func(spec shard.Spec, i int64) bool) (index int64, replica int, ok bool) {
	replicas := []int{-1}
	var indexes []int64
	for _, digits := range digitRuns.FindAllString(path.Base(p), -1) {
		n, err := strconv.ParseInt(digits, 10, 31)
		if err != nil {
			continue
		}
		replicas = append(replicas, int(n))
		if n < spec.Shards {
			indexes = append(indexes, n)
		}
	}
	for _, spec.Replica = range replicas {
		for _, i := range indexes {
			if is(spec, i) {
				return i, spec.Replica, true
			}
		}
	}
	return 0, 0, false
}
