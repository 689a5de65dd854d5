package source

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/internal/layouttest"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/source/tree"
)

// TestLayouts is about the first moment at which an input may be refused: after names and listings. The
// rows for which labels must be known are tested in cmd/premix.
func TestLayouts(t *testing.T) {
	for _, name := range layouttest.Tables() {
		for _, l := range layouttest.Load(t, name) {
			dir := t.TempDir()
			layouttest.Write(t, dir, l.Files(t))
			for _, row := range l.Rows {
				if row.Gate {
					continue
				}
				t.Run(row.String(), func(t *testing.T) {
					t.Setenv("HF_HOME", filepath.Join(dir, "hf-home"))
					t.Setenv("HF_HUB_CACHE", "")
					judge(t, row, dir, filepath.Join(dir, row.Path))
				})
			}
		}
	}
}

// A place is where the files of a layout can be but in folders of this machine.
type place struct {
	name string
	not  []string // the words of Row.Not that exclude it
	put  func(t *testing.T, dir string, files []layouttest.File) string
}

// formats are those that a user may name for a layout in a place, beside auto: a folder of shards or of
// other data is not one of images, and neither is Kaggle's tree of ILSVRC.
func (p place) formats(files []layouttest.File) []string {
	switch {
	case slices.Contains(p.not, "zip"):
		return []string{"", "zip"}
	case slices.Contains(p.not, "tar"):
		return []string{"", "webdataset"}
	}
	if slices.ContainsFunc(files, func(f layouttest.File) bool {
		base := filepath.Base(f.Path)
		return shardName(base) || zipName(base) || foreignOf(base) != nil || strings.HasPrefix(f.Path, "ILSVRC/")
	}) {
		return []string{""}
	}
	return []string{"", "imagefolder"}
}

// places are those of TestLayoutsElsewhere.
var places = []place{
	{"tar", []string{"tar"}, func(t *testing.T, dir string, files []layouttest.File) string {
		layouttest.Write(t, dir, []layouttest.File{{Path: "packed/data.tar", Data: layouttest.Tar(t, files)}})
		return filepath.Join(dir, "packed")
	}},
	{"store", []string{"store"}, stored},
	{"zip", []string{"zip"}, func(t *testing.T, dir string, files []layouttest.File) string {
		layouttest.Write(t, dir, []layouttest.File{{Path: "packed/data.zip", Data: layouttest.Zip(t, files)}})
		return filepath.Join(dir, "packed")
	}},
	{"zip in a store", []string{"zip"}, func(t *testing.T, dir string, files []layouttest.File) string {
		return stored(t, dir, []layouttest.File{{Path: "data.zip", Data: layouttest.Zip(t, files)}})
	}},
	{"tar in a store", []string{"tar", "peeked"}, func(t *testing.T, dir string, files []layouttest.File) string {
		return stored(t, dir, []layouttest.File{{Path: "data.tar", Data: layouttest.Tar(t, files)}})
	}},
}

// TestLayoutsElsewhere packs layouts of folders into a tar and puts them into a store, as files and as a
// tar: they are understood as on a disk.
func TestLayoutsElsewhere(t *testing.T) {
	for _, name := range layouttest.Tables() {
		for _, l := range layouttest.Load(t, name) {
			all := l.Files(t)
			dir := t.TempDir()
			layouttest.Write(t, dir, slices.DeleteFunc(slices.Clone(all), func(f layouttest.File) bool { return strings.Contains(f.Path, "/") && !l.Named(f.Path) }))
			for _, row := range l.Rows {
				for _, p := range places {
					files := inputOf(all, row, p)
					if files == nil {
						continue
					}
					uri := p.put(t, t.TempDir(), files)
					for _, format := range p.formats(files) {
						t.Run(fmt.Sprintf("%s in a %s %s", row, p.name, format), func(t *testing.T) {
							row := row
							if format != "" {
								row.Flags += " --in-format " + format
							}
							judge(t, row, dir, uri)
						})
					}
				}
			}
		}
	}
}

// inputOf are the files of a row's input; nil for rows that are about one place alone: names that only
// shards have, links, patterns, and formats that the user has said.
func inputOf(all []layouttest.File, row layouttest.Row, p place) (files []layouttest.File) {
	inTar := slices.Contains(p.not, "tar") || slices.Contains(p.not, "zip")
	if row.Gate || slices.ContainsFunc(row.Not, func(not string) bool { return slices.Contains(p.not, not) }) || inTar && strings.Contains(row.Flags, "--in-format") {
		return nil
	}
	for _, f := range all {
		rel, ok := strings.CutPrefix(f.Path, row.Path+"/")
		if !ok {
			continue
		}
		if f.Link != "" || inTar && (shardName(filepath.Base(rel)) || zipName(rel)) {
			return nil
		}
		f.Path = rel
		files = append(files, f)
	}
	return files
}

