package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/shard"
)

// A Shape describes the shards of a split, but not their contents.
type Shape struct {
	Name        string    `json:"name"`
	Split       string    `json:"split"`
	Format      string    `json:"format"`
	LabelForm   string    `json:"label_form"`
	ImageFormat string    `json:"image_format"`
	Size        [2]int    `json:"size"`   // height, width
	Shards      int64     `json:"shards"` // of each replica
	Classes     ClassList `json:"classes"`
}

// check refuses a shape that no run writes: a shape decides names of files and sizes of allocations.
func (s *Shape) check(split string) error {
	switch {
	case s.Split != split:
		return fmt.Errorf("it is of the split %q", s.Split)
	case !nameForm.MatchString(s.Name) || !nameForm.MatchString(s.Split):
		return fmt.Errorf("name %q and split %q are none", s.Name, s.Split)
	case s.Shards < 0 || s.Shards > maxShards:
		return fmt.Errorf("%d shards", s.Shards)
	case min(s.Size[0], s.Size[1]) < 1 || max(s.Size[0], s.Size[1]) > maxSide:
		return fmt.Errorf("size %d×%d", s.Size[0], s.Size[1])
	case s.Classes.Count < 0 || s.Classes.Count > maxClassCount:
		return fmt.Errorf("%d classes", s.Classes.Count)
	}
	return nil
}

var nameForm = regexp.MustCompile(`^[a-z0-9_]+$`)

// Limits of a shape. maxClassCount is far above the number of classes of any data set.
const (
	maxClassCount = 1 << 24
	maxShards     = 1 << 31
	maxSide       = 1 << 16
)

// A ClassList identifies a list of class names.
type ClassList struct {
	Count  int    `json:"count"`
	SHA256 string `json:"sha256"` // of classes.txt
}

// ShapeOf returns the shape of shards of this format and spec.
func ShapeOf(format shard.Format, spec shard.Spec) Shape {
	sum := sha256.Sum256(classesText(spec.Classes))
	return Shape{
		Name: spec.Name, Split: spec.Split, Format: format.Name(), LabelForm: spec.LabelForm,
		ImageFormat: spec.ImageFormat, Size: [2]int{spec.Size.H, spec.Size.W}, Shards: spec.Shards,
		Classes: ClassList{len(spec.Classes), hex.EncodeToString(sum[:])},
	}
}

// Spec returns the shape as the formats take it, for names without a replica.
func (s *Shape) Spec(classes []string) shard.Spec {
	return shard.Spec{Name: s.Name, Split: s.Split, Replica: -1, Shards: s.Shards, Classes: classes,
		LabelForm: s.LabelForm, ImageFormat: s.ImageFormat,
		Size: premix.Size{H: s.Size[0], W: s.Size[1]}}
}

// A Config is the content of config.json. It is written before the first shard, so that an
// interrupted run can be resumed, or refused with a reason.
type Config struct {
	Schema      int             `json:"schema"`
	Fingerprint string          `json:"fingerprint"`
	Shape       Shape           `json:"output"`
	Recipe      json.RawMessage `json:"recipe"`
}

// SaveConfig writes config.json and classes.txt of a split.
func SaveConfig(ctx context.Context, out string, format shard.Format, spec shard.Spec, fingerprint string, recipe json.RawMessage) error {
	return saveConfig(ctx, out, format, spec, fingerprint, recipe, func(string) {})
}

func saveConfig(ctx context.Context, out string, format shard.Format, spec shard.Spec, fingerprint string, recipe json.RawMessage, wrote func(path string)) error {
	data, err := Encode(Config{Schema, fingerprint, ShapeOf(format, spec), recipe})
	if err != nil {
		return err
	}
	if err := writeMeta(ctx, out, spec.Split, ClassesFile, shard.FileOf("", classesText(spec.Classes)).Write, wrote); err != nil {
		return err
	}
	return writeMeta(ctx, out, spec.Split, ConfigFile, shard.FileOf("", data).Write, wrote)
}

// writeMeta writes a file of a split unless it has this content already, and calls wrote if it wrote.
func writeMeta(ctx context.Context, out, split, name string, content func(w io.Writer) error, wrote func(path string)) error {
	did, err := writeChanged(ctx, Meta(out, split, name), content)
	if did {
		wrote(path.Join(MetaDir, split, name))
	}
	return err
}

// LoadConfig reads config.json of a split. The error is fs.ErrNotExist if there is none.
func LoadConfig(ctx context.Context, out, split string) (*Config, error) {
	var c Config
	uri := Meta(out, split, ConfigFile)
	if err := readJSON(ctx, uri, maxRecord, &c, &c.Schema); err != nil {
		return nil, err
	}
	if err := c.Shape.check(split); err != nil {
		return nil, fmt.Errorf("dataset: %s: %w", uri, err)
	}
	return &c, nil
}

// HeldConfig is [LoadConfig], but takes what a manifest says where config.json is missing or damaged.
// The error is that of config.json.
func HeldConfig(ctx context.Context, out, split string) (*Config, error) {
	c, err := LoadConfig(ctx, out, split)
	if err == nil || !errors.Is(err, fs.ErrNotExist) && !Damaged(err) {
		return c, err
	}
	m, other := LoadManifest(ctx, out, split)
	if other != nil && !errors.Is(other, fs.ErrNotExist) && !Damaged(other) {
		return nil, other
	}
	if other != nil || !m.Whole() {
		return nil, err
	}
	return &Config{Schema, m.Fingerprint, m.Shape, m.Recipe}, nil
}

// Recorded returns the fingerprint that all readable records of a split have, and how many they are. It is
// empty if there is none, or if they have several. They say whose shards there are where config.json is
// lost.
func Recorded(ctx context.Context, out, split string) (fingerprint string, records int, err error) {
	list, _, err := readRecords(ctx, out, split)
	if err != nil {
		return "", 0, err
	}
	for i := range list {
		if list[i].Fingerprint != list[0].Fingerprint {
			return "", len(list), nil
		}
		fingerprint = list[0].Fingerprint
	}
	return fingerprint, len(list), nil
}

// LoadClasses reads the class names of a split. The error is fs.ErrNotExist if there are none.
func LoadClasses(ctx context.Context, out, split string) ([]string, error) {
	data, err := blob.ReadAll(ctx, Meta(out, split, ClassesFile), maxClasses)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	if len(data) == 0 {
		return nil, nil
	}
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n"), nil
}

// classesText is classes.txt: a name a line.
func classesText(classes []string) []byte {
	var b strings.Builder
	for _, c := range classes {
		b.WriteString(c)
		b.WriteByte('\n')
	}
	return []byte(b.String())
}
