package pipeline

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/premix/premix/imaging"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/io/source/tree"
	"github.com/premix/premix/mix"
	"github.com/premix/premix/saliency"
	"github.com/premix/premix/sample"
)

// A ConfigError is a mistake in the configuration: wrong usage, found before any work.
type ConfigError struct{ Problems []error }

func (e *ConfigError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

func (e *ConfigError) Unwrap() []error { return e.Problems }

var nameForm = regexp.MustCompile(`^[a-z0-9_]+$`)

// NoCache is the value of --cache that keeps no peaks after the run.
const NoCache = "none"

// Validate reports every problem of the configuration at once, as a *ConfigError.
func (c *Config) Validate() error {
	if len(c.Variants) > 0 {
		return c.validateParts()
	}
	var bad []error
	add := func(err error) {
		if err == nil {
			return
		}
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			bad = append(bad, joined.Unwrap()...)
			return
		}
		bad = append(bad, err)
	}
	addf := func(format string, args ...any) {
		bad = append(bad, printable.Errorf(format, args...))
	}

	if len(c.In) == 0 {
		addf("no input: give --in URI (a folder of class folders, shards, or synth:2000 to try)")
	}
	for _, in := range c.In {
		_, uri := SplitInput(in)
		add(badAddress("--in", uri))
	}
	if !nameForm.MatchString(c.Split) {
		addf("--split %q: use letters a-z, digits and _ only", c.Split)
	}
	if !nameForm.MatchString(c.Name) {
		addf("--name %q: use letters a-z, digits and _ only", c.Name)
	}
	if _, ok := c.labelOffset(); !ok && c.LabelOffset != "auto" {
		addf("--label-offset %q: use auto or a whole number", c.LabelOffset)
	}
	if _, err := c.classDepth(); err != nil {
		add(err)
	}
	for _, name := range c.Accept {
		if !slices.Contains(source.Acceptable(), name) {
			addf("--accept: %s", Unknown("accept", name, source.Acceptable()))
		}
	}
	if c.MaxPixels < 1 || c.MaxBytes < 1 {
		addf("--max-pixels and --max-bytes must be at least 1")
	}
	add(c.cropGeometry().Validate())
	// Zero stands for the default in mix.Lambda; of an option it is what the user asked for.
	if c.Alpha == 0 {
		addf("--alpha 0: use at least %v; for unmixed images use --method none, for patches of the whole image --lambda 0", mix.MinAlpha)
	}
	if c.MaxLambda == 0 {
		addf("--max-lambda 0: every patch would be the whole image; use --lambda 0 for that")
	}
	if p, err := c.mixParams(); err != nil {
		add(err)
	} else {
		bad = append(bad, withFlags(c.askedFor(p).Validate())...)
		add(c.checkGiven(p))
	}
	if err := c.checkDetector(); err != nil {
		add(err)
	}
	add(c.checkOutput())
	add(c.checkKeepCrops())
	if c.SamplesPerShard == 1 && c.Mixes() {
		addf("--samples-per-shard 1: an image is mixed with another of its shard, so use at least 2")
	}
	if c.Replicas < 1 {
		addf("--replicas %d: use at least 1", c.Replicas)
	}
	if c.FirstReplica+c.Replicas > 1000 {
		addf("--first-replica %d with --replicas %d: the last replica would be %d, and 999 is the largest number", c.FirstReplica, c.Replicas, c.FirstReplica+c.Replicas-1)
	}
	if c.ChunkSize < 1 {
		addf("--chunk-size 0: use at least 1 image")
	}
	if len(bad) > 0 {
		return &ConfigError{bad}
	}
	return nil
}

func (c *Config) checkDetector() error {
	if c.External != nil || c.Plan != "" && c.external() {
		return c.checkExternal()
	}
	if c.Detector == mix.DetectorUniform {
		return nil
	}
	p, err := c.saliencyParams()
	if err != nil {
		return err
	}
	if _, err := saliency.New(c.Detector, p); err != nil {
		return errors.New("--detector: " + Unknown("detector", c.Detector, append(sample.Detectors(), "a file of peaks")))
	}
	return nil
}

