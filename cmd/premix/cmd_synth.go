package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/premix/premix/io/source/synth"
	"github.com/premix/premix/launch"
)

func newSynthCommand(a *app) *cobra.Command {
	var (
		out, format string
		images      int64
	)
	cmd := &cobra.Command{
		Use:   "synth --out FOLDER --images N",
		Short: "Draw a labelled data set, to try things and for tests",
		Long: `synth writes a labelled data set that is drawn by code: a textured salient object on a
cluttered background, of many sizes and encodings. Image i is the same everywhere.
An --in of synth:N is the same data set without a copy on disk.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" || images < 1 {
				return usagef("give --out FOLDER and --images N with N from 1")
			}
			if !slices.Contains(synth.Formats(), format) {
				return usagef("--format %q: use %s", format, strings.Join(synth.Formats(), ", "))
			}
			if images > synth.Max {
				return usagef("--images %d: at most %d", images, int64(synth.Max))
			}
			if err := launch.CheckWritable(out); err != nil {
				return usagef("--out %s cannot be written: %v", out, err)
			}
			if err := synth.Write(cmd.Context(), out, format, images); err != nil {
				return err
			}
			_, err := fmt.Fprintf(a.stdout, "%d images in %s (%s)\n", images, out, format)
			return err
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "folder to write to")
	cmd.Flags().Int64Var(&images, "images", 0, "number of images")
	cmd.Flags().StringVar(&format, "format", "imagefolder", "layout: "+strings.Join(synth.Formats(), ", "))
	return cmd
}
