package webdataset

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/premix/premix"
	"github.com/premix/premix/io/shard"
)

// appendJSON appends the JSON member of a record: always the same keys in the same order with the
// same types, as readers that infer a schema need.
func appendJSON(dst []byte, r *shard.Record) []byte {
	dst = appendString(append(dst, `{"key":`...), r.Key)
	dst = strconv.AppendInt(append(dst, `,"label":`...), int64(r.Label), 10)
	dst = strconv.AppendInt(append(dst, `,"label_a":`...), int64(r.LabelA), 10)
	dst = strconv.AppendInt(append(dst, `,"label_b":`...), int64(r.LabelB), 10)
	dst = shard.AppendFloat(append(dst, `,"lam":`...), r.Lam)
	dst = shard.AppendFloat(append(dst, `,"lam_drawn":`...), r.LamDrawn)
	dst = appendInts(append(dst, `,"box":`...), r.Box.X0, r.Box.Y0, r.Box.X1, r.Box.Y1)
	dst = appendInts(append(dst, `,"src_box":`...), r.SrcBox.X0, r.SrcBox.Y0, r.SrcBox.X1, r.SrcBox.Y1)
	dst = appendInts(append(dst, `,"peak":`...), r.Peak.X, r.Peak.Y)
	dst = strconv.AppendBool(append(dst, `,"flat":`...), r.Flat)
	dst = appendString(append(dst, `,"method":`...), r.Method)
	dst = strconv.AppendBool(append(dst, `,"mixed":`...), r.Mixed)
	dst = strconv.AppendInt(append(dst, `,"replica":`...), int64(r.Replica), 10)
	dst = appendString(append(dst, `,"target":`...), r.Target)
	dst = appendString(append(dst, `,"source":`...), r.Source)
	dst = shard.AppendFloat(append(dst, `,"mix":[`...), float64(r.LabelA))
	dst = shard.AppendFloat(append(dst, ','), float64(r.LabelB))
	dst = shard.AppendFloat(append(dst, ','), r.Lam)
	return append(dst, `]}`...)
}

func appendInts(dst []byte, v ...int) []byte {
	dst = append(dst, '[')
	for i, n := range v {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(dst, int64(n), 10)
	}
	return append(dst, ']')
}

// appendString appends s, valid UTF-8, as a JSON string; only what JSON forbids is escaped.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < 0x20:
			const hex = "0123456789abcdef"
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// wire is the JSON member for decoding. What a foreign member lacks keeps its value.
type wire struct {
	Label    int     `json:"label"`
	LabelA   int     `json:"label_a"`
	LabelB   int     `json:"label_b"`
	Lam      float64 `json:"lam"`
	LamDrawn float64 `json:"lam_drawn"`
	Box      [4]int  `json:"box"`
	SrcBox   [4]int  `json:"src_box"`
	Peak     [2]int  `json:"peak"`
	Flat     bool    `json:"flat"`
	Method   string  `json:"method"`
	Mixed    bool    `json:"mixed"`
	Replica  int     `json:"replica"`
	Target   string  `json:"target"`
	Source   string  `json:"source"`
}

// parseJSON fills the record from a JSON member, except for its key. Keys whose
// type is not ours are skipped; anything but a JSON object of UTF-8 is an error.
func parseJSON(r *shard.Record, member []byte) error {
	if !utf8.Valid(member) {
		return errors.New("json is not UTF-8")
	}
	var w wire
	if !canonical(member, &w) {
		w = wire{Label: -1, LabelA: -1, LabelB: -1, Peak: [2]int{-1, -1}}
		fields, err := Fields(member)
		if err != nil {
			return fmt.Errorf("json: %w", err)
		}
		w.fill(fields)
	}
	r.Label, r.LabelA, r.LabelB = w.Label, w.LabelA, w.LabelB
	r.Lam, r.LamDrawn = w.Lam, w.LamDrawn
	r.Box, r.SrcBox = box(w.Box), box(w.SrcBox)
	r.Peak = premix.Peak{X: w.Peak[0], Y: w.Peak[1]}
	r.Flat, r.Method, r.Mixed, r.Replica = w.Flat, w.Method, w.Mixed, w.Replica
	r.Target, r.Source = w.Target, w.Source
	return nil
}

// fill takes what is there and of our type.
func (w *wire) fill(fields map[string]json.RawMessage) {
	for name, value := range map[string]any{
		"label": &w.Label, "label_a": &w.LabelA, "label_b": &w.LabelB, "lam": &w.Lam, "lam_drawn": &w.LamDrawn,
		"box": &w.Box, "src_box": &w.SrcBox, "peak": &w.Peak, "flat": &w.Flat, "method": &w.Method, "mixed": &w.Mixed,
		"replica": &w.Replica, "target": &w.Target, "source": &w.Source,
	} {
		if raw, ok := fields[name]; ok {
			_ = json.Unmarshal(raw, value) // what is of another type, or NaN, is none of ours
		}
	}
}

func box(v [4]int) premix.Box { return premix.Box{X0: v[0], Y0: v[1], X1: v[2], Y1: v[3]} }
