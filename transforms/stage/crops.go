package stage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/imaging/crop"
	"github.com/premix/premix/io/cache"
	"github.com/premix/premix/io/source"
)

// SpoolCrops is the way in which the mix stage gets pixels back where crops are kept beside the peaks: files of crops are for
// later jobs too, and stay.
const SpoolCrops = "crops"

// CropsInfo says where crops are kept: in the folder of a fingerprint of their own beside that of the peaks.
type CropsInfo struct {
	Fingerprint string // of what decides pixels; empty: no crops are kept
	Settings    []byte // content of fingerprint.json
	Limit       int64  // bytes of all crops in the cache; 0: no limit
}

// cropStore is the part of the cache that has the crops of the job.
func (j *Job) cropStore() *cache.Store {
	return storeOf(storeKey{j.RunID, j.Cache.URI, j.Crops.Fingerprint}, j.Crops.Settings)
}

// cropsLacking returns the replicas of which the cache has no crops of a content.
func cropsLacking(ctx context.Context, job *Job, id, content string) ([]int, error) {
	files, err := job.cropStore().Crops(ctx, id)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(job.cropReplicas()), func(r int) bool { return len(cache.CropsOf(files, content, r)) > 0 }), nil
}

// lackingCopies returns the replicas whose crops must be made for the copy of a chunk: all of them where the copy is not there.
// Kept crops have files of replicas.
func lackingCopies(ctx context.Context, job *Job, c source.Chunk, found *rows, spooled bool) ([]int, error) {
	switch {
	case !spooled, found == nil:
		return job.cropReplicas(), nil
	case spoolMode(job, c.Seekable()) == SpoolCrops:
		return cropsLacking(ctx, job, c.ID, found.content)
	}
	return nil, nil
}

// CropsLacking returns of how many replicas of the job the cache has no crops of a chunk, of whatever content: whether those that
// are there agree with the input is known once it is read.
func CropsLacking(ctx context.Context, job *Job, id string) (n int64, err error) {
	files, err := job.cropStore().Crops(ctx, id)
	if err != nil {
		return 0, err
	}
	for _, r := range job.cropReplicas() {
		if !slices.ContainsFunc(files, func(f cache.File) bool { return slices.Contains(f.Replicas, r) }) {
			n++
		}
	}
	return n, nil
}

// keptCrops are the files of crops of a chunk, from which its crops are read instead of being made.
type keptCrops struct {
	job   *Job
	files []*cache.CropFile
}

// openKept opens the files of crops of a chunk; nil if they do not promise all of some replicas. A damaged one is removed.
func openKept(ctx context.Context, job *Job, id string, replicas []int) (*keptCrops, error) {
	store := job.cropStore()
	files, err := store.Crops(ctx, id)
	if err != nil {
		return nil, err
	}
	k := &keptCrops{job: job}
	left := slices.Clone(replicas)
	for i := range files {
		f, err := cache.OpenCrops(ctx, store.Path(&files[i]))
		switch {
		case errors.Is(err, cache.ErrCorrupt):
			if err := damagedCrops(ctx, job, store.Path(&files[i])); err != nil {
				return nil, err
			}
			continue
		case errors.Is(err, fs.ErrNotExist): // pruned
			continue
		case err != nil:
			return nil, err
		}
		if f.Size != job.Geometry.Size {
			continue
		}
		k.files = append(k.files, f)
		left = slices.DeleteFunc(left, func(r int) bool { return f.First <= r && r <= f.Last })
	}
	if len(left) > 0 {
		return nil, nil
	}
	return k, nil
}

// damagedCrops removes a damaged file of crops, and counts it for the summary.
func damagedCrops(ctx context.Context, job *Job, uri string) error {
	countDamagedCrops(uri)
	return job.cropStore().RemoveCrops(job.Guarded(ctx), uri)
}

// find returns what the files say of an image with a digest, in a replica.
func (k *keptCrops) find(d premix.Digest, replica int) (width, height int, at premix.Location, known bool) {
	for _, f := range k.files {
		w, h, where, here := f.Find(d, replica)
		if w > 0 {
			return w, h, where, true
		}
		known = known || here
	}
	return 0, 0, premix.Location{}, known
}

// errNoCrop says that files of crops do not fit the chunk: an image is not in them, or damaged.
var errNoCrop = errors.New("stage: an image has no kept crop")

