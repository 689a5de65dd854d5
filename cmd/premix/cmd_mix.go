package main

import (
	"context"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/premix/premix/launch"
	"github.com/premix/premix/mix"
	"github.com/premix/premix/pipeline"
	"github.com/premix/premix/runners"
)

func newMixCommand(a *app) *cobra.Command {
	return newJobCommand(a, &jobOptions{config: pipeline.Default()}, &cobra.Command{
		Use:   "mix --in URI… --out FOLDER [flags] [-- beam flags]",
		Short: "Mix images in pairs into shards with soft labels",
		Example: "  premix mix --in photos/train --out mixed --size 224 --seed 7\n" +
			"  premix mix --in photos/train --out mixed --dry-run   look first, write nothing",
		Long: `mix finds the saliency peak of each image, or takes it from the cache. It pairs
the images, pastes the patch around the peak of one image, the source, into the
other, the target, and writes shards.

After an interruption, run the same command again: it continues where it
stopped. If the output is complete, mix says so and does nothing. With --recheck
it also reads the shards that exist, and rewrites those that are damaged. If the
output has another recipe or input, mix stops (exit 4), unless you add
--overwrite. Flags after -- go to the Beam runner.`,
	})
}

// newJobCommand completes mix, or a command that runs a job like it.
func newJobCommand(a *app, o *jobOptions, cmd *cobra.Command) *cobra.Command {
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if o.helpAll {
			_, err := io.WriteString(cmd.OutOrStdout(), o.help(cmd, true))
			return err
		}
		if len(args) > 0 && cmd.ArgsLenAtDash() != 0 {
			return usagef("unexpected argument %q: give inputs with --in, and the output with --out", args[0])
		}
		if err := o.readConfig(a, cmd); err != nil {
			return err
		}
		if err := o.check(cmd); err != nil {
			return err
		}
		if o.print {
			return o.printConfig(a.stdout)
		}
		return runMix(cmd.Context(), a, o, args)
	}
	o.AddFlags(cmd)
	return cmd
}

// check refuses what the configuration cannot know to be wrong.
func (o *jobOptions) check(cmd *cobra.Command) error {
	switch {
	case cmd.Flags().Changed("shards") && o.config.Shards == 0:
		return usagef("--shards 0: use at least 1, or leave out the flag")
	case cmd.Flags().Changed("samples-per-shard") && o.config.SamplesPerShard == 0:
		return usagef("--samples-per-shard 0: use at least 1, or leave out the flag")
	case !slices.Contains(progressModes, o.progress):
		return usagef("--progress: %s", pipeline.Unknown("progress", o.progress, progressModes))
	case !slices.Contains([]string{"", dryRunTry, dryRunFast}, o.dryRun):
		return usagef("--dry-run=%s: use --dry-run, which tries some images, or --dry-run=fast, which tries none", o.dryRun)
	case o.config.Async && runners.Local(o.config.Runner):
		return usagef("--async with --runner %s, which works in this process: leave out the flag, or choose --runner flink or dataflow", o.config.Runner)
	}
	return nil
}

// runMix runs a job and says what it did.
func runMix(ctx context.Context, a *app, o *jobOptions, beamArgs []string) error {
	report := newReporter(a, o.progress)
	report.dryRun = o.dryRun != ""
	job, err := launch.Prepare(ctx, o.config, launch.Options{
		PeaksOnly: o.peaksOnly, DryRun: o.dryRun != "", BreakLock: o.breakLock, BeamArgs: beamArgs, Command: os.Args,
		Reporter: report, Out: a.stdout,
	})
	if err != nil {
		return err
	}
	for _, p := range job.Config.EachPart() {
		if o.packs && p.Method != mix.None && job.Complete == nil {
			report.Warn("pack --method %s mixes the images, as mix does: a validation set is measured on unmixed ones; leave out --method", p.Method)
		}
	}
	if o.dryRun != "" {
		return dryRun(ctx, a, job, o.dryRun == dryRunTry)
	}
	finished, err := job.Run(ctx)
	report.end(ctx, err, finished)
	return err
}
