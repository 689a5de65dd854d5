package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io/fs"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/shard"
)

// A Manifest is the content of manifest.json: all facts about a finished split that do not depend on
// place, time or machine.
type Manifest struct {
	Schema      int               `json:"schema"`
	Fingerprint string            `json:"fingerprint"`
	Shape       Shape             `json:"output"`
	Indexes     []string          `json:"indexes"` // index files that were written: dali, timm, wids
	Recipe      json.RawMessage   `json:"recipe"`
	Versions    map[string]string `json:"versions"` // premix, codec, peaks, schema, saliency
	Counts      Counts            `json:"counts"`
	Statistics  []MethodSummary   `json:"statistics"` // by name of the method, over all replicas
	Inputs      InputSummary      `json:"inputs"`
	// FailuresSHA256 is the hash of failures.jsonl.
	FailuresSHA256 string `json:"failures_sha256"`
	// Lost names what could not be rebuilt after the manifest was lost: see dataset/reindex.
	Lost     []string  `json:"lost,omitempty"`
	Replicas []Replica `json:"replicas"`
	// SHA256 is the hash of the manifest itself with an empty SHA256.
	SHA256 string `json:"sha256"`
}

// Sum computes the right value of SHA256.
func (m *Manifest) Sum() (string, error) {
	sum, _, err := m.sum()
	return sum, err
}

// sum computes the right value of SHA256, and the length of the file with it.
func (m *Manifest) sum() (sum string, bytes int64, err error) {
	bare := *m
	bare.SHA256 = ""
	h := hashed{sha256.New(), 2 * sha256.Size}
	if err := bare.write(&h); err != nil {
		return "", 0, err
	}
	return hex.EncodeToString(h.Sum(nil)), h.bytes, nil
}

// hashed counts what it hashes.
type hashed struct {
	hash.Hash
	bytes int64
}

func (h *hashed) Write(p []byte) (int, error) {
	h.bytes += int64(len(p))
	return h.Hash.Write(p)
}

// Whole reports whether the manifest has the hash that it says it has.
func (m *Manifest) Whole() bool {
	sum, err := m.Sum()
	return err == nil && sum == m.SHA256
}

// The parts that a rebuilt output can lack.
const (
	LostRecipe   = "recipe"      // recipe and fingerprint
	LostClasses  = "class names" // numbers take their place
	LostInputs   = "inputs"      // what became of entries that are not in the output
	LostFailures = "failures"
	LostPlan     = "plan"
	LostVersions = "versions"
)

// Counts has the number of input entries by what became of them:
// Entries = Good + Ignored + Excluded + Failed, and Failed is the sum of Failures.
type Counts struct {
	Entries  int64 `json:"entries"`
	Good     int64 `json:"good"`     // in the output: once target and once source in each replica
	Ignored  int64 `json:"ignored"`  // side files that are no images
	Excluded int64 `json:"excluded"` // images left out on purpose: beyond a limit, classes not asked for
	Failed   int64 `json:"failed"`   // the lines of failures.jsonl, and those that were lost
	// Failures counts the lines by kind.
	Failures map[premix.FaultKind]int64 `json:"failures"`
	// Lost says what those of the lines weigh that stand for several images; nil if there are none.
	Lost *Lost `json:"lost,omitempty"`
	// Samples is the number of records in all shards.
	Samples int64 `json:"samples"`
}

// A MethodSummary describes the samples of a method.
type MethodSummary struct {
	Method  string `json:"method"`
	Samples int64  `json:"samples"`
	Mixed   int64  `json:"mixed"`
	Flat    int64  `json:"flat"`  // without a peak: the centre was used
	Empty   int64  `json:"empty"` // mixed, but no pixel was pasted from a box
	// SameClass counts those mixed from two images of one class.
	SameClass int64      `json:"same_class"`
	LamDrawn  LamSummary `json:"lam_drawn"`
	Lam       LamSummary `json:"lam"`
	Box       BoxSummary `json:"box"`
}

// A LamSummary describes λ: its mean, and the number of samples in each twentieth of [0, 1].
type LamSummary struct {
	Mean      Float             `json:"mean"`
	Histogram [lambdaBins]int64 `json:"histogram"`
}

// A BoxSummary describes the boxes that are not empty, in pixels. All fields are zero if there are
// none.
type BoxSummary struct {
	Count      int64 `json:"count"`
	MeanArea   Float `json:"mean_area"`
	MeanWidth  Float `json:"mean_width"`
	MeanHeight Float `json:"mean_height"`
}

