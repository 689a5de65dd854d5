package hfparquet

import (
	"strings"

	"github.com/parquet-go/parquet-go"
)

// An Image is a row of any Parquet file of images. Bytes is valid until the callback returns.
type Image struct {
	Bytes   []byte
	Path    string // empty if there is none
	Label   int    // −1 if it is null
	NoLabel bool   // it is null
	Class   string // the label, where its column is one of texts
}

// ImageColumn returns the column that holds images: image or img, if it is there, or else the
// only one with the leafs bytes and path. It is empty if there is none.
func (f *File) ImageColumn() string {
	for _, name := range []string{"image", "img"} {
		if f.imageLeafs(name) != nil {
			return name
		}
	}
	found := ""
	for name := range f.leafs {
		if leafs := f.imageLeafs(name); len(leafs) == 2 {
			if found != "" {
				return ""
			}
			found = name
		}
	}
	return found
}

// imageLeafs returns the leaf of the bytes of a column, and that of the path, if there is one.
func (f *File) imageLeafs(column string) []int {
	var bytes, path = -1, -1
	for _, leaf := range f.leafs[column] {
		switch strings.Join(f.paths[leaf][1:], ".") {
		case "", "bytes":
			bytes = leaf
		case "path":
			path = leaf
		}
	}
	switch {
	case bytes < 0:
		return nil
	case path < 0:
		return []int{bytes}
	}
	return []int{bytes, path}
}

// Images calls yield for each row of a group, with the image of one column and the label of
// another, which must be an integer or a text. An empty label column gives −1. An error of yield is
// returned as it is; others wrap [ErrFormat] or are errors of the medium. Memory is bounded by the
// size of the row group.
func (f *File) Images(group int, image, label string, yield func(Image) error) error {
	leafs := f.imageLeafs(image)
	if leafs == nil {
		return formatError("there is no column %s of images", image)
	}
	hasPath := len(leafs) == 2
	if label != "" {
		if len(f.leafs[label]) != 1 || len(f.paths[f.leafs[label][0]]) != 1 {
			return formatError("there is no column %s of labels", label)
		}
		leafs = append(leafs, f.leafs[label][0])
	}
	return eachRow(f, group, leafs, func(cursors []*cursor) (Image, error) {
		return nextImage(cursors, hasPath, label != "")
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

func nextImage(cursors []*cursor, hasPath, hasLabel bool) (Image, error) {
	img := Image{Label: -1}
	bytes, err := cursors[0].one()
	if err == nil && !bytes.IsNull() {
		img.Bytes, err = blob(bytes)
	}
	if err == nil && hasPath {
		var path parquet.Value
		if path, err = cursors[1].one(); err == nil && !path.IsNull() {
			var text []byte
			text, err = blob(path)
			img.Path = string(text)
		}
	}
	if err == nil && hasLabel {
		var label parquet.Value
		if label, err = cursors[len(cursors)-1].one(); err == nil {
			if img.NoLabel = label.IsNull(); !img.NoLabel {
				err = img.setLabel(label)
			}
		}
	}
	return img, err
}
