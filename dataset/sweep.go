package dataset

import (
	"context"
	"path"
	"slices"
	"time"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/shard"
)

// Sweep removes the temporaries that killed runs left in the folders of an output that premix writes to,
// those of all its splits among them: [blob.SweepTemp] says which, by olderThan. It leaves other folders
// alone: a user may keep a cache or another output there, which another run is writing. If format is nil,
// only the folders of the description are swept, and the output itself.
func Sweep(ctx context.Context, out string, format shard.Format, spec shard.Spec, olderThan time.Duration) error {
	folders := []string{"", MetaDir}
	if format != nil {
		spec.Shards = 1
		own, err := ShardFolders(ctx, out, format, spec)
		if err != nil {
			return err
		}
		folders = append(folders, own...)
	}
	splits, err := Splits(ctx, out)
	if err != nil {
		return err
	}
	for _, split := range splits {
		meta := path.Join(MetaDir, split)
		folders = append(folders, meta, path.Join(meta, ShardsDir), path.Join(meta, PlanDir))
	}
	slices.Sort(folders)
	for _, folder := range slices.Compact(folders) {
		dir := blob.Join(out, folder)
		link, err := blob.LinkBelow(out, dir)
		if err == nil && link == "" { // what is behind a link may belong to someone else
			_, err = blob.SweepDir(ctx, dir, olderThan)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
