package main

import (
	"github.com/spf13/cobra"

	"github.com/premix/premix/pipeline"
)

func newPeaksCommand(a *app) *cobra.Command {
	return newJobCommand(a, &jobOptions{config: pipeline.Default(), peaksOnly: true}, &cobra.Command{
		Use:     "peaks --in URI… [flags] [-- beam flags]",
		Short:   "Fill the peaks cache only",
		Example: "  premix peaks --in photos/train --size 224",
		Long: `peaks finds the saliency peak of each image of the input, and keeps it in the
cache. A later mix with the same geometry and detector takes it from there.`,
	})
}
