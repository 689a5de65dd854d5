package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/premix/premix/launch"
	"github.com/premix/premix/runners"
)

// newJobCommand completes a command that runs a job.
func newJobCommand(a *app, o *jobOptions, cmd *cobra.Command) *cobra.Command {
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 && cmd.ArgsLenAtDash() != 0 {
			return usagef("%q is no flag: inputs are given with --in, the output with --out", args[0])
		}
		if err := o.readConfig(cmd); err != nil {
			return err
		}
		if err := o.check(cmd); err != nil {
			return err
		}
		if o.print {
			return o.printConfig(a.stdout)
		}
		return runJob(cmd.Context(), a, o, args)
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
	case o.config.Async && runners.Local(o.config.Runner):
		return usagef("--async: the runner %s works in this process; leave the flag out, or choose --runner flink or dataflow", o.config.Runner)
	}
	return nil
}

// runJob runs a job and says what it did.
func runJob(ctx context.Context, a *app, o *jobOptions, beamArgs []string) error {
	job, err := launch.Prepare(ctx, o.config, launch.Options{
		PeaksOnly: o.peaksOnly, BreakLock: o.breakLock, BeamArgs: beamArgs, Command: os.Args,
		Reporter: newReporter(a, o.progress), Out: a.stdout,
	})
	if err != nil {
		return err
	}
	if o.dryRun {
		return describe(a.stdout, job)
	}
	if finished, err := job.Run(ctx); err != nil || !finished {
		return err
	}
	return summarize(ctx, a, job)
}

// describe says what would be done.
func describe(w io.Writer, j *launch.Job) error {
	fmt.Fprintf(w, "layout   %s\ninput    %d containers", j.Catalog.Layout, len(j.Catalog.Containers))
	if n := j.Expected(); n > 0 {
		fmt.Fprintf(w, ", about %d images", n)
	}
	if j.Catalog.Classes != nil {
		fmt.Fprintf(w, ", %d classes", len(j.Catalog.Classes))
	}
	fmt.Fprintf(w, "\ncache    %s (%s)\n", j.Description.Cache.URI, j.Description.Cache.Fingerprint)
	if !j.PeaksOnly() {
		for i, dir := range j.Config.OutputDirs() {
			fmt.Fprintf(w, "output   %s (%s)\n", dir, j.Config.Formats[i])
		}
	}
	_, err := fmt.Fprintln(w, "nothing was written (--dry-run)")
	return err
}
