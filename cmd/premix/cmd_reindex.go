package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/reindex"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/launch"
)

// reindexOptions are the options of premix reindex.
type reindexOptions struct {
	workers   int
	asJSON    bool
	breakLock bool
}

// AddFlags defines the flags.
func (o *reindexOptions) AddFlags(fs *pflag.FlagSet) {
	fs.IntVar(&o.workers, "workers", 0, "shards read at once (0: one per core)")
	fs.BoolVar(&o.asJSON, "json", false, "print the report as JSON")
	fs.BoolVar(&o.breakLock, "break-lock", false, "take the output from another run that seems to hold it, which then ends")
}

func newReindexCommand(a *app) *cobra.Command {
	var o reindexOptions
	cmd := &cobra.Command{
		Use:   "reindex OUT",
		Short: "Rebuild indexes, records and side files from the shards of an output",
		Long: `reindex rebuilds indexes, records, side files, README.md and, if necessary, the
manifest from the shards of an output, and reports what it cannot rebuild. It
never changes a shard.`,
		Args: onePath("reindex OUT", "the folder of an output"),
		RunE: func(cmd *cobra.Command, args []string) error { return runReindex(cmd.Context(), a, o, args[0]) },
	}
	o.AddFlags(cmd.Flags())
	return cmd
}

func runReindex(ctx context.Context, a *app, o reindexOptions, out string) error {
	lock := launch.Lock{RunID: launch.NewRunID(), Break: o.breakLock, Warn: newReporter(a, "none").Warn}
	options := reindex.Options{Workers: o.workers, Lock: func(ctx context.Context, out string) (context.Context, func(), error) {
		held, unlock, err := lock.Take(ctx, out)
		if err != nil {
			return nil, nil, err
		}
		return held.Guard(ctx), unlock, nil
	}}
	if o.breakLock { // another run may still write there
		options.TempAge = time.Hour
	}
	r, err := reindex.Run(ctx, out, options)
	var empty *reindex.EmptyError
	var foreign *reindex.ForeignError
	if errors.As(err, &empty) || errors.As(err, &foreign) || errors.Is(err, fs.ErrNotExist) {
		return wrongPath(ctx, out, err)
	}
	if err != nil {
		return err
	}
	if o.asJSON {
		if err := a.printJSON(r); err != nil {
			return err
		}
	} else {
		printReindexed(a.stdout, out, r)
	}
	if !r.OK() {
		return &codeError{exitBad, printable.Sprintf("%s could not be rebuilt completely: see what is lost or damaged above", out)}
	}
	return nil
}

func printReindexed(w io.Writer, path string, r *reindex.Report) {
	for _, s := range r.Splits {
		where := path
		if s.Output != "" {
			where += "/" + s.Output
		}
		printable.Fprintf(w, "%s: split %s: %s in %s\n", where, s.Name, printable.Count(int64(s.Samples), "sample"), printable.Count(int64(s.Shards), "shard"))
		for _, f := range s.Rebuilt {
			printable.Fprintf(w, "  rebuilt  %s\n", f)
		}
		for _, f := range s.Lost {
			printable.Fprintf(w, "  lost     %s\n", f)
		}
		for _, f := range s.Damaged {
			printable.Fprintf(w, "  damaged  %s\n", f)
		}
		for _, f := range s.Aside {
			printable.Fprintf(w, "  aside    %s%s\n", f, dataset.AsideSuffix)
		}
		for _, f := range s.Stray {
			printable.Fprintf(w, "  stray    %s\n", f)
		}
		if len(s.Rebuilt)+len(s.Lost)+len(s.Damaged)+len(s.Stray) == 0 {
			fmt.Fprintln(w, "  nothing was missing")
		}
	}
}
