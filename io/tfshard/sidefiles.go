package tfshard

import (
	"encoding/json"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/premix/premix/io/shard"
)

// object is a JSON object; encoding/json sorts its keys.
type object map[string]any

const pyFeatures = "tensorflow_datasets.core.features."

func feature(class, kind string, body object) object {
	return object{"pythonClassName": pyFeatures + class, kind: body}
}

func dimensions(n ...int) object {
	if len(n) == 0 {
		return object{}
	}
	dims := make([]string, len(n))
	for i, d := range n {
		dims[i] = strconv.Itoa(d)
	}
	return object{"dimensions": dims}
}

func scalar(dtype string) object {
	return feature("scalar.Scalar", "tensor", object{"shape": dimensions(), "dtype": dtype, "encoding": "none"})
}

func vector(dtype string, n int) object {
	return feature("tensor_feature.Tensor", "tensor", object{"shape": dimensions(n), "dtype": dtype, "encoding": "none"})
}

// features is features.json: feature.proto of TFDS as JSON.
func features(s *shard.Spec) object {
	text := feature("text_feature.Text", "text", object{})
	class := feature("class_label_feature.ClassLabel", "classLabel", object{"numClasses": strconv.Itoa(len(s.Classes))})
	height, width := -1, -1
	if s.Size.H > 0 && s.Size.W > 0 {
		height, width = s.Size.H, s.Size.W
	}
	encoding := "jpeg"
	if s.ImageFormat == "png" {
		encoding = "png"
	}
	f := object{
		"image": feature("image_feature.Image", "image", object{
			"shape": dimensions(height, width, 3), "dtype": "uint8", "encodingFormat": encoding,
		}),
		"label": class, "label_a": class, "label_b": class,
		"lam": scalar("float32"), "lam_drawn": scalar("float32"),
		"box": vector("int64", 4), "src_box": vector("int64", 4), "peak": vector("int64", 2),
		"flat": scalar("bool"), "mixed": scalar("bool"), "replica": scalar("int64"),
		"key": text, "file_name": text, "method": text, "target": text, "source": text,
	}
	if s.Dense() {
		f["soft_label"] = vector("float32", len(s.Classes))
	}
	return object{
		"pythonClassName": pyFeatures + "features_dict.FeaturesDict",
		"featuresDict":    object{"features": f},
	}
}

// datasetInfo is dataset_info.json: dataset_info.proto of TFDS as JSON, where unknown fields are
// an error and integers of 64 bits are strings.
func datasetInfo(sets []shard.Set, fileFormat string) (object, error) {
	s := &sets[0].Spec
	var splits []object
	for _, set := range sets {
		if int64(len(set.Shards)) != set.Spec.Shards {
			return nil, fmt.Errorf("tfds: split %s lists %d of its %d shards", set.Spec.SplitName("_"), len(set.Shards), set.Spec.Shards)
		}
		lengths := []string{}
		var size int64
		for _, sh := range set.Shards {
			lengths = append(lengths, strconv.FormatInt(sh.Samples, 10))
			size += sh.PayloadBytes
		}
		splits = append(splits, object{
			"name":             set.Spec.SplitName("_"),
			"filepathTemplate": "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}",
			"shardLengths":     lengths,
			"numBytes":         strconv.FormatInt(size, 10),
		})
	}
	target := "label"
	if s.Dense() {
		target = "soft_label"
	}
	return object{
		"name": s.Name, "version": version, "fileFormat": fileFormat,
		"description":      "Images mixed in advance by premix: lam is the weight of label_a, 1 - lam that of label_b.",
		"releaseNotes":     object{version: "Written by premix."},
		"disableShuffling": false,
		"supervisedKeys":   object{"tuple": object{"items": []object{{"featureKey": "image"}, {"featureKey": target}}}},
		"splits":           splits,
	}, nil
}

// SideFiles returns the metadata of the folder: features.json, dataset_info.json with the exact
// length of each shard, and the class names of label, label_a and label_b. Label form and image
// format must be those of all splits.
func (f TFDS) SideFiles(sets []shard.Set) ([]shard.File, error) {
	return tfds.sideFiles(sets, "tfrecord")
}

func (p *profile) sideFiles(sets []shard.Set, fileFormat string) ([]shard.File, error) {
	sets, err := shard.Merge(sets)
	if err != nil || len(sets) == 0 {
		return nil, err
	}
	if err := shard.SameForm(sets); err != nil {
		return nil, err
	}
	s := &sets[0].Spec
	if err := p.checkTFDS(*s); err != nil {
		return nil, err
	}
	info, err := datasetInfo(sets, fileFormat)
	if err != nil {
		return nil, err
	}
	dir := path.Join(s.Name, version)
	names := []byte(strings.Join(s.Classes, "\n") + "\n")
	files := []shard.File{}
	for _, v := range []struct {
		name string
		data any
	}{{"dataset_info.json", info}, {"features.json", features(s)}} {
		data, err := json.MarshalIndent(v.data, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", p.name, v.name, err)
		}
		files = append(files, shard.FileOf(path.Join(dir, v.name), append(data, '\n')))
	}
	for _, label := range []string{"label", "label_a", "label_b"} {
		files = append(files, shard.FileOf(path.Join(dir, label+".labels.txt"), names))
	}
	return files, nil
}
