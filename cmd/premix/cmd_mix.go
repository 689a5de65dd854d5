package main

import (
	"github.com/spf13/cobra"

	"github.com/premix/premix/pipeline"
)

func newMixCommand(a *app) *cobra.Command {
	return newJobCommand(a, &jobOptions{config: pipeline.Default()}, &cobra.Command{
		Use:   "mix --in URI… --out FOLDER [flags] [-- beam flags]",
		Short: "Mix images in pairs into shards with soft labels",
		Long: `mix finds the saliency peak of every image of the input (or takes it from the cache), pairs
the images, pastes the patch around the source's peak into the target, and writes shards.

A run that was interrupted goes on when the same command is given again. A run into an
output of another recipe or input is refused (exit 4) unless --overwrite is given.
Flags after -- go to the Beam runner.`,
	})
}
