package mds

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/premix/premix/io/npy"
	"github.com/premix/premix/io/shard"
)

// A column is one of a shard.
type column struct {
	name, encoding string
	size           int // in bytes; 0 if each sample has another
}

// columnsOf are the columns of a shard in their order, which is that of the bytes of their names.
func columnsOf(image, form string, classes int) []column {
	list := []column{
		{"box", "ndarray:int32:4", 16}, {"flat", "uint8", 1}, {"image", imageEncoding(image), 0}, {"key", "str", 0},
		{"label", "int", 8}, {"label_a", "int", 8}, {"label_b", "int", 8}, {"lam", "float64", 8}, {"lam_drawn", "float64", 8},
		{"method", "str", 0}, {"mixed", "uint8", 1}, {"peak", "ndarray:int32:2", 8}, {"replica", "int", 8},
	}
	switch form {
	case shard.Dense:
		list = append(list, column{"soft_label", fmt.Sprintf("ndarray:float32:%d", classes), 4 * classes})
	case shard.Dense16:
		list = append(list, column{"soft_label", fmt.Sprintf("ndarray:float16:%d", classes), 2 * classes})
	}
	return append(list, column{"source", "str", 0}, column{"src_box", "ndarray:int32:4", 16}, column{"target", "str", 0})
}

func imageEncoding(format string) string {
	if format == "jpg" {
		return "jpeg"
	}
	return format
}

// A config is what a shard says of itself, in the order of its keys.
type config struct {
	Encodings   []string `json:"column_encodings"`
	Names       []string `json:"column_names"`
	Sizes       []*int   `json:"column_sizes"`
	Compression *string  `json:"compression"`
	Format      string   `json:"format"`
	Hashes      []string `json:"hashes"`
	SizeLimit   *int     `json:"size_limit"`
	Version     int      `json:"version"`
}

func configOf(columns []column) *config {
	c := &config{Format: "mds", Hashes: []string{"sha256"}, Version: 2}
	for i := range columns {
		k := &columns[i]
		c.Encodings, c.Names = append(c.Encodings, k.encoding), append(c.Names, k.name)
		var size *int
		if k.size > 0 {
			size = &k.size
		}
		c.Sizes = append(c.Sizes, size)
	}
	return c
}

