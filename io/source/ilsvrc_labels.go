package source

import (
	"archive/tar"
	"bytes"
	"context"
	_ "embed"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/source/labels"
)

// labelFiles are where the labels of a folder or tar of images are.
type labelFiles struct {
	Kind  string   // of listPlaces, or listTable
	Files []string // URIs
	Hash  string   // of the files' contents
	// Of a table:
	Columns labels.Columns
	Offset  int    // the number of the first class
	Prefix  string // the folder of the images, as names in the table may have it
}

// A labelList gives the class of each image of the validation set of ILSVRC2012, or of a table.
type labelList struct {
	table  *labels.List
	offset int    // of the table
	prefix string // of names, for the table

	byNumber []string          // of ILSVRC2012_val_00000001 and so on
	byStem   map[string]string // by the name without extension
	classes  []string          // sorted
}

// class returns the class of an image by its name; empty if it has none.
func (l *labelList) class(name string) string {
	s := stem(path.Base(name))
	if l.byStem != nil {
		return l.byStem[s]
	}
	if n := valNumber(name); n >= 1 && n <= len(l.byNumber) {
		return l.byNumber[n-1]
	}
	return ""
}

// label gives an entry the class that the list has for it.
func (l *labelList) label(e Entry, name string) Entry {
	if l.table != nil {
		return l.tableLabel(e, name)
	}
	if e.Ignored || e.Sample.Fault != nil {
		return e
	}
	e.Sample.Class = l.class(e.Sample.Name)
	if e.Sample.Class == "" {
		return failf(e.Sample, premix.StageLabel, premix.NoLabel, "the list of labels does not have it")
	}
	return e
}

// valNumber is the number in ILSVRC2012_val_00000001.JPEG; 0 for other names.
func valNumber(name string) int {
	rest, ok := strings.CutPrefix(stem(path.Base(name)), "ILSVRC2012_val_")
	n, err := strconv.Atoi(rest)
	if !ok || len(rest) != 8 || err != nil || n < 1 {
		return 0
	}
	return n
}

// The names under which lists are known, in the order of preference, below a folder. A meta.mat beside
// the ground truth is hashed with it, as before the ids were known, so that caches stay valid; a
// synsets.txt says nothing of ids.
var listPlaces = []labelFiles{
	{Kind: "csv", Files: []string{"LOC_val_solution.csv"}},
	{Kind: "synsets", Files: []string{"synset_labels.txt"}},
	{Kind: "synsets", Files: []string{"imagenet_2012_validation_synset_labels.txt"}},
	{Kind: "ids", Files: []string{"ILSVRC2012_validation_ground_truth.txt", "meta.mat"}},
	{Kind: "ids", Files: []string{"ILSVRC2012_validation_ground_truth.txt"}},
	{Kind: "devkit", Files: []string{"ILSVRC2012_devkit_t12.tar.gz"}},
}

// findList looks for a list of labels in a folder, in the devkit's folders below it, and in the
// folders above it, four at most. It has no Files if there is none.
func findList(ctx context.Context, dir string) (labelFiles, error) {
	for range 5 {
		for _, sub := range []string{"", "data", "ILSVRC2012_devkit_t12/data", "devkit/data", "devkit"} {
			for _, p := range listPlaces {
				list := labelFiles{Kind: p.Kind}
				for _, f := range p.Files {
					uri := blob.Join(dir, sub, f)
					o, err := blob.Stat(ctx, uri)
					if errors.Is(err, fs.ErrNotExist) || err == nil && o.Dir {
						list.Files = nil
						break
					}
					if err != nil {
						return labelFiles{}, fmt.Errorf("source: %w", err)
					}
					list.Files = append(list.Files, uri)
				}
				if list.Files != nil {
					return list, nil
				}
			}
		}
		up := blob.Dir(dir)
		if up == dir {
			break
		}
		dir = up
	}
	return labelFiles{}, nil
}

// listsRead keeps the lists that chunks of this process have asked for, by kind, files and hash.
var listsRead sync.Map

// listOf returns the list of a container, checking that it is still the one that was discovered.
func (c Container) listOf(ctx context.Context) (*labelList, error) {
	key := c.List.Kind + "\x00" + strings.Join(c.List.Files, "\x00") + "\x00" + c.List.Hash
	if l, ok := listsRead.Load(key); ok {
		return l.(*labelList), nil
	}
	l, hash, err := readList(ctx, c.List)
	if err != nil {
		return nil, err
	}
	if hash != c.List.Hash {
		return nil, fmt.Errorf("source: %s: the list of labels changed since the job began", c.Name)
	}
	listsRead.Store(key, l)
	return l, nil
}

