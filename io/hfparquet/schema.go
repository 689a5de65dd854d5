package hfparquet

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
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

var imagePath = []string{"image", "bytes"}

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