// An InputSummary identifies the entries that were read.
type InputSummary struct {
	Digest string `json:"digest"`
	// GoodDigest identifies the entries that are good in all replicas.
	GoodDigest string `json:"good_digest,omitempty"`
	// ClassList is the hash of the class list that numbers in the input refer to. It is set where
	// that list decides labels and is not the list of the output.
	ClassList  string           `json:"class_list,omitempty"`
	Containers []InputContainer `json:"containers"`
}

// A Replica is one epoch of a split.
type Replica struct {
	Replica int `json:"replica"`
	// Numbered says that names of this replica carry rNNN.
	Numbered bool    `json:"numbered"`
	Samples  int64   `json:"samples"`
	Bytes    int64   `json:"bytes"`
	Shards   []Shard `json:"shards"`
}

// A Shard is a file of a replica, by its path below the output.
type Shard = shard.ShardInfo

// LoadManifest reads the manifest of a split. The error is fs.ErrNotExist if there is none: the
// split is not finished, or does not exist.
func LoadManifest(ctx context.Context, out, split string) (*Manifest, error) {
	return loadManifest(ctx, out, split, ManifestFile)
}

func loadManifest(ctx context.Context, out, split, name string) (*Manifest, error) {
	var m Manifest
	uri := Meta(out, split, name)
	f, err := blob.OpenLimited(ctx, uri, MaxManifest)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	defer f.Close()
	if err := decodeManifest(f, &m); err != nil {
		return nil, fmt.Errorf("dataset: %s: %w", uri, err)
	}
	if err := checkSchema(uri, m.Schema); err != nil {
		return nil, err
	}
	if err := m.Shape.check(split); err != nil {
		return nil, fmt.Errorf("dataset: %s: %w", uri, err)
	}
	for _, r := range m.Replicas {
		for _, s := range r.Shards {
			if !inside(s.Name) {
				return nil, fmt.Errorf("dataset: %s: path %q leads out of the output", uri, s.Name)
			}
		}
	}
	return &m, nil
}

// Finished returns the manifests of all finished splits, in the order of their names. It leaves out
// damaged manifests, and returns an error for each in damaged.
func Finished(ctx context.Context, out string) (finished []*Manifest, damaged []error, err error) {
	splits, err := Splits(ctx, out)
	if err != nil {
		return nil, nil, err
	}
	for _, split := range splits {
		m, err := LoadManifest(ctx, out, split)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case Damaged(err):
			damaged = append(damaged, err)
		case err != nil:
			return nil, nil, err
		default:
			finished = append(finished, m)
		}
	}
	return finished, damaged, nil
}

// GroupReplicas groups records, which are in order, by replica.
func GroupReplicas(format shard.Format, spec shard.Spec, records []ShardRecord) (replicas []Replica, samples int64) {
	replicas = []Replica{}
	spec.Replica = -1
	for _, rec := range records {
		if n := len(replicas); n == 0 || replicas[n-1].Replica != rec.Replica {
			plain := format.ShardPath(spec, rec.Shard)
			replicas = append(replicas, Replica{Replica: rec.Replica, Numbered: rec.Path != plain})
		}
		r := &replicas[len(replicas)-1]
		r.Samples += rec.Samples
		r.Bytes += rec.Bytes
		r.Shards = append(r.Shards, rec.listed())
		samples += rec.Samples
	}
	return replicas, samples
}

// sets are the shards of the split as the side files list them: one set for each replica.
func (m *Manifest) sets(classes []string) []shard.Set {
	var sets []shard.Set
	for _, r := range m.Replicas {
		set := shard.Set{Spec: m.Shape.Spec(classes), Shards: r.Shards}
		if r.Numbered {
			set.Spec.Replica = r.Replica
		}
		sets = append(sets, set)
	}
	return sets
}

// Summarize returns the summaries of a manifest for the sums over all shards.
func Summarize(methods []MethodStats) []MethodSummary {
	out := make([]MethodSummary, 0, len(methods))
	for _, m := range methods {
		s := MethodSummary{Method: m.Method, Samples: m.Count, Mixed: m.Mixed, Flat: m.Flat, Empty: m.Empty, SameClass: m.SameClass,
			LamDrawn: LamSummary{ratio(float64(m.LamDrawnSum), m.Count), m.LamDrawn},
			Lam:      LamSummary{ratio(float64(m.LamSum), m.Count), m.Lam}}
		boxes := m.Boxes
		s.Box = BoxSummary{boxes, ratio(float64(m.BoxArea), boxes), ratio(float64(m.BoxWidth), boxes),
			ratio(float64(m.BoxHeight), boxes)}
		out = append(out, s)
	}
	return out
}

func ratio(sum float64, n int64) Float {
	if n == 0 {
		return 0
	}
	return Float(sum / float64(n))
}
