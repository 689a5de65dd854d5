package hfparquet

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/premix/premix/io/shard"
)

// A row is a record as columns of required values.
type row struct {
	Image    image   `parquet:"image"`
	Label    int64   `parquet:"label"`
	Key      string  `parquet:"key"`
	LabelA   int64   `parquet:"label_a"`
	LabelB   int64   `parquet:"label_b"`
	Lam      float64 `parquet:"lam"`
	LamDrawn float64 `parquet:"lam_drawn"`
	Box      []int64 `parquet:"box,list"`
	SrcBox   []int64 `parquet:"src_box,list"`
	Peak     []int64 `parquet:"peak,list"`
	Flat     bool    `parquet:"flat"`
	Method   string  `parquet:"method,dict"`
	Mixed    bool    `parquet:"mixed"`
	Replica  int64   `parquet:"replica"`
	Target   string  `parquet:"target"`
	Source   string  `parquet:"source"`
}

type image struct {
	Bytes []byte `parquet:"bytes"`
	Path  string `parquet:"path"`
}

// A denseRow has the dense label too.
type denseRow struct {
	row
	Soft []float32 `parquet:"soft_label,list,dict"`
}

var (
	pairSchema  = parquet.NewSchema("premix", parquet.SchemaOf(row{}))
	denseSchema = parquet.NewSchema("premix", parquet.SchemaOf(denseRow{}))
)

func (d *row) set(r *shard.Record) {
	*d = row{
		Image: image{Bytes: r.Image, Path: r.Key + "." + r.ImageFormat},
		Label: int64(r.Label), Key: r.Key, LabelA: int64(r.LabelA), LabelB: int64(r.LabelB), Lam: r.Lam, LamDrawn: r.LamDrawn,
		Box:    append(d.Box[:0], int64(r.Box.X0), int64(r.Box.Y0), int64(r.Box.X1), int64(r.Box.Y1)),
		SrcBox: append(d.SrcBox[:0], int64(r.SrcBox.X0), int64(r.SrcBox.Y0), int64(r.SrcBox.X1), int64(r.SrcBox.Y1)),
		Peak:   append(d.Peak[:0], int64(r.Peak.X), int64(r.Peak.Y)),
		Flat:   r.Flat, Method: r.Method, Mixed: r.Mixed, Replica: int64(r.Replica), Target: r.Target, Source: r.Source,
	}
}

// metaKey is the key of the features in the file's metadata.
const metaKey = "huggingface"

// metadata is the JSON of the features, in the order of the columns. "Sequence" is what all
// releases of datasets read as a list.
func metadata(classes []string, dense bool) (string, error) {
	quoted, err := json.Marshal(classes)
	if err != nil {
		return "", fmt.Errorf("parquet: class names: %w", err)
	}
	value := func(dtype string) string { return fmt.Sprintf(`{"dtype": %q, "_type": "Value"}`, dtype) }
	list := func(dtype string, n int) string {
		return fmt.Sprintf(`{"feature": %s, "length": %d, "_type": "Sequence"}`, value(dtype), n)
	}
	class := fmt.Sprintf(`{"names": %s, "_type": "ClassLabel"}`, quoted)
	features := []struct{ name, feature string }{
		{"image", `{"_type": "Image"}`}, {"label", class}, {"key", value("string")}, {"label_a", class}, {"label_b", class},
		{"lam", value("float64")}, {"lam_drawn", value("float64")},
		{"box", list("int64", 4)}, {"src_box", list("int64", 4)}, {"peak", list("int64", 2)},
		{"flat", value("bool")}, {"method", value("string")}, {"mixed", value("bool")}, {"replica", value("int64")},
		{"target", value("string")}, {"source", value("string")},
	}
	if dense {
		features = append(features, struct{ name, feature string }{"soft_label", list("float32", len(classes))})
	}
	var b strings.Builder
	for i, f := range features {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q: %s", f.name, f.feature)
	}
	return `{"info": {"features": {` + b.String() + `}}}`, nil
}
