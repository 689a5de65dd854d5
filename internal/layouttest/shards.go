package layouttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/premix/premix/io/tfexample"
	"github.com/premix/premix/io/tfrecord"
)

// samples is a tar of samples, one a label.
func (m *maker) samples(name, key, ext string, labels []string) []byte {
	m.t.Helper()
	inner := &maker{t: m.t, pictures: m.pictures}
	stem := strings.TrimSuffix(path.Base(name), path.Ext(name))
	for i, label := range labels {
		sample := fmt.Sprintf("%s-%04d", stem, i)
		inner.add(sample+"."+ext, inner.picture())
		if key == "cls" {
			inner.add(sample+".cls", []byte(label))
			continue
		}
		name, isText := strings.CutPrefix(key, "text:")
		var value any = label
		if n, err := strconv.Atoi(label); err == nil && !isText {
			value = n
		}
		data, err := json.Marshal(map[string]any{name: value, "url": "u"})
		if err != nil {
			m.t.Fatal(err)
		}
		inner.add(sample+".json", data)
	}
	m.pictures = inner.pictures
	return Tar(m.t, inner.files)
}

// records is a TFRecord file.
func (m *maker) records(feature string, labels []string) (data []byte) {
	m.t.Helper()
	feature, isText := strings.CutPrefix(feature, "text:")
	for _, label := range labels {
		var e tfexample.Encoder
		e.Bytes("image/encoded", m.picture())
		if n, err := strconv.ParseInt(label, 10, 64); err == nil && !isText {
			e.Ints(feature, n)
		} else {
			e.Text(feature, label)
		}
		data = tfrecord.Append(data, e.Append(nil))
	}
	return data
}

// A column of a Parquet file has values that are repeated as often as there are rows.
type column struct {
	node   parquet.Node
	values []parquet.Value
	kind   any // of Hugging Face
}

// parquet is a file as on the Hub.
func (m *maker) parquet(count, image string, specs []string) []byte {
	m.t.Helper()
	n, err := strconv.Atoi(count)
	if err != nil {
		m.t.Fatal(err)
	}
	pictures := make([]parquet.Value, n)
	paths := make([]parquet.Value, n)
	for i := range n {
		pictures[i] = parquet.ByteArrayValue(m.picture())
		paths[i] = parquet.ByteArrayValue(fmt.Appendf(nil, "%d.png", i))
	}
	columns := map[string]column{
		image + ".bytes": {node: parquet.Leaf(parquet.ByteArrayType), values: pictures},
		image + ".path":  {node: parquet.String(), values: paths},
	}
	group := parquet.Group{image: parquet.Group{"bytes": columns[image+".bytes"].node, "path": columns[image+".path"].node}}
	kinds := map[string]any{image: map[string]string{"_type": "Image"}}
	for _, spec := range specs {
		name, c := columnOf(spec)
		columns[name], group[name], kinds[name] = c, c.node, c.kind
	}
	meta, err := json.Marshal(map[string]any{"info": map[string]any{"features": kinds}})
	if err != nil {
		m.t.Fatal(err)
	}
	return m.rows(n, group, columns, parquet.KeyValueMetadata("huggingface", string(meta)))
}

func columnOf(spec string) (string, column) {
	at := strings.IndexAny(spec, "=:")
	name, text := spec[:at], spec[at+1:]
	if spec[at] == '=' {
		names := strings.Split(text, "|")
		c := column{node: parquet.Int(64), kind: map[string]any{"_type": "ClassLabel", "names": names}}
		for i := range names {
			c.values = append(c.values, parquet.Int64Value(int64(i)))
		}
		return name, c
	}
	c := column{node: parquet.Int(64), kind: map[string]string{"_type": "Value", "dtype": "int64"}}
	for value := range strings.SplitSeq(text, ",") {
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			c.node, c.kind = parquet.String(), map[string]string{"_type": "Value", "dtype": "string"}
			c.values = append(c.values, parquet.ByteArrayValue([]byte(value)))
			continue
		}
		c.values = append(c.values, parquet.Int64Value(n))
	}
	return name, c
}

func (m *maker) rows(n int, group parquet.Group, columns map[string]column, options ...parquet.WriterOption) []byte {
	m.t.Helper()
	schema := parquet.NewSchema("rows", group)
	var b bytes.Buffer
	w := parquet.NewWriter(&b, append(options, schema)...)
	for i := range n {
		var row parquet.Row
		for k, path := range schema.Columns() {
			values := columns[strings.Join(path, ".")].values
			row = append(row, values[i%len(values)].Level(0, 0, k))
		}
		if _, err := w.WriteRows([]parquet.Row{row}); err != nil {
			m.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		m.t.Fatal(err)
	}
	return b.Bytes()
}

// list is a Parquet file of texts.
func (m *maker) list(specs []string) []byte {
	m.t.Helper()
	group, columns, n := parquet.Group{}, map[string]column{}, 0
	for _, spec := range specs {
		name, text, _ := strings.Cut(spec, "=")
		c := column{node: parquet.String()}
		for value := range strings.SplitSeq(text, ",") {
			c.values = append(c.values, parquet.ByteArrayValue([]byte(value)))
		}
		columns[name], group[name], n = c, c.node, len(c.values)
	}
	return m.rows(n, group, columns)
}
