package stage

// A Global is the plan of the whole job, made once from the summaries of all chunks. Every shard
// is a pure function of the job, the Global, and the rows of the shard.
type Global struct {
	N       int64 // images that take part in each replica
	Shards  int64 // a replica
	Groups  int64 // a replica
	Parts   int64 // groups of all replicas
	Buckets int64 // places where parts are gathered before they are dealt out
	Classes []string
	// Chunks says for each chunk which ordinals its images have.
	Chunks map[string]ChunkPlan
	// InputsDigest identifies names, bytes and labels of all entries.
	InputsDigest string
	// GoodDigest identifies those of them that are good in every replica of the job. Where peaks are
	// given replica by replica, other replicas can have other ones.
	GoodDigest string
	// OwnList identifies the class list of the input where labels depend on it.
	OwnList string
}
