package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/verify"
	"github.com/premix/premix/pipeline"
)

func newVerifyCommand(a *app) *cobra.Command {
	var (
		in       []string
		deep     int
		workers  int
		split    []string
		asJSON   bool
		mostBugs int
	)
	cmd := &cobra.Command{
		Use:   "verify OUT",
		Short: "Re-read an output, all of it, and say what is wrong",
		Long: `verify reads every shard again: hashes and counts, the rules of the format, labels, λ against
the pasted box, plans, indexes, side files, and that every input entry ended somewhere.
With --deep N it makes N samples again from their sources and compares bytes.
It ends with exit code 3 if it found a defect.`,
		Args: onePath("verify OUT", "the folder of an output"),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case deep < 0:
				return usagef("--deep %d: want a number of samples", deep)
			case deep == 0 && len(in) > 0:
				return usagef("--in says where --deep N finds the sources; nothing else reads them")
			case mostBugs < 0:
				return usagef("--most %d: want a number of defects", mostBugs)
			}
			report, err := verify.Run(cmd.Context(), args[0], verify.Options{
				Splits: split, Params: pipeline.DeriveParams, Deep: deep, In: pipeline.Inputs(in), Workers: workers, MaxDefects: mostBugs,
			})
			var none *verify.NoOutputError
			if errors.As(err, &none) || errors.Is(err, fs.ErrNotExist) {
				return usagef("%v", err)
			}
			if err != nil {
				return err
			}
			if asJSON {
				enc := json.NewEncoder(a.stdout)
				enc.SetIndent("", "  ")
				if err := enc.Encode(report); err != nil {
					return err
				}
			} else {
				a.printVerified(args[0], report)
			}
			if !report.OK {
				return &codeError{exitBad, fmt.Sprintf("%s: %s", args[0], plural(report.Total, "defect"))}
			}
			return nil
		},
	}
	cmd.SetFlagErrorFunc(flagError)
	flags := cmd.Flags()
	flags.IntVar(&deep, "deep", 0, "make so many samples of each split again from their sources")
	flags.StringArrayVar(&in, "in", nil, "where the inputs are now, [NAME=]URI (default: where inputs.json says)")
	flags.StringSliceVar(&split, "split", nil, "splits to verify (default: all)")
	flags.IntVar(&workers, "workers", 0, "shards read at once (0: one a core)")
	flags.IntVar(&mostBugs, "most", 100, "list at most so many defects")
	flags.BoolVar(&asJSON, "json", false, "print the report as JSON")
	return cmd
}

func (a *app) printVerified(path string, r *verify.Report) {
	for _, d := range r.Defects {
		fmt.Fprintln(a.stdout, d)
	}
	if more := r.Total - int64(len(r.Defects)); more > 0 {
		fmt.Fprintf(a.stdout, "and %d more\n", more)
	}
	for _, s := range r.Splits {
		where := path
		if s.Output != "" {
			where += "/" + s.Output
		}
		line := fmt.Sprintf("%s: split %s: %s in %s, %s", where, s.Name, plural(s.Samples, "sample"), plural(int64(s.Shards), "shard"), dataset.Bytes(s.Bytes))
		if s.Derived > 0 {
			line += fmt.Sprintf(", %d made again from their sources", s.Derived)
		}
		if s.Failures > 0 {
			line += fmt.Sprintf(", %s of the input", plural(s.Failures, "failure"))
		}
		fmt.Fprintln(a.stdout, line)
	}
	if r.OK {
		fmt.Fprintln(a.stdout, "no defects")
	}
}

// onePath wants one argument.
func onePath(usage, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usagef("usage: premix %s; give %s", usage, what)
		}
		return nil
	}
}
