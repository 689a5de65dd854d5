// Package inspect describes what is at a path: [Path] recognises an image, a shard of any format, a
// plan, a file or folder of the peaks cache, an output and an input. [Find] describes one sample of an
// output, and [Uses] lists the samples that hold an image. Reports have a JSON form with stable names
// and a text for people, and sheets of pictures.
//
// A report depends only on what is there. Of an output it reads the records, the plans, and one shard
// for the first samples; package verify reads everything.
package inspect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/verify"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/saliency"
	"github.com/premix/premix/sample"
)

// Options change what is reported.
type Options struct {
	// Records is how many of the first records are reported; 0: 3, negative: none.
	Records int
	// Pictures is how many pictures are kept for a [ContactSheet].
	Pictures int
	// Split is the split of an output; empty: all, and for one sample the first that has it.
	Split string
	// Source says how an input is understood.
	Source source.Options
	// Params turns the recipe of an output into what decides its samples; without it no sample is made
	// again.
	Params func(recipe json.RawMessage) (sample.Params, source.Options, error)
	// Flags says in flags what of a recipe differs from the defaults; without it people see the recipe itself.
	Flags func(recipe json.RawMessage) ([]string, error)
	// In is where the inputs of an output are; empty: where inputs.json says.
	In []source.Input
}

func (o *Options) records() int {
	if o.Records == 0 {
		return 3
	}
	return max(o.Records, 0)
}

// The kinds of things.
const (
	KindImage   = "image"
	KindShard   = "shard"
	KindPlan    = "plan"
	KindCache   = "cache"
	KindOutput  = "output"
	KindInput   = "input"
	KindArray   = "npy"
	KindUnknown = "unknown"
)

// A Report says what a path is. Fields that do not apply are absent.
type Report struct {
	Path string `json:"path"`
	Kind string `json:"kind"`
	// Format is that of a shard or an output (webdataset, tfrecord, tfds, array_record, parquet, mds; of several, joined by
	// commas), of an image (jpeg, png, …), or the layout of an input.
	Format string `json:"format,omitempty"`
	Name   string `json:"name,omitempty"` // of the data set
	Size   []int  `json:"size,omitempty"` // height, width
	Summary
	Classes int      `json:"classes,omitempty"`
	Splits  []Split  `json:"splits,omitempty"`
	Caches  []Cache  `json:"caches,omitempty"`
	Input   *Input   `json:"input,omitempty"`
	Image   *Image   `json:"image,omitempty"`
	Array   *Array   `json:"array,omitempty"`
	Records []Record `json:"records,omitempty"` // the first ones
	// Failures are the images of a cache that cannot be used, by name; of a folder of several
	// caches they are only counted.
	Failures []premix.Failure `json:"failures,omitempty"`
	Notes    []string         `json:"notes,omitempty"`
	names    []string         // of the classes, where they are known
	first    []thumbnail      // pictures of the first records
	salient  saliency.Map     // of a single image
	pictures int              // how many of them are kept
	several  bool             // splits are described, so that pictures say theirs
}

// A Summary counts samples. Where an output is there in several formats, which hold the same samples,
// each counts once; Bytes are those of all.
type Summary struct {
	Samples int64 `json:"samples"`
	Bytes   int64 `json:"bytes"`
	Mixed   int64 `json:"mixed"`
	// LamSum and LamDrawnSum are over all samples.
	LamSum      dataset.Float    `json:"lam_sum"`
	LamDrawnSum dataset.Float    `json:"lam_drawn_sum"`
	Methods     map[string]int64 `json:"methods,omitempty"`
	Keys        *Keys            `json:"keys,omitempty"`
	Labels      []Label          `json:"labels,omitempty"` // by label; those that occur
}

// Keys are the first and the last key.
type Keys struct {
	First string `json:"first"`
	Last  string `json:"last"`
}

// A Label counts the samples of a class.
type Label struct {
	Label int    `json:"label"`
	Class string `json:"class,omitempty"`
	Count int64  `json:"count"`
}