func (c *Config) checkOutput() error {
	var bad []error
	add := func(err error) {
		if err != nil {
			bad = append(bad, err)
		}
	}
	addf := func(format string, args ...any) {
		bad = append(bad, printable.Errorf(format, args...))
	}
	if c.Out == "" {
		addf("no output: give --out FOLDER")
	}
	add(badAddress("--out", c.Out))
	add(badAddress("--cache", c.Cache))
	if len(c.Formats) == 0 {
		addf("--format has no value: use %s", Alternatives(formats.Names()))
	}
	for i, f := range c.Formats {
		if slices.Contains(c.Formats[:i], f) {
			addf("--format %s is given twice: remove one", f)
		}
		if _, err := formats.ByName(f); err != nil {
			addf("--format: %s", Unknown("format", f, formats.Names()))
		}
	}
	if c.LabelForm == "dense16" && slices.ContainsFunc(c.Formats, func(f string) bool { return f != "webdataset" && f != "mds" }) {
		addf("--label-form dense16 works with --format webdataset and mds only: use --label-form dense")
	}
	if c.Smoothing != 0 && c.LabelForm == "pair" {
		addf("--smoothing %g changes dense labels only: add --label-form dense", c.Smoothing)
	}
	if _, err := imaging.NewEncoder(c.Encode); err != nil {
		bad = append(bad, c.badEncoding(err))
	}
	if c.Shards != 0 && c.SamplesPerShard != 0 {
		addf("--shards and --samples-per-shard contradict each other: give one of them")
	}
	if c.Shards > 99999 {
		addf("--shards %d: use at most 99999 for each replica", c.Shards)
	}
	for _, x := range c.Indexes {
		if !slices.Contains([]string{"dali", "wids", "timm", "none"}, x) {
			addf("--indexes: %s", Unknown("indexes", x, []string{"dali", "wids", "timm", "none"}))
		}
	}
	if c.PlanOnly && c.Recheck {
		addf("--recheck compares shards, and --plan-only writes none: leave one of them out")
	}
	if c.PlanOnly && c.Plan != "" {
		addf("--plan-only with --plan: the plan already exists; leave one of them out")
	}
	if c.Cache == "" && c.Plan == "" && c.remote() {
		addf("no --cache: if the input or the output is remote, give a folder that all workers reach, such as --cache s3://bucket/cache")
	}
	return errors.Join(bad...)
}

// checkKeepCrops says what --keep-crops does not go with.
func (c *Config) checkKeepCrops() error {
	switch {
	case !c.KeepCrops:
		if c.KeepCropsLimit != 0 {
			return errors.New("--keep-crops-limit bounds what --keep-crops keeps: add --keep-crops, or leave it out")
		}
	case c.Plan != "":
		return errors.New("--keep-crops with --plan: a plan is made from the images themselves; leave --keep-crops out")
	case c.PlanOnly:
		return errors.New("--keep-crops with --plan-only, which needs no pixels: leave one of them out")
	case c.Spool != "auto":
		return printable.Errorf("--keep-crops with --spool %s: kept crops are how the mix stage gets pixels; leave --spool out", c.Spool)
	case c.Cache == NoCache:
		return errors.New("--keep-crops with --cache none: crops are kept in the cache; give --cache FOLDER, or leave --cache out")
	case c.Cache != "" && !blob.IsLocal(c.Cache), c.Runner != "direct" && c.Runner != "prism":
		return errors.New("--keep-crops needs a cache in a folder of this machine and --runner direct or prism: in a store, reading a crop takes longer than decoding its image")
	}
	return nil
}

// badEncoding is the message for a codec that there is not.
func (c *Config) badEncoding(err error) error {
	if strings.HasPrefix(c.Encode, "jpeg:") {
		return printable.Errorf("--encode: %s", strings.TrimPrefix(err.Error(), "imaging: "))
	}
	return printable.Errorf("--encode: %s", Unknown("encode", c.Encode, []string{"jpeg:95", "jpeg:95:444", "jpeg:95:opt", "png"}))
}

// remote says whether an input or the output lies in an object store.
func (c *Config) remote() bool {
	if badAddress("", c.Out) != nil {
		return false // that is what has to be said
	}
	if !blob.IsLocal(c.Out) {
		return true
	}
	for _, in := range c.In {
		if _, uri := SplitInput(in); !blob.IsLocal(uri) && !strings.HasPrefix(uri, "synth:") && badAddress("", uri) == nil {
			return true
		}
	}
	return false
}

var inputName = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

// SplitInput separates the NAME= of an --in from its URI.
func SplitInput(s string) (name, uri string) {
	if n, u, ok := strings.Cut(s, "="); ok && inputName.MatchString(n) {
		return n, u
	}
	return "", s
}

// classDepth is the option of source.Options.
func (c *Config) classDepth() (int, error) {
	switch c.ClassDepth {
	case "auto":
		return tree.Auto, nil
	case "leaf":
		return tree.Leaf, nil
	}
	n, err := strconv.Atoi(c.ClassDepth)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("--class-depth %q: use auto, leaf or a number from 1", c.ClassDepth)
	}
	return n, nil
}

// Mixes reports whether a method of the configuration mixes two images.
func (c *Config) Mixes() bool {
	p, err := c.mixParams()
	return err == nil && slices.ContainsFunc(p.Methods, func(m mix.Weighted) bool { return mix.Pairs(m.Name) })
}

func (c *Config) labelOffset() (int, bool) {
	n, err := strconv.Atoi(c.LabelOffset)
	return n, err == nil
}
