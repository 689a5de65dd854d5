package dataset

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/shard"
)

// A ShardRecord is committed after a shard, its index and its plan: where the record exists, they are
// complete. It depends on input and recipe only.
type ShardRecord struct {
	Schema  int   `json:"schema"`
	Replica int   `json:"replica"`
	Shard   int64 `json:"shard"`
	// Path, IndexPath and PlanPath are separated by slashes and below the output. IndexPath is empty
	// if the format has no index.
	Path      string `json:"path"`
	IndexPath string `json:"index"`
	PlanPath  string `json:"plan"`
	// IndexBytes and PlanBytes are the sizes of these files.
	IndexBytes int64 `json:"index_bytes"`
	PlanBytes  int64 `json:"plan_bytes"`
	// Samples is the number of samples, Bytes the size of the shard, PayloadBytes the size of its
	// samples without framing.
	Samples      int64 `json:"samples"`
	Bytes        int64 `json:"bytes"`
	PayloadBytes int64 `json:"payload_bytes"`
	// SHA256 is the hash of the shard in lower-case hex.
	SHA256 string `json:"sha256"`
	// Fingerprint identifies recipe and input.
	Fingerprint string        `json:"fingerprint"`
	Stats       []MethodStats `json:"statistics"`
}

// PlanPath returns the path of the plan of a shard below the output.
func PlanPath(split, shardPath string) string {
	return path.Join(MetaDir, split, PlanName(shardPath))
}

// PlanName returns the path of the plan of a shard below OUT/__premix__/SPLIT: plan/SHARD.parquet,
// where SHARD is the name of the shard without a final .tar or .parquet.
func PlanName(shardPath string) string {
	name := path.Base(shardPath)
	for _, ext := range []string{".tar", ".parquet"} {
		if s, ok := strings.CutSuffix(name, ext); ok {
			name = s
			break
		}
	}
	return path.Join(PlanDir, name+".parquet")
}

// RecordName returns the name of the record of a shard in its folder.
func RecordName(replica int, shard int64) string {
	return fmt.Sprintf("r%03d-%06d.json", replica, shard)
}

func recordURI(out, split string, replica int, shard int64) string {
	return Meta(out, split, ShardsDir, RecordName(replica, shard))
}

// CommitRecord writes the record of a finished shard. The shard, its index and its plan must have
// been committed before.
func CommitRecord(ctx context.Context, out, split string, r ShardRecord) error {
	r.Schema = Schema
	data, err := Encode(r)
	if err != nil {
		return err
	}
	if err := blob.WriteFile(ctx, recordURI(out, split, r.Replica, r.Shard), data); err != nil {
		return fmt.Errorf("dataset: record of shard %s: %w", r.Path, err)
	}
	return nil
}

// LoadRecord reads the record of a shard. The error is fs.ErrNotExist if there is none.
func LoadRecord(ctx context.Context, out, split string, replica int, shard int64) (*ShardRecord, error) {
	return loadRecord(ctx, recordURI(out, split, replica, shard))
}

func loadRecord(ctx context.Context, uri string) (*ShardRecord, error) {
	var r ShardRecord
	if err := readJSON(ctx, uri, maxRecord, &r, &r.Schema); err != nil {
		return nil, err
	}
	if r.Path == "" || r.Replica < 0 || r.Shard < 0 || r.Samples < 0 || r.Bytes < 0 {
		return nil, fmt.Errorf("dataset: %s is not the record of a shard", uri)
	}
	if want := RecordName(r.Replica, r.Shard); blob.Base(uri) != want {
		return nil, fmt.Errorf("dataset: %s is the record of another shard, %s", uri, want)
	}
	if err := r.checkPaths(blob.Base(blob.Dir(blob.Dir(uri)))); err != nil {
		return nil, fmt.Errorf("dataset: %s: %w", uri, err)
	}
	return &r, nil
}

// RemoveRecord removes the record of a shard, so that the next run makes the shard anew. A record that
// does not exist is not an error. Behind a link nothing is removed: there an empty record, which is none,
// takes its place.
func RemoveRecord(ctx context.Context, out, split string, replica int, shard int64) error {
	uri := recordURI(out, split, replica, shard)
	err := remove(ctx, out, uri)
	if link := (*blob.LinkError)(nil); errors.As(err, &link) {
		return blob.WriteFile(ctx, uri, []byte("{}\n"))
	}
	return err
}

// Fits reports whether a record is that of the shard which want describes as far as a plan decides it:
// want has no sizes and no hash.
func (r *ShardRecord) Fits(want *ShardRecord) bool {
	return r.Replica == want.Replica && r.Shard == want.Shard && r.Samples == want.Samples && r.Fingerprint == want.Fingerprint &&
		r.Path == want.Path && r.IndexPath == want.IndexPath && r.PlanPath == want.PlanPath &&
		slices.Equal(r.Stats, want.Stats) && r.consistent()
}