// A Split is a part of an output.
type Split struct {
	Output   string `json:"output,omitempty"` // folder of the format or variant, where there are several
	Name     string `json:"name"`
	Format   string `json:"format"`
	Finished bool   `json:"finished"`
	Replicas int    `json:"replicas"`
	Shards   int    `json:"shards"`
	// Unfinished says how far a split without a manifest is, and what completes it.
	Unfinished string `json:"unfinished,omitempty"`
	// Run is when, where and by which command the last run on the split began, as run.json says.
	Run    string          `json:"run,omitempty"`
	Counts *dataset.Counts `json:"counts,omitempty"`
	Summary
	Recipe json.RawMessage `json:"recipe,omitempty"`
	flags  *string         // what of the recipe is no default, if the options of the report can tell
}

// A Cache describes peaks of one fingerprint.
type Cache struct {
	Fingerprint string          `json:"fingerprint"`
	Chunks      int             `json:"chunks"`
	Rows        int64           `json:"rows"`
	Failed      int64           `json:"failed,omitempty"`
	Bytes       int64           `json:"bytes"`
	Damaged     int             `json:"damaged"`
	Settings    json.RawMessage `json:"settings,omitempty"`
}

// An Input describes images that can be mixed.
type Input struct {
	Layout     string   `json:"layout"`
	Containers int      `json:"containers"`
	Images     int64    `json:"images"` // as far as it is known without reading them
	Ignored    int64    `json:"ignored"`
	Failures   int      `json:"failures"`
	Classes    []string `json:"class_names,omitempty"`
	// Understood says how the input is understood, Warnings what of that may surprise, and Doubts why mix
	// and pack refuse it: lines for people.
	Understood []string `json:"understood,omitempty"`
	Warnings   []string `json:"warnings,omitempty"`
	Doubts     []string `json:"doubts,omitempty"`
}

