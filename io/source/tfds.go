package source

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/premix/premix/io/blob"
)

var versionName = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+$`)

func tfdsName(base string) bool { return base == "features.json" || base == "dataset_info.json" }

// tfdsTree reports whether folders are all called after versions of a data set, or are those of data sets.
func tfdsTree(ctx context.Context, r root, dirs map[string]bool) (bool, error) {
	versions := len(dirs) > 0
	for d := range dirs {
		versions = versions && versionName.MatchString(d)
	}
	if versions {
		return true, nil
	}
	sets, err := tfdsSets(ctx, r)
	return len(sets) > 0, err
}

// A tfdsFeature is a node of features.json, in the present form (featuresDict) or the old one
// (type and content).
type tfdsFeature struct {
	Class string `json:"pythonClassName"`
	Dict  *struct {
		Features map[string]tfdsFeature `json:"features"`
	} `json:"featuresDict"`
	Label *struct {
		Count json.RawMessage `json:"numClasses"`
	} `json:"classLabel"`

	Type    string          `json:"type"`
	Content json.RawMessage `json:"content"`
}

// features are the top features by name.
func (f tfdsFeature) features() map[string]tfdsFeature {
	if f.Dict != nil {
		return f.Dict.Features
	}
	var old map[string]tfdsFeature
	if json.Unmarshal(f.content(), &old) != nil {
		return nil
	}
	return old
}

// content is the content of the old form, which may be in a string.
func (f tfdsFeature) content() []byte {
	var text string
	if json.Unmarshal(f.Content, &text) == nil {
		return []byte(text)
	}
	return f.Content
}

// is reports whether a feature is of a Python class, by its last word.
func (f tfdsFeature) is(class string) bool {
	name := f.Class + f.Type
	return name[strings.LastIndexByte(name, '.')+1:] == class
}

// tfdsInfo is what premix reads of dataset_info.json.
type tfdsInfo struct {
	Name       string `json:"name"`
	FileFormat string `json:"fileFormat"`
	Splits     []struct {
		Name     string            `json:"name"`
		Template string            `json:"filepathTemplate"`
		Lengths  []json.RawMessage `json:"shardLengths"`
	} `json:"splits"`
	Supervised struct {
		Output string `json:"output"`
		Tuple  struct {
			Items []struct {
				Key string `json:"featureKey"`
			} `json:"items"`
		} `json:"tuple"`
	} `json:"supervisedKeys"`
}

const tfdsTemplate = "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}"

// discoverTFDS reads a folder that TensorFlow Datasets has prepared: features.json says what the
// features are, dataset_info.json what the splits and shards are.
func discoverTFDS(ctx context.Context, r root, o Options, d *discovery) error {
	r, err := tfdsVersion(ctx, r)
	if err != nil {
		return err
	}
	var features tfdsFeature
	var info tfdsInfo
	for name, v := range map[string]any{"features.json": &features, "dataset_info.json": &info} {
		found, err := readJSON(ctx, blob.Join(r.uri, name), v)
		if err != nil {
			return err
		}
		if !found {
			return usagef("--in %s is not a folder of TFDS: it has no %s", r.in.URI, name)
		}
	}
	if !slices.Contains([]string{"", "tfrecord", "array_record"}, info.FileFormat) {
		return usagef("--in %s: the file format %s is not supported: prepare the data set with tfds build --file_format=tfrecord, or array_record", r.in.URI, info.FileFormat)
	}
	shards, lengths, err := tfdsShards(r, o, info, d)
	if err != nil {
		return err
	}
	if err := addRecords(ctx, r, shards, d); err != nil {
		return err
	}
	keys, classes, err := tfdsKeys(r, o, features, info)
	if err != nil {
		return err
	}
	for i := range shards {
		c := &d.Containers[i]
		c.Samples, c.CountedBy, c.Record = lengths[i], "dataset_info.json", keys
	}
	d.Classes, err = classesBeside(ctx, r.uri, keys.Label+".labels.txt")
	if d.Classes == nil && err == nil {
		for i := range classes {
			d.Classes = append(d.Classes, strconv.Itoa(i)) // as TFDS names them
		}
	}
	return err
}

// tfdsSets returns the folders of a root if each is that of a data set, with a folder of a version: the
// root is a data_dir of TFDS, as its own ~/tensorflow_datasets, or an output of premix.
func tfdsSets(ctx context.Context, r root) ([]blob.Object, error) {
	var sets []blob.Object
	for _, e := range r.objects {
		base := blob.Base(e.URI)
		if r.picked || !e.Dir || junkName(base) || base == "downloads" {
			continue
		}
		version := ""
		for o, err := range blob.Walk(ctx, e.URI) { // the first file says it: a class folder may have a million
			if err != nil {
				return nil, fmt.Errorf("source: %w", err)
			}
			version, _, _ = strings.Cut(strings.TrimPrefix(strings.TrimPrefix(o.URI, e.URI), "/"), "/")
			break
		}
		if version == "" {
			continue // an empty folder
		}
		if !versionName.MatchString(version) {
			return nil, nil
		}
		list, err := blob.List(ctx, blob.Join(e.URI, version))
		if err != nil {
			return nil, fmt.Errorf("source: %w", err)
		}
		if !slices.ContainsFunc(list, func(o blob.Object) bool { return tfdsName(blob.Base(o.URI)) }) {
			return nil, nil // a version of something else
		}
		sets = append(sets, e)
	}
	return sets, nil
}

// tfdsVersion goes from the folder of the only data set, or of a data set, to that of its only version.
func tfdsVersion(ctx context.Context, r root) (root, error) {
	sets, err := tfdsSets(ctx, r)
	switch {
	case err != nil:
		return r, err
	case len(sets) > 1:
		return r, usagef("--in %s has several data sets: give one of them, such as %s", r.in.URI, sets[0].URI)
	case len(sets) == 1:
		if r, err = r.into(ctx, sets[0].URI); err != nil {
			return r, err
		}
	}
	var versions []blob.Object
	for _, e := range r.objects {
		if r.picked {
			break
		}
		if base := blob.Base(e.URI); e.Dir && versionName.MatchString(base) {
			versions = append(versions, e)
		} else if tfdsName(base) {
			return r, nil
		}
	}
	switch {
	case len(versions) == 0:
		return r, usagef("--in %s is not a folder of TFDS: give the folder NAME/VERSION that holds features.json", r.in.URI)
	case len(versions) > 1:
		return r, usagef("--in %s has several versions: give one of them, such as %s", r.in.URI, versions[len(versions)-1].URI)
	}
	return r.into(ctx, versions[0].URI)
}

// tfdsShards lists the shards of the wanted split, in order, and their lengths.
func tfdsShards(r root, o Options, info tfdsInfo, d *discovery) ([]blob.Object, []int64, error) {
	_, files := r.split(d)
	there := map[string]blob.Object{}
	for _, f := range files {
		there[r.rel(f)] = f
		if !recordFileName(r.rel(f)) {
			d.ignore(escape(r.name(r.rel(f))))
		}
	}
	var names []string
	for _, s := range info.Splits {
		names = append(names, s.Name)
	}
	chosen := o.splitOf(names)
	if chosen == "" {
		return nil, nil, usagef("--in %s has the splits %s: --split %s takes one of them", r.in.URI, strings.Join(names, ", "), o.split())
	}
	split := info.Splits[slices.Index(names, chosen)]
	template := split.Template
	if template == "" {
		template = tfdsTemplate
	}
	var shards []blob.Object
	var lengths []int64
	var missing []string
	for i, raw := range split.Lengths {
		n, err := strconv.ParseInt(strings.Trim(string(raw), `"`), 10, 64)
		if err != nil || n < 0 {
			return nil, nil, usagef("--in %s: dataset_info.json has the shard length %s", r.in.URI, shorten(string(raw)))
		}
		index, count := fmt.Sprintf("%05d", i), fmt.Sprintf("%05d", len(split.Lengths))
		name := strings.NewReplacer("{DATASET}", info.Name, "{SPLIT}", split.Name, "{FILEFORMAT}", cmp.Or(info.FileFormat, "tfrecord"),
			"{SHARD_X_OF_Y}", index+"-of-"+count, "{SHARD_INDEX}", index, "{NUM_SHARDS}", count).Replace(template)
		f, ok := there[name]
		if !ok {
			missing = append(missing, name)
			continue
		}
		shards, lengths = append(shards, f), append(lengths, n)
	}
	d.missing(o, missing, len(missing), len(split.Lengths), "dataset_info.json")
	if len(shards) == 0 && len(missing) > 0 {
		return nil, nil, usagef("--in %s: dataset_info.json lists %d shards of the split %s, and none of them exists: %s", r.in.URI, len(missing), split.Name, FirstNames(missing))
	}
	if len(shards) == 0 {
		return nil, nil, usagef("--in %s: dataset_info.json lists no shards of the split %s", r.in.URI, split.Name)
	}
	return shards, lengths, nil
}