// stored puts files into a store in memory, which has no empty folders.
func stored(t *testing.T, dir string, files []layouttest.File) string {
	t.Helper()
	sum := DigestOf([]byte(dir))
	root := fmt.Sprintf("mem://layouts-%x/in", sum[:6])
	for _, f := range files {
		if f.Dir {
			continue
		}
		if err := blob.WriteFile(context.Background(), blob.Join(root, f.Path), f.Data); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// judge compares what Discover makes of an input with what is right for it.
func judge(t *testing.T, row layouttest.Row, dir, uri string) {
	t.Helper()
	o := optionsOf(t, row.Flags, dir)
	var cat *Catalog
	var err error
	if strings.HasPrefix(row.Path, HubScheme) {
		uri, err = HubFolder(t.Context(), row.Path)
	}
	if err == nil {
		cat, err = Discover(t.Context(), []Input{{URI: uri}}, o)
	}
	said := ""
	if err != nil {
		if _, usage := err.(*UsageError); !usage {
			t.Fatalf("an error of the environment: %v", err)
		}
		said = err.Error()
	} else {
		said = strings.Join(append(cat.Understood(), cat.Warnings...), "\n")
		if cat.OneClass != "" && !o.accepts(AcceptOneClass) {
			cat.Doubts = append(cat.Doubts, OneClassDoubt(cat.OneClass))
		}
		if err = cat.Doubtful(); err != nil {
			said = err.Error()
		}
	}
	if refused := err != nil; refused != (row.Outcome == "refused") {
		t.Fatalf("refused is %v: %s", refused, said)
	}
	if w := row.Unlike(said, uri); w != "" {
		t.Errorf("it does not say %s: %s", w, said)
	}
	if row.Outcome == "ok" && len(row.Words) == 0 && len(cat.Warnings) > 0 {
		t.Errorf("it warns of %q", cat.Warnings)
	}
	if err != nil {
		return
	}
	if n := len(cat.Failures); n > 0 && !strings.Contains(row.Flags, "--max-bad") {
		t.Errorf("%d failures, the first is %s: %s", n, cat.Failures[0].Name, cat.Failures[0].Reason)
	}
	compareClasses(t, row, cat, o)
}

// compareClasses reads all entries and compares their classes with those that are right.
func compareClasses(t *testing.T, row layouttest.Row, cat *Catalog, o Options) {
	t.Helper()
	type image struct{ name, class string }
	var good []image
	rows := entriesOf(t, cat, o)
	scanned, names := []string{}, false
	for _, r := range rows {
		switch {
		case cat.Classes != nil:
		case r.Class != "":
			scanned, names = append(scanned, r.Class), true
		default:
			for len(scanned) <= r.Label {
				scanned = append(scanned, strconv.Itoa(len(scanned)))
			}
		}
	}
	if names {
		slices.Sort(scanned)
		scanned = slices.Compact(scanned)
	}
	labels := cat.Labels(scanned)
	for _, r := range rows {
		i, err := labels.Of(&r)
		if err != nil {
			t.Errorf("%s: %v", r.Name, err)
		} else if i >= 0 {
			good = append(good, image{r.Name, labels.Target[i]})
		}
	}
	if got := labels.Target; len(got) != row.Classes || !slices.Equal(got[:min(len(got), len(row.First))], row.First) {
		t.Errorf("%d classes %q, right are %d %q", len(got), FirstNames(got), row.Classes, row.First)
	}
	if len(good) != row.Images {
		t.Errorf("%d images, right are %d", len(good), row.Images)
	}
	for _, e := range row.Example {
		found := false
		for _, g := range good {
			if strings.Contains(g.name, e[0]) {
				if found = true; g.class != e[1] {
					t.Errorf("%s is of class %q, right is %q", g.name, g.class, e[1])
				}
			}
		}
		if !found {
			t.Errorf("no image %s", e[0])
		}
	}
}

// entriesOf are the good images of all containers.
func entriesOf(t *testing.T, cat *Catalog, o Options) (list []premix.Sample) {
	t.Helper()
	for _, c := range cat.Containers {
		chunks, err := Split(t.Context(), c, o)
		for i := 0; i < len(chunks) && err == nil; i++ {
			err = Read(t.Context(), chunks[i], o, 0, func(e Entry) error {
				if e.Sample.Fault == nil && !e.Ignored {
					list = append(list, e.Sample)
				}
				return nil
			})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return list
}

// optionsOf are the options of the flags of a row.
func optionsOf(t *testing.T, flags, dir string) (o Options) {
	t.Helper()
	words := strings.Fields(flags)
	for i := 0; i+1 < len(words); i += 2 {
		value := words[i+1]
		var err error
		switch words[i] {
		case "--split":
			o.Split = value
		case "--in-format":
			o.Format = value
		case "--class-depth":
			if o.ClassDepth = tree.Leaf; value != "leaf" {
				o.ClassDepth, err = strconv.Atoi(value)
			}
		case "--class-order":
			o.ClassNumbers = value == "number"
		case "--label-offset":
			var n int
			n, err = strconv.Atoi(value)
			o.LabelOffset = &n
		case "--labels":
			o.Labels = []Input{{URI: filepath.Join(dir, value)}}
		case "--label-key":
			o.LabelKey = value
		case "--accept":
			o.Accept = strings.Split(value, ",")
		case "--classes":
			o.Classes, err = ParseClasses(readFileT(t, filepath.Join(dir, value)))
		case "--max-bad": // of the gate
		default:
			t.Fatalf("unknown flag %s", words[i])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return o
}