// An Image describes an encoded image.
type Image struct {
	Format string `json:"format"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Bytes  int64  `json:"bytes"`
	Digest string `json:"digest,omitempty"` // XXH3-128
	Fault  string `json:"fault,omitempty"`
	// Peak is that of the fine-grained detector on the whole image; for a look, not for mixing.
	Peak []int `json:"peak,omitempty"`
}

// An Array describes an npy vector.
type Array struct {
	Length int           `json:"length"`
	Width  int           `json:"bytes_per_value"`
	Sum    dataset.Float `json:"sum"`
}

// Path says what is at a local path, a URL, a pattern of files, or synth:N.
func Path(ctx context.Context, uri string, o Options) (*Report, error) {
	r := &Report{Path: uri, pictures: o.Pictures}
	if strings.HasPrefix(uri, "synth:") {
		return r, r.input(ctx, uri, &o)
	}
	object, err := blob.Stat(ctx, uri)
	if errors.Is(err, fs.ErrNotExist) && blob.HasMeta(uri) {
		return r, r.input(ctx, uri, &o)
	}
	if err != nil {
		return nil, fmt.Errorf("inspect: %w", err)
	}
	if !object.Dir {
		r.Bytes = object.Size
		return r, r.file(ctx, uri, object.Size, &o)
	}
	if at, split, ok := inMeta(uri); ok { // a folder of premix within an output
		if isCache, err := r.cache(ctx, uri, &o); err != nil || isCache { // of a run with --cache none
			return r, err
		}
		if o.Split == "" {
			o.Split = split
		}
		uri = at
	}
	dirs, err := verify.Outputs(ctx, uri)
	if err != nil && !errors.As(err, new(*verify.NoOutputError)) {
		return nil, err
	}
	begun, err := verify.Begun(ctx, uri)
	if err != nil {
		return nil, err
	}
	r.noteBegun(begun)
	all := slices.Clone(dirs)
	for _, b := range begun {
		all = append(all, b.Dir)
	}
	if err := r.noteBegunSplits(ctx, uri, all); err != nil {
		return nil, err
	}
	if len(dirs) > 0 {
		return r, r.output(ctx, uri, dirs, &o)
	}
	if len(begun) > 0 {
		r.Kind = KindOutput
		return r, nil
	}
	isCache, err := r.cache(ctx, uri, &o)
	if err != nil || isCache {
		return r, err
	}
	return r, r.input(ctx, uri, &o)
}

// inMeta tells the output and the split of a path below OUT/__premix__.
func inMeta(uri string) (out, split string, ok bool) {
	if out, ok = strings.CutSuffix(strings.TrimSuffix(uri, "/"), "/"+dataset.MetaDir); ok {
		return out, "", true
	}
	out, rest, ok := strings.Cut(uri, "/"+dataset.MetaDir+"/")
	split, _, _ = strings.Cut(rest, "/")
	return out, split, ok
}

func (r *Report) note(format string, args ...any) {
	r.Notes = append(r.Notes, printable.Line(printable.Sprintf(format, args...)))
}

// input describes what can be mixed. If it is not an input, its kind is unknown, and the report has the reason.
func (r *Report) input(ctx context.Context, uri string, o *Options) error {
	r.Kind = KindInput
	options := o.Source
	options.AnyLabels = true
	catalog, err := source.Discover(ctx, []source.Input{{URI: uri}}, options)
	if usage := (*source.UsageError)(nil); errors.As(err, &usage) {
		r.Kind = KindUnknown
		r.note("%v", err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("inspect: %w", err)
	}
	in := &Input{Layout: catalog.Layout, Containers: len(catalog.Containers), Ignored: catalog.Ignored,
		Failures: len(catalog.Failures), Classes: catalog.Classes}
	in.Understood, in.Warnings, in.Doubts = catalog.Understood(), catalog.Warnings, source.DoubtLines(catalog.Doubts)
	if catalog.OneClass != "" {
		in.Warnings = append(in.Warnings, source.OneClassDoubt(catalog.OneClass).Text)
	}
	r.Input, r.Format, r.Classes, r.names = in, catalog.Layout, len(catalog.Classes), catalog.Classes
	unknown := 0
	each := 1
	if n := len(catalog.Containers); n > 0 {
		each = share(o.Pictures, n) // pictures come from all classes and shards alike
	}
	for i, c := range catalog.Containers {
		chunks, err := source.Split(ctx, c, o.Source)
		if err != nil {
			return fmt.Errorf("inspect: %w", err)
		}
		for _, chunk := range chunks {
			if chunk.EstImages == 0 {
				unknown++
			}
			in.Images += int64(chunk.EstImages)
		}
		records := 0
		if i == 0 {
			records = o.records()
		}
		if len(chunks) > 0 && (records > 0 || len(r.first) < r.pictures) {
			if err := r.entries(ctx, chunks[0], records, each, o); err != nil {
				return err
			}
		}
	}
	r.Samples = in.Images
	if unknown > 0 {
		r.note("the images of %d parts are not counted: that takes reading them", unknown)
	}
	return nil
}

// entries are the first entries of a chunk, as records and as pictures.
func (r *Report) entries(ctx context.Context, chunk source.Chunk, records, pictures int, o *Options) error {
	done := errors.New("enough")
	err := source.Read(ctx, chunk, o.Source, 0, func(e source.Entry) error {
		if records <= 0 && pictures <= 0 {
			return done
		}
		if e.Ignored {
			return nil
		}
		s := &e.Sample
		record := Record{Record: shard.Record{Label: s.Label, Class: s.Class, Target: s.Name}}
		if s.Fault != nil {
			record.Image = &Image{Fault: s.Fault.Reason}
		} else {
			record.Image = describe(e.Data)
			if pictures > 0 {
				r.keep(thumbnail{caption: []string{tail(s.Name)}, data: e.Data})
				pictures--
			}
		}
		if records > 0 {
			r.Records = append(r.Records, record)
			records--
		}
		return nil
	})
	switch doubt := source.DoubtOf(err); {
	case doubt != nil:
		r.note("%v", doubt)
	case err != nil && err != done:
		return fmt.Errorf("inspect: %w", err)
	}
	return nil
}
