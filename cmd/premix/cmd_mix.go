package main

import (
	"context"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/premix/premix/launch"
	"github.com/premix/premix/pipeline"
	"github.com/premix/premix/runners"
)

func newMixCommand(a *app) *cobra.Command {
	return newJobCommand(a, &jobOptions{config: pipeline.Default()}, &cobra.Command{
		Use:   "mix --in URI… --out FOLDER [flags] [-- beam flags]",
		Short: "Mix images in pairs into shards with soft labels",
		Long: `mix finds the saliency peak of every image of the input (or takes it from the cache), pairs
the images, pastes the patch around the source's peak into the target, and writes shards.

A run that was interrupted goes on when the same command is given again, and one that is
complete says so and does nothing. With --recheck it
also reads the shards that are there, and makes those anew that are damaged. A run into an
output of another recipe or input is refused (exit 4) unless --overwrite is given.
Flags after -- go to the Beam runner.`,
	})
}

// newJobCommand completes mix, or a command that runs a job like it.
func newJobCommand(a *app, o *jobOptions, cmd *cobra.Command) *cobra.Command {
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 && cmd.ArgsLenAtDash() != 0 {
			return usagef("%q is no flag: inputs are given with --in, the output with --out", args[0])
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
		return usagef("--shards 0: at least 1; leave the flag out to have it chosen")
	case cmd.Flags().Changed("samples-per-shard") && o.config.SamplesPerShard == 0:
		return usagef("--samples-per-shard 0: at least 1; leave the flag out to have it chosen")
	case !slices.Contains([]string{"auto", "plain", "json", "none"}, o.progress):
		return usagef("--progress %q: use auto, plain, json or none", o.progress)
	case !slices.Contains([]string{"", dryRunTry, dryRunFast}, o.dryRun):
		return usagef("--dry-run=%s: give --dry-run, which tries some images, or --dry-run=fast, which tries none", o.dryRun)
	case o.config.Async && runners.Local(o.config.Runner):
		return usagef("--async: the runner %s works in this process; leave the flag out, or choose --runner flink or dataflow", o.config.Runner)
	}
	return nil
}

// runMix runs a job and says what it did.
func runMix(ctx context.Context, a *app, o *jobOptions, beamArgs []string) error {
	report := newReporter(a, o.progress)
	report.dryRun = o.dryRun != ""
	job, err := launch.Prepare(ctx, o.config, launch.Options{
		PeaksOnly: o.peaksOnly, BreakLock: o.breakLock, BeamArgs: beamArgs, Command: os.Args,
		Reporter: report, Out: a.stdout,
	})
	if err != nil {
		return err
	}
	if o.dryRun != "" {
		return dryRun(ctx, a, job, o.dryRun == dryRunTry)
	}
	_, err = job.Run(ctx)
	return err
}
