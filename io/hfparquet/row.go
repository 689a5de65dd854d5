package hfparquet

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/premix/premix/io/shard"
)

// A column is one of a record's: its type in Parquet, and in the features of datasets.
type column struct {
	name    string
	node    parquet.Node
	feature func(class string) string
}

// columns are those of a record in the order of the file. All are optional, as Arrow's own writer
// makes them: datasets takes the features of the metadata only for columns that can be null.
func columns(dense bool) []column {
	leaf := func(t parquet.Type) parquet.Node { return parquet.Leaf(t) }
	value := func(name string, t parquet.Node, dtype string) column {
		return column{name, parquet.Optional(t), func(string) string { return valueFeature(dtype) }}
	}
	class := func(name string) column {
		return column{name, parquet.Optional(leaf(parquet.Int64Type)), func(class string) string { return class }}
	}
	list := func(name string, t parquet.Node, dtype string) column {
		// "Sequence" is what all releases of datasets read as a list.
		return column{name, parquet.Optional(parquet.List(parquet.Optional(t))), func(string) string {
			return fmt.Sprintf(`{"feature": %s, "_type": "Sequence"}`, valueFeature(dtype))
		}}
	}
	image := parquet.Group{"bytes": parquet.Optional(leaf(parquet.ByteArrayType)), "path": parquet.Optional(parquet.String())}
	method := parquet.Encoded(parquet.String(), &parquet.RLEDictionary)
	all := []column{
		{"image", parquet.Optional(image), func(string) string { return `{"_type": "Image"}` }},
		class("label"), value("key", parquet.String(), "string"), class("label_a"), class("label_b"),
		value("lam", leaf(parquet.DoubleType), "float64"), value("lam_drawn", leaf(parquet.DoubleType), "float64"),
		list("box", leaf(parquet.Int64Type), "int64"), list("src_box", leaf(parquet.Int64Type), "int64"),
		list("peak", leaf(parquet.Int64Type), "int64"),
		value("flat", leaf(parquet.BooleanType), "bool"), value("method", method, "string"),
		value("mixed", leaf(parquet.BooleanType), "bool"), value("replica", leaf(parquet.Int64Type), "int64"),
		value("target", parquet.String(), "string"), value("source", parquet.String(), "string"),
	}
	if dense {
		share := parquet.Encoded(leaf(parquet.FloatType), &parquet.RLEDictionary)
		all = append(all, list("soft_label", share, "float32"))
	}
	return all
}

func valueFeature(dtype string) string { return fmt.Sprintf(`{"dtype": %q, "_type": "Value"}`, dtype) }

// root is a group whose fields stay in their order: those of parquet.Group are sorted.
type root struct {
	parquet.Group
	order []string
}

func (r root) Fields() []parquet.Field {
	fields := r.Group.Fields()
	slices.SortFunc(fields, func(a, b parquet.Field) int {
		return slices.Index(r.order, a.Name()) - slices.Index(r.order, b.Name())
	})
	return fields
}

func schemaOf(dense bool) *parquet.Schema {
	r := root{Group: parquet.Group{}}
	for _, c := range columns(dense) {
		r.Group[c.name] = c.node
		r.order = append(r.order, c.name)
	}
	return parquet.NewSchema("schema", r)
}

var pairSchema, denseSchema = schemaOf(false), schemaOf(true)

// softLeaf is the number of the last leaf, soft_label.
const softLeaf = 17

// zeroLabel is a dense label of n zeros: most of any label, so that only the others are made anew.
func zeroLabel(n int) parquet.Row {
	row := make(parquet.Row, n)
	for i := range row {
		row[i] = softValue(i, 0)
	}
	return row
}

func softValue(i int, share float32) parquet.Value {
	return parquet.FloatValue(share).Level(min(i, 1), 3, softLeaf)
}

// appendRow appends the values of a record, column by column. Zero is what zeroLabel made.
func appendRow(row, zero parquet.Row, r *shard.Record) parquet.Row {
	leaf := 0
	put := func(v parquet.Value, definition int) {
		row = append(row, v.Level(0, definition, leaf))
		leaf++
	}
	integer := func(n int) { put(parquet.Int64Value(int64(n)), 1) }
	text := func(s string, definition int) { put(parquet.ByteArrayValue([]byte(s)), definition) }
	integers := func(v ...int) {
		for i, n := range v {
			row = append(row, parquet.Int64Value(int64(n)).Level(min(i, 1), 3, leaf))
		}
		leaf++
	}
	put(parquet.ByteArrayValue(r.Image), 2)
	text(r.Key+"."+r.ImageFormat, 2)
	integer(r.Label)
	text(r.Key, 1)
	integer(r.LabelA)
	integer(r.LabelB)
	put(parquet.DoubleValue(r.Lam), 1)
	put(parquet.DoubleValue(r.LamDrawn), 1)
	integers(r.Box.X0, r.Box.Y0, r.Box.X1, r.Box.Y1)
	integers(r.SrcBox.X0, r.SrcBox.Y0, r.SrcBox.X1, r.SrcBox.Y1)
	integers(r.Peak.X, r.Peak.Y)
	put(parquet.BooleanValue(r.Flat), 1)
	text(r.Method, 1)
	put(parquet.BooleanValue(r.Mixed), 1)
	integer(r.Replica)
	text(r.Target, 1)
	text(r.Source, 1)
	start := len(row)
	row = append(row, zero[:len(r.Soft)]...)
	for i, share := range r.Soft {
		if math.Float32bits(share) != 0 {
			row[start+i] = softValue(i, share)
		}
	}
	return row
}

// metaKey is the key of the features in the file's metadata.
const metaKey = "huggingface"

// metadata is the JSON of the features, in the order of the columns.
func metadata(classes []string, dense bool) (string, error) {
	names, err := json.Marshal(classes)
	if err != nil {
		return "", fmt.Errorf("parquet: class names: %w", err)
	}
	class := fmt.Sprintf(`{"names": %s, "_type": "ClassLabel"}`, names)
	var b strings.Builder
	for i, c := range columns(dense) {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q: %s", c.name, c.feature(class))
	}
	return `{"info": {"features": {` + b.String() + `}}}`, nil
}