// text is the config as Python's json writes it.
func (c *config) text() string {
	list := func(n int, item func(i int) string) string {
		items := make([]string, n)
		for i := range items {
			items[i] = item(i)
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	size := func(i int) string {
		if c.Sizes[i] == nil {
			return "null"
		}
		return strconv.Itoa(*c.Sizes[i])
	}
	return fmt.Sprintf(`{"column_encodings": %s, "column_names": %s, "column_sizes": %s, "compression": null, "format": "mds", "hashes": ["sha256"], "size_limit": null, "version": 2}`,
		list(len(c.Encodings), func(i int) string { return strconv.Quote(c.Encodings[i]) }),
		list(len(c.Names), func(i int) string { return strconv.Quote(c.Names[i]) }), list(len(c.Sizes), size))
}

// parseConfig reads the config of a shard: the columns of premix, in which form its labels and images are.
func parseConfig(text []byte) (columns []column, image, form string, err error) {
	var c config
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, "", "", fmt.Errorf("the configuration of the shard is not JSON: %w", err)
	}
	if c.Format != "mds" || c.Compression != nil || len(c.Names) != len(c.Encodings) {
		return nil, "", "", fmt.Errorf("the configuration is not that of an uncompressed shard of mds")
	}
	image, form, classes := "jpg", shard.Pair, 0
	for i, name := range c.Names {
		switch e := c.Encodings[i]; {
		case name == "image" && e == "png":
			image = "png"
		case name == "soft_label":
			dtype, n, _ := strings.Cut(strings.TrimPrefix(e, "ndarray:"), ":")
			form = map[string]string{"float32": shard.Dense, "float16": shard.Dense16}[dtype]
			if classes, err = strconv.Atoi(n); err != nil || form == "" || classes < 1 || classes > 1<<24 {
				return nil, "", "", fmt.Errorf("column soft_label has the encoding %.40q", e)
			}
		}
	}
	columns = columnsOf(image, form, classes)
	want := configOf(columns)
	if !slices.Equal(want.Names, c.Names) || !slices.Equal(want.Encodings, c.Encodings) {
		return nil, "", "", errors.New("the columns are not those of premix, or of another encoding")
	}
	return columns, image, form, nil
}

// appendSample appends a record, which fits the Spec.
func appendSample(dst []byte, r *shard.Record, form string) []byte {
	le := binary.LittleEndian
	for _, n := range [...]int{len(r.Image), len(r.Key), len(r.Method), len(r.Source), len(r.Target)} {
		dst = le.AppendUint32(dst, uint32(n))
	}
	ints := func(values ...int) {
		for _, v := range values {
			dst = le.AppendUint32(dst, uint32(int32(v)))
		}
	}
	number := func(v int) { dst = le.AppendUint64(dst, uint64(int64(v))) }
	float := func(v float64) { dst = le.AppendUint64(dst, math.Float64bits(v)) }
	flag := func(v bool) {
		b := byte(0)
		if v {
			b = 1
		}
		dst = append(dst, b)
	}
	ints(r.Box.X0, r.Box.Y0, r.Box.X1, r.Box.Y1)
	flag(r.Flat)
	dst = append(append(dst, r.Image...), r.Key...)
	number(r.Label)
	number(r.LabelA)
	number(r.LabelB)
	float(r.Lam)
	float(r.LamDrawn)
	dst = append(dst, r.Method...)
	flag(r.Mixed)
	ints(r.Peak.X, r.Peak.Y)
	number(r.Replica)
	for _, v := range r.Soft {
		if form == shard.Dense16 {
			dst = le.AppendUint16(dst, npy.Float16(v))
		} else {
			dst = le.AppendUint32(dst, math.Float32bits(v))
		}
	}
	dst = append(dst, r.Source...)
	ints(r.SrcBox.X0, r.SrcBox.Y0, r.SrcBox.X1, r.SrcBox.Y1)
	return append(dst, r.Target...)
}

// parseSample reads what appendSample wrote into an empty record.
func parseSample(p []byte, r *shard.Record, columns []column, image, form string) error {
	le := binary.LittleEndian
	want := 0
	for i := range columns {
		if columns[i].size == 0 {
			want += 4
		}
	}
	if len(p) < want {
		return fmt.Errorf("a sample of %d bytes, its sizes alone have %d", len(p), want)
	}
	sizes, values := p[:want], p[want:]
	at := make([][]byte, len(columns))
	for i := range columns {
		n := uint64(columns[i].size)
		if n == 0 {
			n, sizes = uint64(le.Uint32(sizes)), sizes[4:]
		}
		if n > uint64(len(values)) {
			return fmt.Errorf("column %s has %d bytes, %d are left of the sample", columns[i].name, n, len(values))
		}
		at[i], values = values[:n], values[n:]
	}
	if len(values) > 0 {
		return fmt.Errorf("%d bytes of a sample belong to no column", len(values))
	}
	var err error
	next := 0
	take := func() []byte { next++; return at[next-1] }
	ints := func(dst ...*int) {
		v := take()
		for i := range dst {
			*dst[i] = int(int32(le.Uint32(v[4*i:])))
		}
	}
	number := func(dst *int) {
		v := int64(le.Uint64(take()))
		if v > math.MaxInt32 || v < math.MinInt32 {
			err = fmt.Errorf("column %s is %d, beyond 32 bits", columns[next-1].name, v)
		}
		*dst = int(v)
	}
	float := func(dst *float64) { *dst = math.Float64frombits(le.Uint64(take())) }
	flag := func(dst *bool) { *dst = take()[0] != 0 }
	text := func(dst *string) { *dst = string(take()) }
	ints(&r.Box.X0, &r.Box.Y0, &r.Box.X1, &r.Box.Y1)
	flag(&r.Flat)
	r.Image, r.ImageFormat = append(r.Image[:0], take()...), image
	text(&r.Key)
	number(&r.Label)
	number(&r.LabelA)
	number(&r.LabelB)
	float(&r.Lam)
	float(&r.LamDrawn)
	text(&r.Method)
	flag(&r.Mixed)
	ints(&r.Peak.X, &r.Peak.Y)
	number(&r.Replica)
	if form != shard.Pair {
		for v := take(); len(v) > 0; {
			if form == shard.Dense16 {
				r.Soft, v = append(r.Soft, npy.Float32(le.Uint16(v))), v[2:]
			} else {
				r.Soft, v = append(r.Soft, math.Float32frombits(le.Uint32(v))), v[4:]
			}
		}
	}
	text(&r.Source)
	ints(&r.SrcBox.X0, &r.SrcBox.Y0, &r.SrcBox.X1, &r.SrcBox.Y1)
	text(&r.Target)
	return err
}