// readList reads the list that findList has found.
func readList(ctx context.Context, list labelFiles) (l *labelList, hash string, err error) {
	var files [][]byte
	var digests []premix.Digest
	for _, uri := range list.Files {
		limit := int64(maxListBytes)
		if list.Kind == listTable {
			limit = MaxList
		}
		data, err := blob.ReadAll(ctx, uri, limit)
		if err != nil {
			return nil, "", fmt.Errorf("source: %w", err)
		}
		files, digests = append(files, data), append(digests, DigestOf(data))
	}
	if len(files) == 0 {
		return nil, "", fmt.Errorf("source: no list of labels in %q", list.Kind)
	}
	switch {
	case list.Kind == listTable:
		l, err = tableList(list, files[0])
	case list.Kind == "csv":
		l, err = csvList(files[0])
	case list.Kind == "synsets":
		l = &labelList{byNumber: words(files[0])}
	case list.Kind == "ids":
		l, err = idList(files[0])
	case list.Kind == "devkit":
		l, err = devkitList(files[0])
	default:
		err = errors.New("unknown kind of list")
	}
	if err == nil && l.classes == nil && l.table == nil {
		names := append(slices.Collect(maps.Values(l.byStem)), l.byNumber...)
		slices.Sort(names)
		l.classes = slices.Compact(names)
		if len(l.classes) == 0 {
			err = errors.New("it is empty")
		}
	}
	if err != nil {
		return nil, "", usagef("the list of labels %s cannot be used: %v", strings.Join(list.Files, " and "), err)
	}
	return l, list.hash(digests...), nil
}

// hash identifies a list by the digests of its files and how they are read.
func (list labelFiles) hash(files ...premix.Digest) string {
	h := newHasher().text(list.Kind)
	if list.Kind == listTable {
		h.text(fmt.Sprint(list.Columns)).num(int64(list.Offset)).text(list.Prefix)
	}
	for _, sum := range files {
		h.text(hex.EncodeToString(sum[:]))
	}
	return h.String()
}

// words are the first words of all lines.
func words(data []byte) []string {
	var list []string
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) > 0 {
			list = append(list, escape(f[0]))
		}
	}
	return list
}

// csvList reads LOC_val_solution.csv: ImageId,PredictionString, where the second is the class
// with a box, or several of these with the same class.
func csvList(data []byte) (*labelList, error) {
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord = 2
	l := &labelList{byStem: map[string]string{}}
	for {
		rec, err := r.Read()
		if err == io.EOF {
			return l, nil
		}
		if err != nil {
			return nil, err
		}
		f := strings.Fields(rec[1])
		if rec[0] == "ImageId" || len(f) == 0 {
			continue
		}
		l.byStem[escape(rec[0])] = escape(f[0])
	}
}

// idList reads the ground truth of the devkit, one ILSVRC2012_ID a line. The ids are not ranks of sorted
// synsets: ids says which synset each is.
func idList(truth []byte) (*labelList, error) {
	synsets := ilsvrcSynsets()
	l := &labelList{classes: slices.Sorted(slices.Values(synsets))}
	for i, w := range words(truth) {
		id, err := strconv.Atoi(w)
		if err != nil || id < 1 || id > len(synsets) {
			return nil, fmt.Errorf("line %d: %s is not an id of ILSVRC2012, 1 to %d", i+1, shorten(w), len(synsets))
		}
		l.byNumber = append(l.byNumber, synsets[id-1])
	}
	if len(l.byNumber) == 0 {
		return nil, errors.New("it is empty")
	}
	return l, nil
}

// ilsvrcIDs are the synsets of ILSVRC2012_ID 1 to 1000, a line each, as the devkit's meta.mat has them.
//
//go:embed ilsvrc2012.txt
var ilsvrcIDs string

func ilsvrcSynsets() []string { return strings.Fields(ilsvrcIDs) }

// devkitList reads the ground truth out of the devkit's archive.
func devkitList(data []byte) (*labelList, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	for r := tar.NewReader(io.LimitReader(z, maxListBytes)); ; {
		h, err := r.Next()
		if err != nil {
			return nil, fmt.Errorf("no ground truth in it: %w", err)
		}
		if path.Base(h.Name) == "ILSVRC2012_validation_ground_truth.txt" {
			truth, err := io.ReadAll(r)
			if err != nil {
				return nil, err
			}
			return idList(truth)
		}
	}
}
