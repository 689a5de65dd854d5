package reindex

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/shard"
)

// guess finds image format and size, label form and classes in the shards, in place of config.json.
func (t *task) guess(ctx context.Context) error {
	spec := &t.set.spec
	first := t.set.shards[0].path
	classes := 0
	err := t.each(ctx, first, func(r *shard.Record) error {
		config, err := imaging.DecodeConfig(r.Image, imaging.DecodeParams{})
		if err != nil {
			return err
		}
		spec.ImageFormat, spec.Size = r.ImageFormat, premix.Size{H: config.H, W: config.W}
		spec.LabelForm = shard.Pair
		if len(r.Soft) > 0 {
			spec.LabelForm, classes = shard.Dense, len(r.Soft)
		}
		return errEnough
	})
	if err != nil {
		return t.asDamage(first, err)
	}
	if spec.ImageFormat == "" {
		t.damaged("%s: no samples", first)
		return nil
	}
	if len(spec.Classes) == 0 || classes > 0 && classes != len(spec.Classes) {
		spec.Classes = nil
		if err := t.guessClasses(ctx, classes); err != nil || len(t.split.Damaged) > 0 {
			return err
		}
	}
	if spec.LabelForm == shard.Dense && t.set.format.Traits().Dense16 {
		// the two forms differ in the width of the numbers, which readers do not report
		try := *spec
		try.LabelForm, try.Replica = shard.Dense16, t.set.shards[0].replica
		if _, err := scan(ctx, t.set.format, blob.Join(t.out, first), try); err == nil {
			spec.LabelForm = shard.Dense16
		}
	}
	return nil
}

// guessClasses finds names for the classes: those in the side files or in the records of the format,
// and numbers for the others. n is the number of classes; 0: unknown.
func (t *task) guessClasses(ctx context.Context, n int) error {
	spec := &t.set.spec
	names, err := t.keptNames(ctx)
	if err != nil {
		return fmt.Errorf("reindex: %w", err)
	}
	if len(names) > 0 && (n == 0 || n == len(names)) {
		spec.Classes = names
		return nil
	}
	known := map[int]string{}
	count := n
	for _, s := range t.set.shards {
		err := t.each(ctx, s.path, func(r *shard.Record) error {
			count = max(count, r.Label+1, r.LabelA+1, r.LabelB+1)
			if r.Class != "" {
				known[r.Label] = r.Class
			}
			return nil
		})
		if err != nil {
			return t.asDamage(s.path, err)
		}
	}
	if count > maxClasses {
		t.damaged("labels up to %d", count-1)
		return nil
	}
	if n == 0 || len(known) < count {
		t.lose(dataset.LostClasses)
	}
	spec.Classes = make([]string, count)
	for i := range spec.Classes {
		spec.Classes[i] = known[i]
		if spec.Classes[i] == "" {
			spec.Classes[i] = strconv.Itoa(i)
		}
	}
	return nil
}

const maxClasses = 1 << 22

// keptNames returns the class names that a format stores: TFDS, also with ArrayRecord, beside the shards, Hugging Face's
// Parquet in each shard.
func (t *task) keptNames(ctx context.Context) (names []string, err error) {
	first := t.set.shards[0].path
	switch t.set.format.Name() {
	case "tfds", "array_record":
		var data []byte
		if data, err = blob.ReadAll(ctx, blob.Join(t.out, path.Dir(first), "label.labels.txt"), blob.MaxMeta); len(data) > 0 {
			names = strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
		}
	case "parquet":
		names, err = metadataNames(ctx, blob.Join(t.out, first))
	}
	if dataset.Environment(err) {
		return nil, err
	}
	if err != nil {
		names = nil // damage shows when the shard is read
	}
	return names, nil
}

// metadataNames reads the names of the ClassLabel label in the metadata of a Parquet file.
func metadataNames(ctx context.Context, uri string) (names []string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("damaged Parquet: %v", p)
		}
	}()
	r, err := blob.OpenAt(ctx, uri)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	f, err := parquet.OpenFile(r, r.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, err
	}
	text, _ := f.Lookup("huggingface")
	var meta struct {
		Info struct {
			Features struct {
				Label struct {
					Names []string `json:"names"`
				} `json:"label"`
			} `json:"features"`
		} `json:"info"`
	}
	err = json.Unmarshal([]byte(text), &meta)
	return meta.Info.Features.Label.Names, err
}

var errEnough = errors.New("enough")

// each reads the records of a shard until yield returns an error. errEnough ends it without an error.
func (t *task) each(ctx context.Context, file string, yield func(*shard.Record) error) error {
	reader, closer, err := dataset.OpenShard(ctx, t.set.format, blob.Join(t.out, file), shard.ReadOptions{})
	if err != nil {
		return err
	}
	defer closer.Close()
	var r shard.Record
	for {
		err := reader.Next(&r)
		if err == nil {
			err = yield(&r)
		}
		switch {
		case err == io.EOF || err == errEnough:
			return nil
		case err != nil:
			return damage(err)
		}
	}
}

// asDamage notes a defect of a shard. It returns errors of disk and network.
func (t *task) asDamage(file string, err error) error {
	if bad := (*damageError)(nil); errors.As(err, &bad) {
		t.damaged("%s: %v", file, bad)
		return nil
	}
	return fmt.Errorf("reindex: %w", err)
}
