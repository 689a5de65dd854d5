package inspect

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/derive"
	"github.com/premix/premix/dataset/verify"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/mix"
	"github.com/premix/premix/sample"
)

// A Sample is all that is known of one sample of an output: what the shard holds, what was
// planned, and what its sources give now.
type Sample struct {
	Output string `json:"output"`
	Split  string `json:"split"`
	Shard  string `json:"shard"`
	Index  int64  `json:"index"` // in the shard
	Record Record `json:"record"`
	Target Half   `json:"target"`
	Source Half   `json:"source"`
	// Again is what the recipe and the sources give now; absent if they cannot be had.
	Again *Again `json:"again,omitempty"`
	// Differences between shard, plan, recipe and sources, one line each.
	Differences []string `json:"differences"`
	Notes       []string `json:"notes,omitempty"`

	classes []string
	stored  imaging.Image
	mixed   imaging.Image
	a, b    derive.Half
	recipe  premix.Recipe
	deriver *derive.Deriver
}

// A Half is an image of a sample as it was planned.
type Half struct {
	Name   string           `json:"name"`
	Class  string           `json:"class,omitempty"`
	Label  int              `json:"label"`
	Offset int64            `json:"offset"`
	Length int64            `json:"length"`
	Digest string           `json:"digest"`
	Width  int              `json:"width"`
	Height int              `json:"height"`
	Crop   [4]dataset.Float `json:"crop"` // x, y, width, height in the original
	Flip   bool             `json:"flip"`
	Peak   [2]int           `json:"peak"`
	Flat   bool             `json:"flat"`
}

// Again is what a sample comes out as when it is made again.
type Again struct {
	LamDrawn  dataset.Float `json:"lam_drawn"`
	Lam       dataset.Float `json:"lam"`
	Box       [4]int        `json:"box"`
	SrcBox    [4]int        `json:"src_box"`
	SameBytes bool          `json:"same_bytes"` // of the encoded image
}

// A NotFoundError says that an output has no such sample.
type NotFoundError struct{ Output, Key, Have string }

func (e *NotFoundError) Error() string {
	return printable.Sprintf("no sample %q in %s; it has %s", e.Key, e.Output, e.Have)
}

// A NoSplitError says that an output has no such split.
type NoSplitError struct {
	Output, Split string
	Have          []string
}

func (e *NoSplitError) Error() string {
	return printable.Sprintf("%s has no split %q; it has %s: name one with --split", e.Output, e.Split, strings.Join(e.Have, ", "))
}

// Find returns the sample of a key, or of a position in the only replica that a bare number
// names. Of several formats the first output is asked.
func Find(ctx context.Context, out, key string, o Options) (*Sample, error) {
	out, splits, err := firstOutput(ctx, out, &o)
	if err != nil {
		return nil, err
	}
	var have []string
	for _, split := range splits {
		records, err := dataset.Records(ctx, out, split)
		if err != nil {
			return nil, err
		}
		i, index, ok := locate(records, key)
		if !ok {
			have = append(have, describeKeys(split, records))
			continue
		}
		s := &Sample{Output: out, Split: split, Shard: records[i].Path, Index: index, Differences: []string{}}
		return s, s.load(ctx, records, i, &o)
	}
	if len(have) == 0 {
		have = []string{"no such split"}
	}
	return nil, &NotFoundError{out, key, strings.Join(have, ", ")}
}

// firstOutput returns the first output at a place, and those of its splits that are meant.
func firstOutput(ctx context.Context, at string, o *Options) (out string, splits []string, err error) {
	dirs, err := verify.Outputs(ctx, at)
	if err != nil {
		return "", nil, err
	}
	out = blob.Join(at, dirs[0])
	splits, err = dataset.Splits(ctx, out)
	return out, slices.DeleteFunc(splits, func(s string) bool { return o.Split != "" && s != o.Split }), err
}

// locate finds the record of the shard that holds a key.
func locate(records []dataset.ShardRecord, key string) (record int, index int64, ok bool) {
	position, err := dataset.KeyPosition(key)
	if err != nil || len(records) == 0 {
		return 0, 0, false
	}
	replica := records[0].Replica
	if prefix, _, named := strings.Cut(key, "-"); named {
		digits, isReplica := strings.CutPrefix(prefix, "r")
		if replica, err = strconv.Atoi(digits); err != nil || !isReplica {
			return 0, 0, false
		}
	}
	for i := range records {
		if records[i].Replica != replica {
			continue
		}
		if position < records[i].Samples {
			return i, position, true
		}
		position -= records[i].Samples
	}
	return 0, 0, false
}

