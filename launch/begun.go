package launch

import (
	"context"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
)

// noteBegun writes which run this is into outputs whose split has no plan, and so no run.json, yet. The record of a
// job on a cluster says it there.
func (j *Job) noteBegun(ctx context.Context) error {
	if j.Options.PeaksOnly || j.OnCluster() {
		return nil
	}
	for i, dir := range j.Config.OutputDirs() {
		planned, err := dataset.IsPlanned(ctx, dir, j.Config.Split)
		if err != nil {
			return err
		}
		if link, err := blob.LinkBelow(j.Config.Out, blob.Join(dir, dataset.MetaDir)); err != nil || link != "" || planned {
			if err != nil {
				return err
			}
			continue // what lies below a link may be someone else's
		}
		if err := dataset.SaveBegun(ctx, dir, j.Config.Split, j.Description.RunJSON(&j.Description.Outputs[i])); err != nil {
			return err
		}
	}
	return nil
}

// removeBegun removes what noteBegun wrote where nobody needs it: run.json says it, or the run leaves nothing that a
// later one could use.
func (j *Job) removeBegun(ctx context.Context) error {
	left := holds(ctx, j.Description.Spool.URI) || j.Description.Cache.Temporary && holds(ctx, j.Description.Cache.URI)
	for _, dir := range j.Config.OutputDirs() {
		planned, err := dataset.IsPlanned(ctx, dir, j.Config.Split)
		if err != nil {
			return err
		}
		if link, err := blob.LinkBelow(j.Config.Out, blob.Join(dir, dataset.MetaDir)); err != nil || link != "" {
			return err
		}
		if planned || !left {
			if err := dataset.RemoveBegun(ctx, dir, j.Config.Split); err != nil {
				return err
			}
		}
	}
	return nil
}

// holds reports whether there is something in a folder.
func holds(ctx context.Context, uri string) bool {
	if uri == "" {
		return false
	}
	list, err := blob.List(ctx, uri)
	return err == nil && len(list) > 0
}
