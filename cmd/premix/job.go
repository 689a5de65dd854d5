package main

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/premix/premix/pipeline"
	"github.com/premix/premix/runners"
)

func (a *app) mixCommand() *cobra.Command {
	return a.jobCommand("mix", "Mix images in pairs into shards with soft labels", `mix finds the saliency peak of every image of the input (or takes it from the cache), pairs
the images, pastes the patch around the source's peak into the target, and writes shards.

A run that was interrupted goes on when the same command is given again. A run into an
output of another recipe or input is refused (exit 4) unless --overwrite is given.
Flags after -- go to the Beam runner.`, pipeline.Default())
}

func (a *app) packCommand() *cobra.Command {
	return a.jobCommand("pack", "Write images unmixed into shards (validation sets)", `pack is mix with --method none --geometry center --split validation: the same shards,
unmixed, for validation sets.`, pipeline.DefaultPack())
}

func (a *app) peaksCommand() *cobra.Command {
	return a.jobCommand("peaks", "Fill the peaks cache only", `peaks finds the saliency peak of every image of the input and keeps it in the cache; a
later mix with the same geometry and detector needs no saliency.`, pipeline.Default())
}

func (a *app) jobCommand(name, short, long string, config pipeline.Config) *cobra.Command {
	f := &jobFlags{config: config}
	cmd := &cobra.Command{
		Use:   name + " --in URI… --out FOLDER [flags] [-- beam flags]",
		Short: short,
		Long:  long,
		RunE: func(cmd *cobra.Command, args []string) error {
			beamArgs := args
			if n := cmd.ArgsLenAtDash(); n > 0 {
				return usagef("%q is no flag: inputs are given with --in, the output with --out", args[0])
			} else if n < 0 && len(args) > 0 {
				return usagef("%q is no flag: inputs are given with --in, the output with --out", args[0])
			}
			if err := f.readConfig(cmd); err != nil {
				return err
			}
			if cmd.Flags().Changed("shards") && f.config.Shards == 0 {
				return usagef("--shards 0: at least 1; leave the flag out to have it chosen")
			}
			if cmd.Flags().Changed("samples-per-shard") && f.config.SamplesPerShard == 0 {
				return usagef("--samples-per-shard 0: at least 1; leave the flag out to have it chosen")
			}
			if !slices.Contains([]string{"auto", "plain", "json", "none"}, f.progress) {
				return usagef("--progress %q: use auto, plain, json or none", f.progress)
			}
			if f.config.Async && runners.Local(f.config.Runner) {
				return usagef("--async: the runner %s works in this process; leave the flag out, or choose --runner flink or dataflow", f.config.Runner)
			}
			if f.print {
				return f.printConfig(a.stdout)
			}
			l := &launch{app: a, flags: f, config: &f.config, beamArgs: beamArgs, peaksOnly: name == "peaks"}
			return l.run(cmd.Context())
		},
	}
	if name == "peaks" {
		cmd.Use = name + " --in URI… [flags] [-- beam flags]"
	}
	f.bind(cmd)
	return cmd
}