func describeKeys(split string, records []dataset.ShardRecord) string {
	var n int64
	var replicas []string
	for i, r := range records {
		if i == 0 || r.Replica != records[i-1].Replica {
			replicas = append(replicas, strconv.Itoa(r.Replica))
		}
		if r.Replica == records[0].Replica {
			n += r.Samples
		}
	}
	if n == 0 {
		return split + " without samples"
	}
	s := fmt.Sprintf("%s with positions 0 to %d", split, n-1)
	if len(replicas) > 1 {
		s += " of the replicas " + strings.Join(replicas, ", ")
	}
	return s
}

func (s *Sample) load(ctx context.Context, records []dataset.ShardRecord, i int, o *Options) error {
	config, err := dataset.HeldConfig(ctx, s.Output, s.Split)
	if err != nil {
		return err
	}
	format, err := formats.ByName(config.Shape.Format)
	if err != nil {
		return err
	}
	if s.classes, err = dataset.LoadClasses(ctx, s.Output, s.Split); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	rec, err := s.read(ctx, format)
	if err != nil {
		return err
	}
	if records[i].PlanPath == "" {
		s.note("the plan of the shard is lost")
		return nil
	}
	recipes, err := dataset.ReadPlan(ctx, blob.Join(s.Output, records[i].PlanPath))
	if err != nil || s.Index >= int64(len(recipes)) {
		s.note("the plan of the shard cannot be read: %v", err)
		return environment(err)
	}
	s.recipe = recipes[s.Index]
	s.Target = s.half(s.recipe.Target, s.recipe.LabelA)
	s.Source = s.half(s.recipe.Source, s.recipe.LabelB)
	s.comparePlan(rec, format)
	if o.Params == nil {
		return nil
	}
	params, options, err := o.Params(config.Recipe)
	if err != nil {
		return err
	}
	ok, err := s.derive(ctx, &params, options, o)
	if err != nil || !ok {
		return err
	}
	return s.again(&params, rec, recipes, records, i, config.Shape.Shards)
}

func (s *Sample) note(format string, args ...any) {
	s.Notes = append(s.Notes, fmt.Sprintf(format, args...))
}

func (s *Sample) differ(format string, args ...any) {
	s.Differences = append(s.Differences, fmt.Sprintf(format, args...))
}

