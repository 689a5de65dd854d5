// Package dataset reads and completes an output of premix: its manifest, shard records, plans and
// side files.
//
// To use an output, begin with [Splits] and [LoadManifest]; [LoadClasses] has the names of its
// classes, [ReadPlan] the recipe of each sample, and [OpenShard] the samples of a shard. [Look] says
// what lies at a place that may be an output. To write one, call [SaveConfig] before the first shard,
// [CommitRecord] after each shard, and [Finish] at the end; [Remove] removes a split.
//
// # Layout
//
// An output is one folder, or prefix of an object store, of one format:
//
//	OUT/…                          shards, indexes and the side files that the format's readers want
//	OUT/README.md                  how to load this very data set
//	OUT/__premix__/SPLIT/          the description of one split:
//	    config.json                written before the first shard: recipe, fingerprint, shape
//	    shards/rNNN-SSSSSS.json    one record for each finished shard: count, bytes, sha256
//	    plan/SHARD.parquet         how each sample of a shard was made
//	    classes.txt                class names in the order of the labels
//	    failures.jsonl             input entries that are not in the output, and why
//	    manifest.json              everything together; written last
//	    plan.json                  instead of the manifest, where there is a plan without pixels
//	    inputs.json, run.json      places, times and machines
//	    report.html                the same for people
//
// A shard is finished when its record exists and agrees with it. A split is finished when its
// manifest exists. All these files except inputs.json, run.json and report.html are the same bytes
// for the same input and recipe, wherever and however they are made.
//
// Package dataset/verify checks an output, dataset/inspect describes any path, dataset/reindex
// rebuilds lost files from the shards, and dataset/derive makes a sample again from its sources.
package dataset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/blob"
)

// Schema is the version of the files below __premix__. An output of a newer one is refused.
const Schema = 1

// MetaDir is the folder of an output that holds its description. Hugging Face's loader
// skips folders whose name starts with two underscores.
const MetaDir = "__premix__"

// Names of the files of a split, for [Meta].
const (
	ConfigFile   = "config.json"
	ClassesFile  = "classes.txt"
	InputsFile   = "inputs.json"
	FailuresFile = "failures.jsonl"
	ManifestFile = "manifest.json"
	ReportFile   = "report.html"
	RunFile      = "run.json"
	ShardsDir    = "shards"
	PlanDir      = "plan"
)

// ReadmeFile is the name of the description in the root of an output.
const ReadmeFile = "README.md"

// MaxManifest limits a manifest, which takes as much memory as the file has bytes: it has room for two million shards.
// [ManifestBound] says before a run whether its manifest will fit.
const MaxManifest = 1 << 29

// Limits on what is read into memory from other files of an output.
const (
	maxRecord  = 1 << 22
	maxClasses = 1 << 28
)

// Meta returns the place of a file that describes a split: OUT/__premix__/SPLIT/elem….
func Meta(out, split string, elem ...string) string {
	return blob.Join(out, append([]string{MetaDir, split}, elem...)...)
}

// Splits returns the names of the splits that have a folder in the output, finished or not, in
// bytewise order. There are none if the output does not exist.
func Splits(ctx context.Context, out string) ([]string, error) {
	objects, err := blob.List(ctx, blob.Join(out, MetaDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	var splits []string
	for _, o := range objects {
		// a hidden folder is the scratch of a run
		if name := blob.Base(o.URI); o.Dir && !strings.HasPrefix(name, ".") {
			splits = append(splits, name)
		}
	}
	slices.Sort(splits)
	return splits, nil
}

// inside reports whether a path in a record or a manifest stays inside the output: these files are
// data, and may be hostile.
func inside(p string) bool {
	return p != "" && p == path.Clean(p) && !path.IsAbs(p) && p != "." && p != ".." &&
		!strings.HasPrefix(p, "../") && !strings.ContainsAny(p, "\\\x00:")
}

// A SchemaError says that an output was written by a newer premix.
type SchemaError struct {
	Path   string
	Schema int
}

func (e *SchemaError) Error() string {
	return printable.Sprintf("dataset: %s has schema %d, this premix knows %d: use the premix that wrote it, or another --out",
		e.Path, e.Schema, Schema)
}

func checkSchema(uri string, schema int) error {
	if schema > Schema {
		return &SchemaError{uri, schema}
	}
	if schema < 1 {
		return fmt.Errorf("dataset: %s: schema %d is none of premix", uri, schema)
	}
	return nil
}
