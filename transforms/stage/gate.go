package stage

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/mix"
	"github.com/premix/premix/plan"
)

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

// A ChunkPlan is the share of a chunk in the plan.
type ChunkPlan struct {
	First int64 // ordinal of its first image
	// Count is the number of images used.
	Count int64
	// Excluded is the number of good images left out on purpose: by a limit, or by the class list.
	Excluded int64
	// Entries is how many of its entries are looked at, from the first; −1: all.
	Entries int64
	// Left bounds the images used of each class; nil: all.
	Left map[int]int64
	// Cut is the summary of what is looked at, where that differs from the chunk's own.
	Cut *Summary
}

// A Refusal stops the job before its first write. The launcher turns it into an exit code; its
// text survives every runner, which hand on nothing else.
type Refusal struct {
	Code    int
	Message string
}

// Exit codes of refusals.
const (
	CodeUsage  = 2
	CodeMaxBad = 3
	CodeOther  = 4
)

const refusalMark = "premix-refusal="

func (r *Refusal) Error() string {
	text, _ := json.Marshal(r)
	return refusalMark + string(text) + "\n"
}

// FindRefusal returns the refusal in the text of an error that came back from a runner, or nil. The
// error must have left its stage through [Seal].
func FindRefusal(err error) *Refusal {
	if err == nil {
		return nil
	}
	var r *Refusal
	if errors.As(err, &r) {
		return r
	}
	text := err.Error()
	// Some runners quote the error that they hand on.
	if i := strings.Index(text, refusalMark); i >= 0 {
		text = text[i+len(refusalMark):]
		for _, t := range []string{text, strings.ReplaceAll(strings.ReplaceAll(text, `\"`, `"`), `\\`, `\`)} {
			found := new(Refusal)
			if json.NewDecoder(strings.NewReader(t)).Decode(found) == nil && found.Message != "" && CodeUsage <= found.Code && found.Code <= CodeOther {
				return found
			}
		}
	}
	return nil
}

// Seal prepares the error of a stage for its way through a runner, which hands on nothing but the
// text: a refusal stands alone there, and what looks like one in any other error, because an entry of
// the input has such a name, does not any more.
func Seal(err error) error {
	var r *Refusal
	switch {
	case err == nil:
		return nil
	case errors.As(err, &r):
		return r
	case strings.Contains(err.Error(), refusalMark):
		return &sealed{err}
	}
	return err
}

type sealed struct{ err error }

func (s *sealed) Error() string {
	return strings.ReplaceAll(s.err.Error(), refusalMark, strings.TrimSuffix(refusalMark, "=")+" ")
}

func (s *sealed) Unwrap() error { return s.err }

func refuse(code int, format string, args ...any) error {
	return &Refusal{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Gate makes the plan of the job, and refuses to go on where too many images are bad, or where
// the output belongs to another recipe or input. It is the last stage before the first write.
func Gate(ctx context.Context, job *Job, sums []Summary) (*Global, error) {
	sortSummaries(sums)
	g, sums, err := makeGlobal(ctx, job, sums)
	if err != nil {
		return nil, err
	}
	if err := checkBad(ctx, job, sums, g); err != nil {
		return nil, err
	}
	if err := checkPairs(job, sums, g); err != nil {
		return nil, err
	}
	list, err := chunks(job, g, sums)
	if err != nil {
		return nil, err
	}
	return g, claimAll(ctx, job, g, dataset.Containers(list))
}

// sortSummaries puts chunks into the order of the input.
func sortSummaries(sums []Summary) {
	slices.SortFunc(sums, func(a, b Summary) int {
		return cmp.Or(cmp.Compare(source.Order(a.Container), source.Order(b.Container)), a.Seq-b.Seq)
	})
}

// makeGlobal returns the plan, and the summaries of what the plan looks at.
func makeGlobal(ctx context.Context, job *Job, sums []Summary) (*Global, []Summary, error) {
	g := &Global{}
	var err error
	if job.Catalog.Classes == nil && job.StopsEarly() {
		// The class list is that of the images that are looked at; there is no other.
		if g.Chunks, sums, err = plans(ctx, job, sums, nil); err != nil {
			return nil, nil, err
		}
	}
	if g.Classes, err = classList(job, sums); err != nil {
		return nil, nil, err
	}
	if g.Chunks == nil {
		if g.Chunks, sums, err = plans(ctx, job, sums, g.Classes); err != nil {
			return nil, nil, err
		}
	}
	if err := checkShared(job, sums, g.Classes); err != nil {
		return nil, nil, err
	}
	g.OwnList = ownList(job, sums, g.Classes)
	var digest, good [32]byte
	for i := range sums {
		s := &sums[i]
		digest = dataset.JoinDigest(digest, s.Digest, s.Entries)
		var n int64
		for _, count := range s.Good {
			n += count
		}
		good = dataset.JoinDigest(good, s.GoodDigest, n)
		g.N += g.Chunks[s.ID].Count
	}
	g.InputsDigest, g.GoodDigest = hex.EncodeToString(digest[:]), hex.EncodeToString(good[:])
	switch {
	case job.Shards > 0:
		g.Shards = job.Shards
	case job.SamplesPerShard > 0:
		g.Shards = plan.ShardsFor(g.N, job.SamplesPerShard)
	default:
		g.Shards = plan.DefaultShards(g.N)
	}
	if g.N > 0 && g.Shards > g.N {
		return nil, nil, refuse(CodeUsage, "--shards %d: there are only %d good images, and no shard may be empty", g.Shards, g.N)
	}
	if g.Shards > maxShards {
		return nil, nil, refuse(CodeUsage, "%d shards: at most %d a replica; raise --samples-per-shard", g.Shards, maxShards)
	}
	g.chooseGroups(job.Groups, int64(job.Slots), int64(len(job.Replicas)))
	return g, sums, nil
}

// maxShards is what the names of shards have digits for.
const maxShards = 99999

// checkBad applies --on-bad and --max-bad.
func checkBad(ctx context.Context, job *Job, sums []Summary, g *Global) error {
	bad, entries := int64(len(job.Catalog.Failures)), int64(len(job.Catalog.Failures))
	var kinds []string
	count := map[string]int64{}
	for _, f := range job.Catalog.Failures {
		count[string(f.Kind)]++
	}
	res := job.resolver(g.Classes)
	for i := range sums {
		entries += sums[i].Entries
		for k, n := range sums[i].Failed {
			count[k] += n
			bad += n
		}
		if n := badLabels(res, &sums[i]); n > 0 {
			bad += n
			count[string(premix.BadLabel)] += n
		}
	}
	over := float64(bad) > job.MaxBad*float64(entries)*(1+1e-12) // 0.29·100 is below 29
	if !over && g.N > 0 && (bad == 0 || job.OnBad != "fail") {
		return nil
	}
	for k, n := range count {
		kinds = append(kinds, fmt.Sprintf("%d %s", n, k))
	}
	slices.Sort(kinds)
	what := fmt.Sprintf("%d of %d images are bad (%s)", bad, entries, strings.Join(kinds, ", "))
	where := ""
	if bad > 0 {
		where = fmt.Sprintf("; %spremix inspect %s lists them", firstFailure(ctx, job, sums, g), cacheHint(job))
	}
	switch {
	case bad > 0 && job.OnBad == "fail":
		return refuse(CodeMaxBad, "%s and --on-bad is fail: nothing was mixed, peaks are kept%s", what, where)
	case over:
		return refuse(CodeMaxBad, "%s, more than --max-bad %g%%: nothing was mixed, peaks are kept%s; raise --max-bad to go on without them", what, job.MaxBad*100, where)
	case entries == 0 && containers(sums) == 1:
		return refuse(CodeMaxBad, "no usable image in the input: %s holds none", sums[0].Container)
	case entries == 0 && len(sums) > 0:
		return refuse(CodeMaxBad, "no usable image in the input: of its %d containers none holds one; the first is %s", containers(sums), sums[0].Container)
	}
	return refuse(CodeMaxBad, "no usable image in the input (%d entries, %d bad, %d left out): nothing was mixed%s", entries, bad, entries-bad, where)
}

// firstFailure says which the first bad image is and why, as the beginning of a sentence. The rows may
// be gone: then the caller's refusal is still the more useful thing to say.
func firstFailure(ctx context.Context, job *Job, sums []Summary, g *Global) (what string) {
	enough := errors.New("enough")
	_ = failures(ctx, job, g, sums, func(f premix.Failure) error {
		what = fmt.Sprintf("the first is %s: %s; ", f.Name, f.Reason)
		return enough
	})
	return what
}

// containers counts those of chunks that are in order.
func containers(sums []Summary) (n int) {
	for i := range sums {
		if i == 0 || sums[i].Container != sums[i-1].Container {
			n++
		}
	}
	return n
}

// checkPairs refuses pairs of different classes where all images are of one.
func checkPairs(job *Job, sums []Summary, g *Global) error {
	if job.Mix.Pair != mix.DifferentClass || g.N < 2 {
		return nil
	}
	res, only := job.resolver(g.Classes), -1
	for i := range sums {
		for label, count := range sums[i].Good {
			class, ok, err := res.resolve(label)
			switch {
			case !ok || err != nil || count == 0:
			case only >= 0 && class != only:
				return nil
			default:
				only = class
			}
		}
	}
	return refuse(CodeUsage, "--pair different-class: all %d images are of the class %q, so that no two can be paired: leave it out", g.N, g.Classes[only])
}

func cacheHint(job *Job) string { return blob.Join(job.Cache.URI, job.Cache.Fingerprint) }
