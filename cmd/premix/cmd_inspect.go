package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/premix/premix/dataset/inspect"
	"github.com/premix/premix/dataset/verify"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/pipeline"
)

// inspectOptions are the options of premix inspect.
type inspectOptions struct {
	in      []string
	sample  string
	uses    string
	split   string
	png     string
	html    string
	records int
	asJSON  bool
}

// AddFlags defines the flags.
func (o *inspectOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.sample, "sample", "", "key of a sample, or its position")
	fs.StringVar(&o.uses, "uses", "", "name of an input image, or the end of it")
	fs.StringVar(&o.split, "split", "", "split of the output (default: the first that has the sample)")
	fs.StringVar(&o.png, "png", "", "draw pictures into this file")
	fs.StringVar(&o.html, "html", "", "write text and pictures into this file, as a page that opens offline")
	fs.IntVar(&o.records, "records", 3, "how many of the first records to show; of several outputs, how many keys (default 6)")
	fs.StringArrayVar(&o.in, "in", nil, "where the inputs of an output are now, [NAME=]URI (default: where inputs.json says)")
	fs.BoolVar(&o.asJSON, "json", false, "print JSON")
}

func newInspectCommand(a *app) *cobra.Command {
	var o inspectOptions
	cmd := &cobra.Command{
		Use:   "inspect PATH...",
		Short: "Show what a path holds: input, shard, output, cache, plan, or one image",
		Long: `inspect shows what a path is, and what it holds. For an output,
--sample KEY shows one sample in full, and builds it again from its sources;
--uses NAME lists the samples that contain an image;
--png FILE draws a contact sheet, or with --sample the steps of that sample;
--html FILE writes both, text and pictures, as a page.

Of several outputs, inspect A B... shows the same keys side by side: a row for
each key, a column for each output. A folder of variants is shown so by --png,
--html and --sample.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("premix inspect PATH...: give an input, a shard, an output, a cache, a plan or an image, or several outputs")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && o.uses == "" && o.png+o.html+o.sample != "" {
				if variants := variantsBelow(cmd.Context(), args[0]); len(variants) > 1 {
					args = variants
				}
			}
			if len(args) == 1 {
				return runInspect(cmd.Context(), a, o, args[0])
			}
			if !cmd.Flags().Changed("records") {
				o.records = comparedKeys
			}
			return runCompare(cmd.Context(), a, o, args)
		},
	}
	o.AddFlags(cmd.Flags())
	return cmd
}

func runInspect(ctx context.Context, a *app, o inspectOptions, path string) error {
	err := a.inspect(ctx, path, o)
	if notFound(err) || errors.As(err, new(*verify.NoOutputError)) || errors.Is(err, fs.ErrNotExist) {
		return wrongPath(ctx, path, err)
	}
	return err
}

func (a *app) inspect(ctx context.Context, path string, f inspectOptions) error {
	o := inspect.Options{Records: f.records, Split: f.split, Params: pipeline.DeriveParams, Flags: pipeline.RecipeFlags, In: pipeline.Inputs(f.in), Source: source.Options{Split: f.split}}
	if f.records == 0 {
		o.Records = -1
	}
	switch {
	case f.sample != "" && f.uses != "":
		return usagef("--sample with --uses: give one of them")
	case f.uses != "" && f.png+f.html != "":
		return usagef("--uses with --png or --html: it lists samples; give the key of one to --sample to draw it")
	case f.uses != "":
		return a.inspectUses(ctx, path, f, o)
	case f.sample != "":
		s, err := inspect.Find(ctx, path, f.sample, o)
		if err != nil {
			return err
		}
		return a.show(ctx, f, fmt.Sprintf("%s: %s", path, s.Record.Key), s, func() (image.Image, error) { return s.Sheet(), nil })
	}
	if f.png+f.html != "" {
		o.Pictures = 60
	}
	r, err := inspect.Path(ctx, path, o)
	if err != nil {
		return err
	}
	return a.show(ctx, f, path, r, r.ContactSheet)
}

// notFound reports whether an output lacks what was asked for.
func notFound(err error) bool {
	return errors.As(err, new(*inspect.NotFoundError)) || errors.As(err, new(*inspect.NoSplitError))
}

// variantsBelow are the outputs of the variants below a folder; none if it is something else.
func variantsBelow(ctx context.Context, path string) (variants []string) {
	dirs, err := verify.Outputs(ctx, path)
	if err != nil {
		return nil // what is there is said where it is looked at
	}
	for _, dir := range dirs {
		name, _, _ := strings.Cut(dir, "/")
		if _, err := formats.ByName(name); name != "" && err != nil {
			variants = append(variants, blob.Join(path, name))
		}
	}
	return slices.Compact(variants)
}

// comparedKeys is how many keys of several outputs are shown, unless --records says another number.
const comparedKeys = 6

// runCompare shows the same keys of several outputs.
func runCompare(ctx context.Context, a *app, f inspectOptions, paths []string) error {
	switch {
	case f.uses != "":
		return usagef("--uses with several paths: give one output")
	case len(f.in) > 0:
		return usagef("--in with several paths: it is for a single output, whose samples are built again")
	case len(paths) > inspect.MostCompared:
		return usagef("%d paths: inspect compares up to %d outputs", len(paths), inspect.MostCompared)
	case f.records < 1 || f.records > inspect.MostKeys:
		return usagef("--records %d: of several outputs, give from 1 to %d keys", f.records, inspect.MostKeys)
	}
	for _, path := range paths {
		if _, err := verify.Outputs(ctx, path); err != nil {
			if errors.As(err, new(*verify.NoOutputError)) || errors.Is(err, fs.ErrNotExist) {
				return wrongPath(ctx, path, err)
			}
			return err
		}
	}
	c, err := inspect.Compare(ctx, paths, f.sample, inspect.Options{Records: f.records, Split: f.split})
	if err != nil {
		if notFound(err) {
			return usagef("%v", err)
		}
		return err
	}
	return a.show(ctx, f, c.Title(), c, c.Sheet)
}

// inspectUses lists the samples that hold an image.
func (a *app) inspectUses(ctx context.Context, path string, f inspectOptions, o inspect.Options) error {
	uses, err := inspect.Uses(ctx, path, f.uses, o)
	if err != nil {
		return err
	}
	if f.asJSON {
		return a.printJSON(uses)
	}
	for _, u := range uses {
		printable.Fprintf(a.stdout, "%s  %s  weight %.4f  %s  %s\n", u.Key, u.Role, float64(u.Weight), u.Shard, u.Name)
	}
	if len(uses) == 0 {
		return usagef("no sample of %s contains an image named %s", path, f.uses)
	}
	return nil
}

// show draws and prints what was found, as the flags ask for it.
func (a *app) show(ctx context.Context, f inspectOptions, title string, d inspect.Described, draw func() (image.Image, error)) error {
	var sheet image.Image
	if f.png+f.html != "" {
		var err error
		sheet, err = draw()
		if err != nil && (f.png != "" || !errors.Is(err, inspect.ErrNoPicture)) { // a page does without
			return err
		}
	}
	if f.png != "" {
		if err := a.save(ctx, f.png, func(w io.Writer) error { return inspect.WritePNG(w, sheet) }); err != nil {
			return err
		}
	}
	if f.html != "" {
		if err := a.save(ctx, f.html, func(w io.Writer) error { return inspect.WriteHTML(w, title, d, sheet) }); err != nil {
			return err
		}
	}
	if f.asJSON {
		return a.printJSON(d)
	}
	return d.WriteText(a.stdout)
}

func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.json)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// save writes a file, whole or not at all. A link, and what is no file, such as /dev/stdout, is written to
// where it is.
func (a *app) save(ctx context.Context, path string, write func(io.Writer) error) error {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		if err := errors.Join(write(f), f.Close()); err != nil {
			return err
		}
	} else {
		if _, err := os.Stat(filepath.Dir(path)); err != nil { // a mistyped folder is not made
			return err
		}
		w, err := blob.Create(ctx, path)
		if err != nil {
			return err
		}
		if err := write(w); err != nil {
			return errors.Join(err, w.Abort())
		}
		if err := w.Commit(); err != nil {
			return err
		}
	}
	a.say("wrote %s", path)
	return nil
}
