package stage

// A Global is the plan of the whole job, made once from the summaries of all chunks. Every shard
// is a pure function of the job, the Global, and the rows of the shard.
type Global struct {
	N       int64 // images that take part in each replica
	Shards  int64 // a replica
	Groups  int64 // a replica
	Parts   int64 // groups of all replicas
	Buckets int64 // places where parts are gathered before they are dealt out
	Rounds  int64 // in which shards are made, one after the other
	Classes []string
	// InputsDigest identifies names, bytes and labels of all entries.
	InputsDigest string
	// GoodDigest identifies those of them that are good in every replica of the job. Where peaks are
	// given replica by replica, other replicas can have other ones.
	GoodDigest string
	// OwnList identifies the class list of the input where labels depend on it.
	OwnList string
	// Warnings are what of the labels may surprise, for people.
	Warnings []string
}

// AssertValid returns an error that names an invariant of the plan that does not hold.
func (g *Global) AssertValid() error {
	switch {
	case g.Shards < 1 || g.Shards > g.N:
		return defect("the plan has %d images in %d shards", g.N, g.Shards)
	case g.Groups == 0 && g.Parts == 0 && g.Buckets == 0:
		return nil // of a replay: no rows travel
	case len(g.Classes) == 0:
		return defect("the plan has no class list")
	case g.Groups < 1 || g.Groups > g.Shards || g.Parts < 1 || g.Parts%g.Groups != 0 || g.Buckets < 1 || g.Buckets > g.Parts || g.Rounds < 1 || g.Rounds > g.Parts:
		return defect("the plan has %d shards in %d groups, %d parts, %d buckets and %d rounds", g.Shards, g.Groups, g.Parts, g.Buckets, g.Rounds)
	}
	return nil
}
