package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/source/synth"
	"github.com/premix/premix/launch"
	"github.com/premix/premix/pipeline"
)

// synthOptions are the options of premix synth.
type synthOptions struct {
	out, format string
	images      int64
}

// AddFlags defines the flags.
func (o *synthOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.out, "out", "", "folder to write to")
	fs.Int64Var(&o.images, "images", 0, "number of images")
	fs.StringVar(&o.format, "format", "imagefolder", "layout: "+strings.Join(synth.Formats(), ", "))
}

func newSynthCommand(a *app) *cobra.Command {
	var o synthOptions
	cmd := &cobra.Command{
		Use:   "synth --out FOLDER --images N",
		Short: "Draw a labelled data set, for trials and tests",
		Long: `synth draws a labelled data set: each image is a textured salient object on a
cluttered background. Sizes and encodings vary. Image i is the same on every
machine. --in synth:N gives the same data set without a copy on disk.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("%s takes no argument %q: give the folder with --out", cmd.CommandPath(), args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return runSynth(cmd.Context(), a, o) },
	}
	o.AddFlags(cmd.Flags())
	return cmd
}

func runSynth(ctx context.Context, a *app, o synthOptions) error {
	if o.out == "" || o.images < 1 {
		return usagef("--out or --images is missing: give --out FOLDER and --images N, N being 1 or more")
	}
	if !slices.Contains(synth.Formats(), o.format) {
		return usagef("--format: %s", pipeline.Unknown("layout", o.format, synth.Formats()))
	}
	if o.images > synth.Max {
		return usagef("--images %d: use at most %d", o.images, int64(synth.Max))
	}
	if err := launch.CheckWritable(o.out); err != nil {
		return usagef("--out %s cannot be written: %v", o.out, err)
	}
	if err := synth.Write(ctx, o.out, o.format, o.images); err != nil {
		return err
	}
	_, err := printable.Fprintf(a.stdout, "%s in %s (%s)\n", printable.Count(o.images, "image"), o.out, o.format)
	return err
}
