package source

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"

	"github.com/premix/premix"
	"github.com/premix/premix/io/arrayrecord"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/tfexample"
	"github.com/premix/premix/io/tfrecord"
)

var recordPattern = regexp.MustCompile(`(?i)(\.tfrecords?|\.tfrec|\.record|\.array_?record)(-[0-9]{4,6}-of-[0-9]{4,6})?(\.gz|\.zlib|\.zz)?$|-[0-9]{4,6}-of-[0-9]{4,6}$`)

func recordFileName(base string) bool { return recordPattern.MatchString(base) }

// discoverRecords makes a container of every TFRecord file of a root. Where no class list lies beside
// them, d.records is what the records say of theirs.
func discoverRecords(ctx context.Context, r root, o Options, d *discovery) error {
	shards, err := shardsOf(ctx, r, o, d, recordFileName)
	if err != nil {
		return err
	}
	if err := addRecords(ctx, r, shards, d); err != nil {
		return err
	}
	d.Classes, err = classesOrOwn(ctx, r.uri, o.split(), "classes.txt", "label.labels.txt", "labels.txt", "imagenet_lsvrc_2015_synsets.txt", "synset_labels.txt")
	if err != nil {
		return err
	}
	set, err := peekKeys(ctx, d.Containers, o)
	if err != nil || set == nil {
		return err
	}
	for i := range d.Containers {
		d.Containers[i].Record = set.keys
	}
	if set.in = r.in; d.Classes == nil {
		d.records = set
		return nil
	}
	set.listed = true
	set.settle(d.Classes, nil, o)
	return nil
}

var arrayPattern = regexp.MustCompile(`(?i)\.array_?record(-|$)`)

// addRecords makes containers of files, finds out what they are and how they are compressed, and their indexes. A file is
// one of ArrayRecord by its first bytes, or else by its name.
func addRecords(ctx context.Context, r root, shards []blob.Object, d *discovery) error {
	index, err := indexes(ctx, r, shards)
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	array := make([]bool, len(shards))
	kinds, err := compressionsOf(ctx, shards, func(i int, head []byte) bool {
		plain := tfrecord.IsHead(head) // its checksum cannot be right by chance
		array[i] = !plain && (arrayrecord.IsHead(head) || arrayPattern.MatchString(blob.Base(shards[i].URI)))
		return plain || array[i]
	})
	if err != nil {
		return err
	}
	for i, s := range shards {
		c := r.container(s, layoutRecord)
		if s.Size == 0 { // one of no bytes counts as the first: IDs of its chunks have that
			kinds[i] = cmp.Or(kinds[i], kinds[0])
		}
		if c.Compression, c.Index = kinds[i], index[s.URI]; array[i] {
			c.Layout, c.Index = layoutArray, ""
		}
		d.Containers = append(d.Containers, c)
	}
	return nil
}

// peekRecords is how many records of the first file are looked at.
const peekRecords = 64

// peekKeys looks at the first records for the features that make an entry, and for what they say of
// classes. It returns nil if it could read none.
func peekKeys(ctx context.Context, containers []Container, o Options) (*recordSet, error) {
	full := slices.DeleteFunc(slices.Clone(containers), func(c Container) bool { return c.Size == 0 })
	for _, c := range full[:min(3, len(full))] {
		examples, err := peekExamples(ctx, c)
		if err != nil {
			return nil, err
		}
		if len(examples) == 0 {
			continue
		}
		first := &examples[0]
		keys := detectKeys(first, o)
		switch {
		case keys.Image == "":
			return nil, usagef("--in %s: no feature of %s holds an image; there are %s", c.URI, blob.Base(c.URI), featuresOf(first))
		case keys.Label == "":
			return nil, usagef("--in %s: no label in the features of %s under %s: --label-key can be one of %s", c.URI, blob.Base(c.URI), keyText(o.LabelKey), featuresOf(first))
		}
		set := &recordSet{keys: keys}
		for i := range examples {
			if s, ok := statementOf(&examples[i], keys); ok {
				set.first = append(set.first, s)
			}
		}
		return set, nil
	}
	return nil, nil
}

func peekExamples(ctx context.Context, c Container) ([]tfexample.Example, error) {
	w, f, err := c.open(ctx, 0, c.Size)
	if err != nil {
		return nil, fmt.Errorf("source: %s: %w", c.Name, err)
	}
	defer f.Close()
	var r recordReader = tfrecord.Open(w, tfrecord.Options{MaxRecord: peekBytes, Interrupted: ctx.Err})
	if c.Layout == layoutArray {
		w.End = -1 // up to the footer
		r = arrayrecord.Open(w, arrayrecord.Options{MaxRecord: peekBytes, Interrupted: ctx.Err})
	}
	var examples []tfexample.Example
	for range peekRecords {
		data, err := r.Next()
		if err == io.EOF || err != nil && w.Pos > peekBytes {
			return examples, nil
		}
		if err != nil {
			kind, lost, _, medium := recordError(err)
			switch {
			case medium != nil && premix.AsFault(medium) == nil:
				return nil, fmt.Errorf("source: %s: %w", c.Name, medium)
			case medium == nil && kind == premix.Corrupt && lost == 0:
				continue
			}
			return examples, nil
		}
		if w.Pos > peekBytes {
			return examples, nil
		}
		var ex tfexample.Example
		if ex.Parse(slices.Clone(data)) == nil {
			examples = append(examples, ex)
		}
	}
	return examples, nil
}

// offsetOf finds where labels count from: by the names beside them and the class list, by a label
// that would be negative or above the list; or else by what the feature's name usually means. feature is
// the one of nameKeys that has names, or −1.
func offsetOf(first []statement, feature int, k *recordKeys, classes []string) (offset int, custom bool) {
	rank := map[string]int64{}
	for i, c := range classes {
		rank[c] = int64(i)
	}
	lowest, highest := int64(maxLabel), int64(-1)
	var fits [2]int // how many records support each
	for _, s := range first {
		lowest, highest = min(lowest, s.label), max(highest, s.label)
		if feature < 0 {
			continue
		}
		if at, ok := rank[s.names[feature]]; ok && (s.label == at || s.label == at+1) {
			fits[s.label-at]++
		}
	}
	switch {
	case fits[0] > fits[1]:
		return 0, false
	case fits[1] > fits[0]:
		return 1, false
	case lowest == 0:
		return 0, false
	case len(classes) > 0 && highest == int64(len(classes)):
		return 1, false
	}
	return k.Offset, k.Assumed
}