// read finds the record in its shard.
func (s *Sample) read(ctx context.Context, format shard.Format) (*shard.Record, error) {
	uri := blob.Join(s.Output, s.Shard)
	reader, closer, err := dataset.OpenShard(ctx, format, uri, shard.ReadOptions{})
	if err != nil {
		return nil, err
	}
	defer closer.Close()
	var rec shard.Record
	for range s.Index + 1 {
		if err := reader.Next(&rec); err != nil {
			return nil, fmt.Errorf("inspect: %s: %w", uri, noEOF(err))
		}
	}
	s.Record = recordOf(&rec)
	s.Record.Soft = slices.Clone(rec.Soft)
	s.Record.Class = cmp.Or(s.Record.Class, nameOf(s.classes, rec.Label))
	var decoder imaging.Decoder
	if _, err := decoder.Decode(ctx, &s.stored, rec.Image, imaging.DecodeParams{}); err != nil {
		if premix.AsFault(err) == nil {
			return nil, err
		}
		s.differ("the stored image: %v", err)
		s.stored = imaging.Image{}
	}
	return &rec, nil
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (s *Sample) half(p *premix.Sample, label int) Half {
	return Half{
		Name: p.Name, Class: nameOf(s.classes, label), Label: label, Offset: p.Location.Offset, Length: p.Location.Length, Digest: hex.EncodeToString(p.Digest[:]),
		Width: p.Width, Height: p.Height, Flip: p.Flip, Peak: xy(p.Peak), Flat: p.Flat,
		Crop: [4]dataset.Float{dataset.Float(p.Crop.X), dataset.Float(p.Crop.Y), dataset.Float(p.Crop.W), dataset.Float(p.Crop.H)},
	}
}

// comparePlan notes where the record is not as planned.
func (s *Sample) comparePlan(rec *shard.Record, format shard.Format) {
	have := s.recipe
	have.Key, have.Label, have.LabelA, have.LabelB = rec.Key, rec.Label, rec.LabelA, rec.LabelB
	have.Method, have.Mixed, have.Flat, have.Peak = rec.Method, rec.Mixed, rec.Flat, rec.Peak
	have.Box, have.SrcBox, have.Replica = rec.Box, rec.SrcBox, rec.Replica
	have.Source = &premix.Sample{Name: rec.Source}
	have.Lam, have.LamDrawn = rec.Lam, rec.LamDrawn
	want := s.recipe
	if format.Traits().Float32 {
		want.Lam, want.LamDrawn = float64(float32(want.Lam)), float64(float32(want.LamDrawn))
	}
	if what := derive.Differs(&have, &want); what != "" {
		s.differ("the shard's %s as planned", what)
	}
	if rec.Target != s.recipe.Target.Name {
		s.differ("the shard's target is %s, not %s as planned", rec.Target, s.recipe.Target.Name)
	}
}

// derive decodes and crops both images. It reports false if one cannot be had.
func (s *Sample) derive(ctx context.Context, p *sample.Params, options source.Options, o *Options) (bool, error) {
	inputs := o.In
	if len(inputs) == 0 {
		var err error
		if inputs, err = derive.LoadInputs(ctx, s.Output, s.Split); err != nil {
			s.note("%v", err)
			return false, environment(err)
		}
	}
	options = derive.Understand(ctx, s.Output, s.Split, options)
	sources, err := derive.Locate(ctx, inputs, options, p.Decode.MaxBytes)
	if usage := (*source.UsageError)(nil); errors.As(err, &usage) {
		s.note("the sources cannot be read: %v; give their place with --in", err)
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if s.deriver, err = derive.New(*p); err != nil {
		return false, err
	}
	for _, half := range []struct {
		h       *derive.Half
		planned *premix.Sample
	}{{&s.a, s.recipe.Target}, {&s.b, s.recipe.Source}} {
		err := s.deriver.Fetch(ctx, sources, half.h, half.planned, true)
		var missing *source.EntryError
		switch {
		case errors.As(err, &missing):
			s.note("%v", missing)
			return false, nil
		case premix.AsFault(err) != nil:
			s.differ("%s: %v", half.planned.Name, err)
			return false, nil
		case err != nil:
			return false, err
		}
		s.Differences = append(s.Differences, derive.Differences(half.planned, &half.h.Sample)...)
	}
	return true, nil
}

// again draws and mixes the sample again, from what was found in its sources now.
func (s *Sample) again(p *sample.Params, rec *shard.Record, recipes []premix.Recipe, records []dataset.ShardRecord, i int, shards int64) error {
	var total int64
	for _, r := range records {
		if r.Replica == records[i].Replica {
			total += r.Samples
		}
	}
	now := s.recipe
	fresh := slices.Clone(recipes)
	for k := range fresh {
		switch fresh[k].Target.Name {
		case s.a.Sample.Name:
			fresh[k].Target = &s.a.Sample
		case s.b.Sample.Name:
			fresh[k].Target = &s.b.Sample
		}
	}
	named := strings.HasPrefix(s.recipe.Key, "r")
	drawn, err := derive.Redraw(p, fresh, total, shards, named)
	switch {
	case err != nil:
		s.note("not drawn again: %v", err)
		if m, _ := mix.ByName(s.recipe.Method); m.Pastes {
			now.Lam = mix.Share(s.recipe.Box, p.Geometry.Size)
		}
	default:
		now = drawn[s.Index]
		if what := derive.Differs(&s.recipe, &now); what != "" {
			s.differ("the plan's %s as recipe and sources give it", what)
		}
	}
	data, err := s.deriver.Mix(&s.mixed, nil, &s.a, &s.b, &now)
	if err != nil {
		s.differ("%v", err)
		return nil
	}
	same := bytes.Equal(data, rec.Image)
	if !same {
		s.differ("built again, the image has %d bytes, and they differ; in the shard it has %d", len(data), len(rec.Image))
	}
	s.Again = &Again{LamDrawn: dataset.Float(now.LamDrawn), Lam: dataset.Float(now.Lam), Box: box(now.Box), SrcBox: box(now.SrcBox), SameBytes: same}
	return nil
}