// tfdsKeys finds the features of the image and of the label, and the number of classes.
func tfdsKeys(r root, o Options, top tfdsFeature, info tfdsInfo) (*recordKeys, int, error) {
	features := top.features()
	var images, labels []string
	for name, f := range features {
		switch {
		case f.is("Image"):
			images = append(images, name)
		case f.is("ClassLabel"):
			labels = append(labels, name)
		}
	}
	slices.Sort(images)
	slices.Sort(labels)
	image := preferredKey(images, "image")
	output := info.Supervised.Output
	if items := info.Supervised.Tuple.Items; len(items) == 2 {
		output = items[1].Key
	}
	label := o.LabelKey
	if label == "" {
		label = preferredKey(labels, "label", output)
	}
	if _, ok := features[label]; !ok {
		label = ""
	}
	if image == "" || label == "" {
		return nil, 0, usagef("--in %s: features.json has the images %v and the class labels %v: name the label with --label-key", r.in.URI, images, labels)
	}
	k := &recordKeys{Image: image, Label: label, Offset: o.labels().Offset}
	count, err := classCount(features[label])
	if err != nil {
		return k, 0, usagef("--in %s: features.json: %v", r.in.URI, err)
	}
	return k, count, nil
}

// classCount is the number of classes that a feature states; 0 if it states none.
func classCount(f tfdsFeature) (int, error) {
	var old struct {
		Count json.RawMessage `json:"num_classes"`
	}
	if f.Label != nil {
		old.Count = f.Label.Count
	} else if json.Unmarshal(f.content(), &old) != nil {
		return 0, nil
	}
	text := strings.Trim(string(old.Count), `"`)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 1<<24 {
		return 0, errors.New("numClasses is " + shorten(text))
	}
	return n, nil
}

// preferredKey chooses the first preferred name that is in the list, or its only element.
func preferredKey(list []string, preferred ...string) string {
	for _, p := range preferred {
		if slices.Contains(list, p) {
			return p
		}
	}
	if len(list) == 1 {
		return list[0]
	}
	return ""
}
