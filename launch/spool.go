package launch

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"path/filepath"

	"github.com/premix/premix/internal/osfile"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/transforms/stage"
)

// chooseSpool decides how the mix stage gets pixels back. auto keeps the crops on a local run if
// they fit, so that every image is decoded once.
func (j *Job) chooseSpool(ctx context.Context) error {
	j.Description.Spool.Mode = j.Config.Spool
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
