package hfparquet

import (
	"errors"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// An Image is a row of any Parquet file of images. Bytes is valid until the callback returns.
type Image struct {
	Bytes   []byte
	Path    string // where Bytes is empty, if there is one that can be read
	Label   int    // −1 if it is null
	NoLabel bool   // it is null
	Class   string // the label, where its column is one of texts
}

// ImageColumn returns the column that holds images: image or img, if it is there, or else the
// only one with the leafs bytes and path, or else content, where Spark puts whole files. It is empty if
// there is none.
func (f *File) ImageColumn() string {
	for _, name := range []string{"image", "img"} {
		if bytes, _ := f.imageLeafs(name); bytes >= 0 {
			return name
		}
	}
	found := ""
	for name := range f.leafs {
		if bytes, path := f.imageLeafs(name); bytes >= 0 && path >= 0 {
			if found != "" {
				return ""
			}
			found = name
		}
	}
	if l, ok := f.f.Schema().Lookup("content"); found == "" && ok && f.Texts("content") && l.Node.Type().LogicalType() == nil {
		return "content" // bytes and no text
	}
	return found
}

// Pixels returns the column that holds pixels and no files, as Spark's data source of images makes it;
// empty if there is none.
func (f *File) Pixels() string {
	for name := range f.leafs {
		if _, ok := f.f.Schema().Lookup(name, "data"); ok {
			if _, ok := f.f.Schema().Lookup(name, "nChannels"); ok {
				return name
			}
		}
	}
	return ""
}

// imageLeafs returns the leaf of the bytes of a column, and that of the path; −1 if there is none.
func (f *File) imageLeafs(column string) (bytes, path int) {
	bytes, path = -1, -1
	for _, leaf := range f.leafs[column] {
		l, ok := f.f.Schema().Lookup(f.paths[leaf]...)
		if !ok || l.MaxRepetitionLevel > 0 {
			continue
		}
		kind := l.Node.Type().Kind()
		if kind != parquet.ByteArray && kind != parquet.FixedLenByteArray {
			continue
		}
		switch strings.Join(f.paths[leaf][1:], ".") {
		case "", "bytes":
			bytes = leaf
		case "path":
			path = leaf
		}
	}
	return bytes, path
}

// imageAndLabel returns the leafs of images and labels; the second is −1 if no labels are asked for.
func (f *File) imageAndLabel(image, label string) (bytes, labels int, err error) {
	bytes, _ = f.imageLeafs(image)
	if bytes < 0 {
		return 0, 0, unsupportedError("there is no column %s of images, in bytes", image)
	}
	if label == "" {
		return bytes, -1, nil
	}
	if !f.Has(label) {
		return 0, 0, unsupportedError("there is no column %s of labels", label)
	}
	if integers, kind := f.Integers(label); !integers && !f.Texts(label) {
		return 0, 0, unsupportedError("column %s is %s, and labels are integers or texts", label, kind)
	}
	return bytes, f.leafs[label][0], nil
}

// Refused says what the footer shows that keeps [File.Images] from reading a row group; nil if nothing
// does. It wraps [ErrUnsupported].
func (f *File) Refused(group int, image, label string) error {
	bytes, labels, err := f.imageAndLabel(image, label)
	if err == nil {
		err = f.unsupported(group, bytes)
	}
	if err == nil && labels >= 0 {
		err = f.unsupported(group, labels)
	}
	return err
}

// Size is how many bytes the images of a group take in the file.
func (f *File) Size(group int, image string) int64 {
	bytes, _ := f.imageLeafs(image)
	if bytes < 0 {
		return 0
	}
	return f.f.Metadata().RowGroups[group].Columns[bytes].MetaData.TotalCompressedSize
}

// Images calls yield for each row of a group, with the image of one column and the label of
// another, which must be an integer or a text. An empty label column gives −1. Other columns are not
// read, but for the path of an image that is not there. An error of yield is returned as it is; others
// wrap [ErrFormat] or are errors of the medium. Memory is bounded by the size of the row group.
func (f *File) Images(group int, image, label string, yield func(Image) error) error {
	bytes, labels, err := f.imageAndLabel(image, label)
	if err != nil {
		return err
	}
	leafs := []int{bytes}
	if labels >= 0 {
		leafs = append(leafs, labels)
	}
	_, path := f.imageLeafs(image)
	paths := lateTexts{f: f, group: group, leaf: path}
	defer paths.close()
	row := int64(0)
	return eachRow(f, group, leafs, func(cursors []*cursor) (Image, error) {
		img, err := nextImage(cursors)
		if err == nil && len(img.Bytes) == 0 {
			img.Path, err = paths.at(row)
		}
		row++
		return img, err
	}, yield)
}

// setLabel takes a number or a text.
func (img *Image) setLabel(label parquet.Value) (err error) {
	if label.Kind() != parquet.ByteArray {
		img.Label, err = integer(label)
		return err
	}
	text, err := blob(label)
	img.Class = string(text)
	return err
}

func nextImage(cursors []*cursor) (Image, error) {
	img := Image{Label: -1}
	bytes, err := cursors[0].one()
	if err == nil && !bytes.IsNull() {
		img.Bytes, err = blob(bytes)
	}
	if err == nil && len(cursors) > 1 {
		var label parquet.Value
		if label, err = cursors[1].one(); err == nil {
			if img.NoLabel = label.IsNull(); !img.NoLabel {
				err = img.setLabel(label)
			}
		}
	}
	return img, err
}

// lateTexts is a column of texts that is opened where a value of it is wanted.
type lateTexts struct {
	f       *File
	group   int
	leaf    int // −1: there is none
	next    int64
	cursors []*cursor
	broken  bool
}

// at returns the text of a row; rows ascend. What cannot be read is empty: only errors of the medium
// are returned.
func (t *lateTexts) at(row int64) (text string, err error) {
	if t.leaf < 0 || t.broken {
		return "", nil
	}
	err = caught(func() (err error) {
		if t.cursors == nil {
			own := *t.f // with a buffer of its own
			own.buf = nil
			if t.cursors, err = own.open(t.group, []int{t.leaf}); err != nil {
				return err
			}
		}
		var v parquet.Value
		for ; t.next <= row && err == nil; t.next++ {
			v, err = t.cursors[0].one()
		}
		if err == nil && !v.IsNull() {
			text = string(v.ByteArray())
		}
		return err
	})
	if err == nil {
		return text, nil
	}
	t.broken = true
	if err = t.f.explain(err); errors.Is(err, ErrFormat) {
		err = nil
	}
	return "", err
}

func (t *lateTexts) close() { closeAll(t.cursors) }
