package main

import (
	"github.com/spf13/cobra"

	"github.com/premix/premix/pipeline"
)

func newPackCommand(a *app) *cobra.Command {
	return newJobCommand(a, &jobOptions{config: pipeline.DefaultPack(), packs: true}, &cobra.Command{
		Use:     "pack --in URI… --out FOLDER [flags] [-- beam flags]",
		Short:   "Write images unmixed into shards (validation sets)",
		Example: "  premix pack --in photos/val --out mixed --size 224",
		Long: `pack is mix with --method none --geometry center --split validation: it writes
the same shards with unmixed images, for validation sets.`,
	})
}