// sized reports whether a record has a size for each file that it names, and for no other. None of them is ever empty. An
// [Extract] has no names: there a size of zero says that the record names no index, or no plan, so a record that is not
// sized must not become one.
func (r *ShardRecord) sized() bool {
	return r.Bytes > 0 && min(r.IndexBytes, r.PlanBytes) >= 0 && (r.IndexBytes > 0) == (r.IndexPath != "") && (r.PlanBytes > 0) == (r.PlanPath != "")
}

// consistent reports whether a record agrees with itself.
func (r *ShardRecord) consistent() bool {
	var samples int64
	for _, m := range r.Stats {
		samples += m.Count
	}
	return isHash(r.SHA256) && samples == r.Samples && r.Samples > 0 && r.PayloadBytes > 0 && r.sized()
}

// Records reads all shard records of a split, in order of replica and shard. It returns an empty
// slice if there are none.
func Records(ctx context.Context, out, split string) ([]ShardRecord, error) {
	records, damaged, err := readRecords(ctx, out, split)
	if err == nil && len(damaged) > 0 {
		err = damaged[0].err
	}
	if err != nil {
		return nil, err
	}
	return records, nil
}

// IntactRecords is [Records] for an output of which some records may be damaged: these are left out, and
// damaged says, by the names of their files, what is wrong with them.
func IntactRecords(ctx context.Context, out, split string) (records []ShardRecord, damaged map[string]error, err error) {
	records, list, err := readRecords(ctx, out, split)
	damaged = map[string]error{}
	for _, d := range list {
		damaged[blob.Base(d.uri)] = d.err
	}
	return records, damaged, err
}

// A damagedRecord is a shard record that cannot be used.
type damagedRecord struct {
	uri string
	err error
}

// readRecords is [Records] with damaged records in a list of their own.
func readRecords(ctx context.Context, out, split string) (records []ShardRecord, damaged []damagedRecord, err error) {
	objects, err := blob.List(ctx, Meta(out, split, ShardsDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("dataset: %w", err)
	}
	objects = slices.DeleteFunc(objects, func(o blob.Object) bool {
		return o.Dir || path.Ext(o.URI) != ".json"
	})
	read := make([]*ShardRecord, len(objects))
	bad := make([]error, len(objects))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(16) // each is one request to an object store
	for i, o := range objects {
		g.Go(func() error {
			r, err := loadRecord(ctx, o.URI)
			if err != nil && !Damaged(err) {
				return err
			}
			read[i], bad[i] = r, err
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, nil, err
	}
	for i := range objects {
		if bad[i] != nil {
			damaged = append(damaged, damagedRecord{objects[i].URI, bad[i]})
		} else {
			records = append(records, *read[i])
		}
	}
	sortRecords(records)
	return records, damaged, nil
}

func sortRecords(records []ShardRecord) {
	slices.SortFunc(records, func(a, b ShardRecord) int {
		return cmp.Or(cmp.Compare(a.Replica, b.Replica), cmp.Compare(a.Shard, b.Shard))
	})
}

// Intact reports whether shard, index and plan exist with the sizes in the record. It does not read
// their contents; verify does. Of a set, [ShardSet.Missing] tells the same.
func (r *ShardRecord) Intact(ctx context.Context, out, split string) (bool, error) {
	if !r.sized() {
		return false, nil
	}
	for _, f := range []struct {
		path string
		size int64
	}{{r.Path, r.Bytes}, {r.IndexPath, r.IndexBytes}, {r.PlanPath, r.PlanBytes}} {
		if f.path == "" {
			continue
		}
		o, err := blob.Stat(ctx, blob.Join(out, f.path))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return false, nil
		case err != nil:
			return false, fmt.Errorf("dataset: %w", err)
		case o.Dir || o.Size != f.size:
			return false, nil
		}
	}
	return true, nil
}

// Folder returns the folder of a file below the output; empty for the output itself.
func Folder(p string) string {
	if dir := path.Dir(p); dir != "." {
		return dir
	}
	return ""
}

// Sample returns the sample of a recipe as it goes into a shard, with its encoded image. It has no
// dense label: see sample.Params.Soft.
func Sample(r *premix.Recipe, image []byte, spec *shard.Spec) shard.Record {
	rec := shard.Record{
		Key: r.Key, Image: image, ImageFormat: spec.ImageFormat, W: spec.Size.W, H: spec.Size.H,
		Label: r.Label, LabelA: r.LabelA, LabelB: r.LabelB, Lam: r.Lam, LamDrawn: r.LamDrawn,
		Box: r.Box, SrcBox: r.SrcBox, Peak: r.Peak, Flat: r.Flat, Method: r.Method, Mixed: r.Mixed,
		Replica: r.Replica, Target: r.Target.Name, Source: r.Source.Name,
	}
	if r.Label >= 0 && r.Label < len(spec.Classes) {
		rec.Class = spec.Classes[r.Label]
	}
	return rec
}
