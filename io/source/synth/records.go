package synth

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/tfexample"
	"github.com/premix/premix/io/tfrecord"
)

// A recordShard is a TFRecord file in the profile of TF-slim or of TFDS.
type recordShard struct {
	w    *tfrecord.Writer
	tfds bool
	ex   tfexample.Encoder
	buf  []byte
}

func (s *recordShard) add(i int64, data []byte) error {
	class := classOf(i)
	s.ex.Reset()
	if s.tfds {
		s.ex.Bytes("image", data)
		s.ex.Text("file_name", Name(i))
		s.ex.Ints("label", int64(class))
	} else {
		format := "JPEG"
		if imaging.Sniff(data) == imaging.PNG {
			format = "PNG"
		}
		s.ex.Bytes("image/encoded", data)
		s.ex.Text("image/format", format)
		s.ex.Text("image/filename", Name(i))
		s.ex.Ints("image/class/label", int64(class)+1) // its custom
		s.ex.Text("image/class/synset", kinds[class].name)
	}
	s.buf = s.ex.Append(s.buf[:0])
	return s.w.Write(s.buf)
}

func (s *recordShard) finish() error { return s.w.Close() }

// writeTFRecord writes train-00000-of-00004, … with the features of TF-slim, and classes.txt.
func writeTFRecord(ctx context.Context, dirURI string, n int64) error {
	if err := writeList(ctx, blob.Join(dirURI, "classes.txt")); err != nil {
		return err
	}
	path := func(number int64) string {
		return blob.Join(dirURI, fmt.Sprintf("train-%05d-of-%05d", number, shardCount(n)))
	}
	return inShards(ctx, n, path, func(w io.Writer) shard { return &recordShard{w: tfrecord.NewWriter(w)} })
}

// writeTFDS writes a folder that tfds.builder_from_directory opens.
func writeTFDS(ctx context.Context, dirURI string, n int64) error {
	type object = map[string]any
	const module = "tensorflow_datasets.core.features."
	features := object{
		"pythonClassName": module + "features_dict.FeaturesDict",
		"featuresDict": object{"features": object{
			"image":     object{"pythonClassName": module + "image_feature.Image", "image": object{"dtype": "uint8", "shape": object{"dimensions": []string{"-1", "-1", "3"}}}},
			"label":     object{"pythonClassName": module + "class_label_feature.ClassLabel", "classLabel": object{"numClasses": fmt.Sprint(len(kinds))}},
			"file_name": object{"pythonClassName": module + "text_feature.Text", "text": object{}},
		}},
	}
	var lengths []string
	for left := n; left > 0; left -= perShard {
		lengths = append(lengths, fmt.Sprint(min(left, perShard)))
	}
	info := object{
		"name": "synth", "version": "1.0.0", "fileFormat": "tfrecord",
		"splits": []object{{"name": "train", "filepathTemplate": "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}", "shardLengths": lengths}},
	}
	for name, v := range map[string]any{"features.json": features, "dataset_info.json": info} {
		data, err := json.MarshalIndent(v, "", " ")
		if err != nil {
			return err
		}
		if err := blob.WriteFile(ctx, blob.Join(dirURI, name), data); err != nil {
			return err
		}
	}
	if err := writeList(ctx, blob.Join(dirURI, "label.labels.txt")); err != nil {
		return err
	}
	path := func(number int64) string {
		return blob.Join(dirURI, fmt.Sprintf("synth-train.tfrecord-%05d-of-%05d", number, shardCount(n)))
	}
	return inShards(ctx, n, path, func(w io.Writer) shard { return &recordShard{w: tfrecord.NewWriter(w), tfds: true} })
}

// A row is one of a Parquet file as Hugging Face datasets writes it: all columns are optional,
// as datasets takes the features of its metadata only then.
type row struct {
	Image *image `parquet:"image,optional"`
	Label *int64 `parquet:"label,optional"`
}

type image struct {
	Bytes []byte `parquet:"bytes,optional"`
	Path  string `parquet:"path,optional"`
}

type parquetShard struct {
	w    *parquet.GenericWriter[row]
	rows []row
}

func (s *parquetShard) add(i int64, data []byte) error {
	label := int64(classOf(i))
	s.rows = append(s.rows, row{&image{bytes.Clone(data), Name(i)}, &label})
	if len(s.rows) < 100 {
		return nil
	}
	return s.flush()
}

// flush writes a row group.
func (s *parquetShard) flush() error {
	if _, err := s.w.Write(s.rows); err != nil {
		return err
	}
	s.rows = s.rows[:0]
	return s.w.Flush()
}

func (s *parquetShard) finish() error {
	if len(s.rows) > 0 {
		if err := s.flush(); err != nil {
			return err
		}
	}
	return s.w.Close()
}

// writeParquet writes data/train-00000-of-00004.parquet, …
func writeParquet(ctx context.Context, dirURI string, n int64) error {
	type object = map[string]any
	meta, err := json.Marshal(object{"info": object{"features": object{
		"image": object{"_type": "Image"},
		"label": object{"names": Classes(), "_type": "ClassLabel"},
	}}})
	if err != nil {
		return err
	}
	path := func(number int64) string {
		return blob.Join(dirURI, "data", fmt.Sprintf("train-%05d-of-%05d.parquet", number, shardCount(n)))
	}
	return inShards(ctx, n, path, func(w io.Writer) shard {
		return &parquetShard{w: parquet.NewGenericWriter[row](w, parquet.KeyValueMetadata("huggingface", string(meta)), parquet.CreatedBy("premix", "synth", ""))}
	})
}
