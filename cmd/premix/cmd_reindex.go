package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/reindex"
	"github.com/premix/premix/launch"
)

func newReindexCommand(a *app) *cobra.Command {
	var (
		workers int
		asJSON  bool
		breakIt bool
	)
	cmd := &cobra.Command{
		Use:   "reindex OUT",
		Short: "Rebuild what can be rebuilt from the shards of an output",
		Long: `reindex rebuilds indexes, records, side files, README.md and, if need be, the manifest from the
shards of an output, and says what cannot be rebuilt. Shards are never changed.`,
		Args: onePath("reindex OUT", "the folder of an output"),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := reindex.Run(cmd.Context(), args[0], reindex.Options{
				Workers: workers,
				Lock:    launch.Lock{RunID: launch.NewRunID(), Break: breakIt, Warn: newReporter(a, "none").Warn}.Take,
			})
			var empty *reindex.EmptyError
			var foreign *reindex.ForeignError
			if errors.As(err, &empty) || errors.As(err, &foreign) || errors.Is(err, fs.ErrNotExist) {
				return usagef("%v", err)
			}
			if err != nil {
				return err
			}
			if asJSON {
				if err := a.printJSON(r); err != nil {
					return err
				}
			} else {
				a.printReindexed(args[0], r)
			}
			if !r.OK() {
				return &codeError{exitBad, fmt.Sprintf("%s: not all of it could be rebuilt", args[0])}
			}
			return nil
		},
	}
	cmd.Flags().IntVar(&workers, "workers", 0, "shards read at once (0: one a core)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the report as JSON")
	cmd.Flags().BoolVar(&breakIt, "break-lock", false, "run although another run seems to hold the output")
	return cmd
}

func (a *app) printReindexed(path string, r *reindex.Report) {
	for _, s := range r.Splits {
		where := path
		if s.Output != "" {
			where += "/" + s.Output
		}
		fmt.Fprintf(a.stdout, "%s: split %s: %d samples in %d shards\n", where, s.Name, s.Samples, s.Shards)
		for _, f := range s.Rebuilt {
			fmt.Fprintf(a.stdout, "  rebuilt  %s\n", f)
		}
		for _, f := range s.Lost {
			fmt.Fprintf(a.stdout, "  lost     %s\n", f)
		}
		for _, f := range s.Damaged {
			fmt.Fprintf(a.stdout, "  damaged  %s\n", f)
		}
		for _, f := range s.Aside {
			fmt.Fprintf(a.stdout, "  aside    %s%s\n", f, dataset.AsideSuffix)
		}
		for _, f := range s.Stray {
			fmt.Fprintf(a.stdout, "  stray    %s\n", f)
		}
		if len(s.Rebuilt)+len(s.Lost)+len(s.Damaged)+len(s.Stray) == 0 {
			fmt.Fprintln(a.stdout, "  nothing was missing")
		}
	}
}