// has reports whether the crops of an image are kept. Those of an image that could not be decoded are not. The error is
// errNoCrop if the files know nothing of the image.
func (k *keptCrops) has(d premix.Digest, replicas []int) (bool, error) {
	all := true
	for _, r := range replicas {
		width, _, _, known := k.find(d, r)
		if !known {
			return false, errNoCrop
		}
		all = all && width > 0
	}
	return all, nil
}

// load reads the crop of s, and does what [sample.Maker.Crop] does. Without a crop the error is errNoCrop.
func (k *keptCrops) load(ctx context.Context, w *worker, s *premix.Sample) (crop.Plan, error) {
	width, height, at, _ := k.find(s.Digest, s.Replica)
	pix, err := readCrop(ctx, k.job, w.half.Crop.Pix, at, s)
	if err == nil && pix == nil {
		err = errNoCrop
	}
	if err != nil {
		return crop.Plan{}, err
	}
	size := k.job.Geometry.Size
	w.half.Crop = imaging.Image{W: size.W, H: size.H, Pix: pix}
	return w.Cropped(s, width, height)
}

// readCrop reads a kept crop of a row; nil if it is not there any more, or damaged: then its file is removed.
func readCrop(ctx context.Context, job *Job, dst []byte, at premix.Location, s *premix.Sample) ([]byte, error) {
	pix, err := cache.ReadCrop(ctx, dst, at, s.Digest, s.Replica)
	switch {
	case ctx.Err() != nil: // says nothing of the file
		return nil, context.Cause(ctx)
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case errors.Is(err, cache.ErrCorrupt):
		return nil, damagedCrops(ctx, job, at.URI)
	case err != nil:
		return nil, fmt.Errorf("stage: a kept crop cannot be read: %w", err)
	case len(pix) != job.cropBytes():
		return nil, defect("a kept crop has %d bytes", len(pix))
	}
	countKeptCrop()
	return pix, nil
}

// writeKept begins the file with the crops of a chunk in some replicas. A cache that is as large as it may be ends the job.
// left is what the file may take.
func writeKept(ctx context.Context, job *Job, c source.Chunk, replicas []int) (w *cache.CropWriter, left int64, err error) {
	left = math.MaxInt64
	if limit := job.Crops.Limit; limit > 0 {
		have, err := cache.CropsSize(ctx, job.Cache.URI)
		if err != nil {
			return nil, 0, err
		}
		left = limit - have
		if need := int64(max(c.EstImages, 1)*len(replicas)) * cache.CropBytes(job.Geometry.Size); need > left {
			return nil, 0, noRoom(job, c.Container.Name)
		}
	}
	w, err = job.cropStore().WriteCrops(ctx, c.ID, job.Geometry.Size, replicas[0], replicas[len(replicas)-1])
	return w, left, err
}

// noRoom refuses crops that do not fit.
func noRoom(job *Job, container string) error {
	return refuse(CodeUsage, "the crops of %s do not fit into %s: --keep-crops-limit is %d bytes for all: raise it, leave --keep-crops out, or premix cache prune", container, job.Cache.URI, job.Crops.Limit)
}

// consecutive adds what lacks between the first and the last of some replicas, since a file has all from one to another.
func consecutive(replicas []int) []int {
	var all []int
	for r := replicas[0]; r <= replicas[len(replicas)-1]; r++ {
		all = append(all, r)
	}
	return all
}

// cropsToKeep makes the crops of the image that was decoded, in all replicas; nil if one cannot be made, which the rows will say. They
// are made whatever becomes of the peaks, since the file of crops is that of all detectors. of gets the size of the image.
func (t *chunkTask) cropsToKeep(w *worker, out []premix.Sample, of *premix.Sample) ([]byte, error) {
	pixels := getBuffer(len(out) * t.job.cropBytes())
	for i := range out {
		s := out[i]
		if _, err := w.Crop(&w.half, &s); premix.AsFault(err) != nil {
			return nil, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
		of.Width, of.Height = s.Width, s.Height
		pixels = append(pixels, w.half.Crop.Pix...)
	}
	return pixels, nil
}

// keptPeaks finds the peaks of an image on the crops that are kept.
func (t *chunkTask) keptPeaks(ctx context.Context, w *worker, outs [][]premix.Sample, exts []*external) error {
	for _, views := range t.groups {
		mine, ext := rowsFor(views, outs), exts[views[0]]
		for i := range mine[0] {
			p, err := t.crops.load(ctx, w, &mine[0][i])
			if err != nil {
				return err
			}
			if err := t.find(w, views, mine, i, ext, &p); err != nil {
				return err
			}
		}
	}
	return nil
}
