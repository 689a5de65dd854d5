package launch

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"path/filepath"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/internal/osfile"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/cache"
	"github.com/premix/premix/transforms/stage"
)

// chooseSpool decides how the mix stage gets pixels back. auto keeps the crops on a local run if
// they fit, so that every image is decoded once.
func (j *Job) chooseSpool(ctx context.Context) error {
	j.Description.Spool.Mode = j.Config.Spool
	if j.Config.KeepCrops && j.Config.Recheck { // who does not trust what is there wants the images
		j.Description.Crops = stage.CropsInfo{}
	} else if j.Config.KeepCrops {
		j.Description.Spool.Mode = stage.SpoolCrops
		return j.chooseCrops(ctx)
	}
	switch j.Config.Spool {
	case "off":
		j.Description.Spool.Mode = stage.SpoolRef
	case "auto":
		j.Description.Spool.Mode = stage.SpoolRef
		fits, err := j.cropsFit(ctx)
		if err == nil && fits {
			j.Description.Spool.Mode = stage.SpoolPixels
		}
		return err
	}
	return nil
}

// cropsFit says whether the crops of all images may be kept beside the output.
func (j *Job) cropsFit(ctx context.Context) (bool, error) {
	if j.Options.PeaksOnly || j.Config.PlanOnly || j.Expected() == 0 || !blob.IsLocal(j.Config.Out) {
		return false, nil
	}
	replicas := int64(1)
	if j.Description.Geometry.Random() {
		replicas = int64(len(j.Description.Replicas))
	}
	need := j.Expected() * replicas * int64(3*j.Config.Size.H*j.Config.Size.W)
	// The shards want room too: they are smaller than the crops, but for large labels.
	if need > j.Config.SpoolLimit || 2*need > freeSpace(j.Config.Out) {
		return false, nil
	}
	// Crops that are not found with their peaks would have to be made first.
	copies, err := stage.Copies(ctx, j.Description)
	if err != nil {
		return false, err
	}
	for _, id := range j.Cache.reusable {
		if !copies[stage.CopyName(j.Description, id, stage.SpoolPixels)] {
			return false, nil
		}
	}
	return true, nil
}

// A CropsLook says what --keep-crops keeps.
type CropsLook struct {
	URI    string // of the folder
	Images int64  // whose crops are lacking, about; 0: none, or unknown
	Bytes  int64  // that these will take
	Have   int64  // bytes of all crops in the cache
	Free   int64  // bytes of the disk
}

// chooseCrops looks at the crops that are kept, and refuses a job whose crops do not fit. Where the launcher does not know how
// many images there are, the workers refuse what does not fit.
func (j *Job) chooseCrops(ctx context.Context) (err error) {
	d := j.Description
	look := &CropsLook{URI: blob.Join(d.Cache.URI, d.Crops.Fingerprint), Free: freeSpace(d.Cache.URI)}
	if look.Have, err = cache.CropsSize(ctx, d.Cache.URI); err != nil {
		return err
	}
	replicas := int64(1) // of which a chunk lacks crops, at most
	for i := range j.chunks {
		lacking, err := stage.CropsLacking(ctx, d, j.chunks[i].ID)
		if err != nil {
			return err
		}
		if images := stage.Images(&j.chunks[i]); lacking > 0 {
			look.Images += images
			replicas = max(replicas, lacking)
			look.Bytes += images * lacking * cache.CropBytes(d.Geometry.Size)
		}
	}
	j.Crops = look
	what := printable.Sprintf("--keep-crops: the crops of %s in %s take %s in %s", printable.Count(look.Images, "image"), printable.Count(replicas, "replica"), dataset.Bytes(look.Bytes), d.Cache.URI)
	switch limit := j.Config.KeepCropsLimit; {
	case limit > 0 && look.Bytes > 0 && look.Have+look.Bytes > limit:
		return usagef("%s, which has %s of crops, and --keep-crops-limit is %s: raise it, leave --keep-crops out, or remove old ones with premix cache prune", what, dataset.Bytes(look.Have), dataset.Bytes(limit))
	case look.Bytes > look.Free:
		return usagef("%s, and its disk has %s: leave --keep-crops out, or choose another folder with --cache DIR", what, dataset.Bytes(look.Free))
	}
	return nil
}

// freeSpace is the number of bytes that may be written at a local path that need not exist yet.
func freeSpace(path string) int64 {
	for {
		free, err := osfile.Free(path)
		if err == nil {
			return free
		}
		if !errors.Is(err, fs.ErrNotExist) || path == filepath.Dir(path) {
			return math.MaxInt64 // unknown
		}
		path = filepath.Dir(path)
	}
}
