package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/verify"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/pipeline"
)

// verifyOptions are the options of premix verify.
type verifyOptions struct {
	in         []string
	deep       int
	workers    int
	split      []string
	asJSON     bool
	maxDefects int
}

// AddFlags defines the flags.
func (o *verifyOptions) AddFlags(fs *pflag.FlagSet) {
	fs.IntVar(&o.deep, "deep", 0, "build N samples of each split again from their sources, and compare them")
	fs.StringArrayVar(&o.in, "in", nil, "where the inputs are now, [NAME=]URI (default: where inputs.json says)")
	fs.StringSliceVar(&o.split, "split", nil, "splits to verify (default: all)")
	fs.IntVar(&o.workers, "workers", 0, "shards read at once (0: one per core)")
	fs.IntVar(&o.maxDefects, "most", 100, "list at most N defects")
	fs.BoolVar(&o.asJSON, "json", false, "print the report as JSON")
}

func newVerifyCommand(a *app) *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify OUT",
		Short: "Read an output again, all of it, and report what is wrong",
		Long: `verify reads every shard again: hashes and counts, the rules of the format,
labels, λ against the pasted box, plans, indexes, side files, and that every
entry of the input is accounted for. With --deep N it builds N samples again
from their sources and compares bytes. If it finds a defect, it exits with code
3.`,
		Args: onePath("verify OUT", "the folder of an output"),
		RunE: func(cmd *cobra.Command, args []string) error { return runVerify(cmd.Context(), a, o, args[0]) },
	}
	o.AddFlags(cmd.Flags())
	return cmd
}

func runVerify(ctx context.Context, a *app, o verifyOptions, out string) error {
	switch {
	case o.deep < 0:
		return usagef("--deep %d is negative: give a number of samples", o.deep)
	case o.deep == 0 && len(o.in) > 0:
		return usagef("--in without --deep: only --deep N reads the inputs; add it, or leave out --in")
	case o.maxDefects < 0:
		return usagef("--most %d is negative: give a number of defects", o.maxDefects)
	}
	report, err := verify.Run(ctx, out, verify.Options{
		Splits: o.split, Params: pipeline.DeriveParams, Deep: o.deep, In: pipeline.Inputs(o.in), Workers: o.workers, MaxDefects: o.maxDefects,
	})
	var none *verify.NoOutputError
	if errors.As(err, &none) || errors.Is(err, fs.ErrNotExist) {
		return wrongPath(ctx, out, err)
	}
	if err != nil {
		return err
	}
	if o.asJSON {
		enc := json.NewEncoder(a.json)
		enc.SetIndent("", "  ")
		if err := enc.Encode(report); err != nil {
			return err
		}
	} else {
		printVerified(a.stdout, out, report)
	}
	if !report.OK {
		return &codeError{exitBad, printable.Sprintf("%s: %s", out, printable.Count(report.Total, "defect"))}
	}
	return nil
}

func printVerified(w io.Writer, path string, r *verify.Report) {
	for _, d := range r.Defects {
		fmt.Fprintln(w, d)
	}
	if more := r.Total - int64(len(r.Defects)); more > 0 {
		fmt.Fprintf(w, "and %d more\n", more)
	}
	for _, s := range r.Splits {
		where := path
		if s.Output != "" {
			where += "/" + s.Output
		}
		line := printable.Sprintf("%s: split %s: %s in %s, %s", where, s.Name, printable.Count(s.Samples, "sample"), printable.Count(int64(s.Shards), "shard"), dataset.Bytes(s.Bytes))
		if s.Derived > 0 {
			line += fmt.Sprintf(", %d built again from their sources", s.Derived)
		}
		if s.Failures > 0 {
			line += fmt.Sprintf(", %s of the input", printable.Count(s.Failures, "failure"))
		}
		fmt.Fprintln(w, line)
	}
	if r.OK {
		fmt.Fprintln(w, "no defects")
	}
}

// wrongPath is the message for a path that a command cannot work on.
func wrongPath(ctx context.Context, path string, err error) error {
	if _, gone := blob.Stat(ctx, path); errors.Is(gone, fs.ErrNotExist) && !blob.HasMeta(path) {
		return usagef("%s: no such file or folder", path)
	}
	return usagef("%v", err)
}

// onePath wants one argument.
func onePath(usage, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usagef("premix %s: give one argument, %s", usage, what)
		}
		return nil
	}
}
