package stage

// Shards travel in groups: a group is the unit that a runner gives to a worker, and repeats after a
// failure. Rows of a chunk for one group are a batch, which has its names and places to itself, so a job has as many
// groups as its workers need, and no more because it has many replicas. Groups travel in buckets: one worker gathers the rows of a bucket and then deals its groups
// out. With few buckets the groups are dealt evenly: a cluster deals round-robin from each place that
// elements come from, and it chooses these places by hashing keys, unevenly (keys 0 to 7 lie on
// Flink's four slots as 1, 1, 2, 4). With many buckets each place needs less memory.
const (
	// localGroups is the number of groups of a job on a local runner.
	localGroups = 64
	// groupsPerSlot makes one group more or less on a slot a small difference.
	groupsPerSlot = 16
	// groupRows bounds the rows of a group, about; a row has some 60 bytes.
	groupRows = 1 << 16
	// bucketRows bounds the rows of a bucket, about: 60 MB.
	bucketRows = 1 << 20
	// maxRounds bounds the rounds of a job, since each reads all rows of the cache.
	maxRounds = 64
)

// roundRows bounds the rows of a round, about. A local runner holds the rows of a round in memory, with about 100
// bytes each. Tests set it.
var roundRows int64 = 1 << 22

// SetRoundRows sets the rows of a round, for tests, and returns a function that undoes that.
func SetRoundRows(n int64) (undo func()) {
	old := roundRows
	roundRows = n
	return func() { roundRows = old }
}

// MostRounds is how many rounds of groups a local job of so many images may need. A job makes the shards of one round
// after those of the other; on clusters, whose shuffles are on disk, there is one.
func MostRounds(images, replicas int64) int64 {
	return max(1, min(ceilDiv(images, max(1, roundRows/replicas)), maxRounds))
}

// chooseGroups fills in how the shards of the plan travel, for a job on a number of slots (0: a
// local runner) that was built for a number of rounds. No byte of the output depends on it.
func (g *Global) chooseGroups(wanted, slots, replicas, rounds int64) {
	g.Groups = wanted
	if wanted <= 0 {
		g.Groups = max(ceilDiv(max(localGroups, groupsPerSlot*slots), replicas), ceilDiv(g.N, groupRows))
	}
	g.Groups = max(1, min(g.Groups, g.Shards))
	g.Parts = g.Groups * replicas
	g.Buckets = max(1, min(ceilDiv(g.N*replicas, bucketRows), g.Parts))
	g.Rounds = max(1, min(ceilDiv(g.N*replicas, roundRows), rounds, g.Parts))
}

func ceilDiv(a, b int64) int64 { return (a + b - 1) / b }

// group is the group that a shard travels in. Groups that have a shard more than others come
// first, so that dealing them out in order spreads those shards too.
func (g *Global) group(shard int64) int64 { return shard % g.Groups }

// Bucket is the bucket of a part: group k of the job's i-th replica is part i·Groups + k. The
// buckets of ascending parts ascend.
func (g *Global) Bucket(part int64) int64 { return part * g.Buckets / g.Parts }

// inRound reports whether the shards of a part are made in a round, the first of which is 0. The rounds of ascending
// parts ascend: replicas come one after the other.
func (g *Global) inRound(part, round int64) bool { return part*g.Rounds/g.Parts == round }

// heldRows is how many rows a process holds at once: a local runner those of a round, a worker of a cluster those of a
// bucket, twice while it deals them out.
func (g *Global) heldRows(replicas int64, cluster bool) int64 {
	if cluster {
		return 2 * min(g.N*replicas, bucketRows)
	}
	return ceilDiv(g.N*replicas, max(1, g.Rounds))
}

// replicasIn are the first and the last of the job's replicas, by their index, that have parts in a round.
func (g *Global) replicasIn(round int64) (first, last int64) {
	return ceilDiv(round*g.Parts, g.Rounds) / g.Groups, (ceilDiv((round+1)*g.Parts, g.Rounds) - 1) / g.Groups
}
