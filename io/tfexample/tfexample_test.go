package tfexample

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix/internal/sharedtest"
	"github.com/premix/premix/io/tfrecord"
)

// What TensorFlow 2.21.0 makes of these features with SerializeToString(deterministic=True). Its
// order of "a" and "a/long" is not bytewise as ours is, so the entries are compared as a set.
func TestTensorFlowBytes(t *testing.T) {
	want := "0a240a06612f6c6f6e67121a1a180a1600ffffffffffffffffff01ac028080808080808080400a110a0161120c120a0a080000803f0000803e" +
		"0ad6010a0362696712ce010acb010ac801" + strings.Repeat("71", 200) +
		"0a0c0a016212070a050a0378797a0a0d0a05656d70747912040a020a000a070a0165120212000a070a016912021a00"
	var e Encoder
	e.Text("b", "xyz")
	e.Ints("a/long", 0, -1, 300, 1<<62)
	e.Floats("a", 1, 0.25)
	e.Floats("e")
	e.Ints("i")
	e.Bytes("empty", nil)
	e.Bytes("big", bytes.Repeat([]byte("q"), 200))
	got := e.Append([]byte("prefix"))
	if !bytes.HasPrefix(got, []byte("prefix\x0a\xc1\x02")) {
		t.Fatalf("starts with %x", got[:10])
	}
	split := func(b []byte) []string { // all entries but one are shorter than 128 bytes
		var out []string
		for len(b) > 0 {
			n := 2 + int(b[1])
			if b[1] == 0xd6 {
				n = 3 + 0x80 + 0x56
			}
			out = append(out, hex.EncodeToString(b[:n]))
			b = b[n:]
		}
		slices.Sort(out)
		return out
	}
	raw, err := hex.DecodeString(want)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(split(raw), split(got[9:])); diff != "" {
		t.Error(diff)
	}
}

func parse(t testing.TB, raw []byte) *Example {
	t.Helper()
	var e Example
	if err := e.Parse(raw); err != nil {
		t.Fatal(err)
	}
	return &e
}

func TestRoundTrip(t *testing.T) {
	var enc Encoder
	for range 2 { // the second time with the memory of the first
		enc.Reset()
		enc.Ints("z", 3, -4, 1<<40)
		enc.Bytes("image", []byte("JPEG"))
		enc.Text("name", "ü")
		enc.Floats("lam", 0.25)
		enc.Floats("soft", 0, 0.5, 0.5)
		enc.Bool("flat", true)
		enc.Ints("none")
		raw := enc.Append(nil)
		e := parse(t, raw)
		var names []string
		for i := range e.Len() {
			name, _ := e.Feature(i)
			names = append(names, name)
		}
		if diff := cmp.Diff([]string{"flat", "image", "lam", "name", "none", "soft", "z"}, names); diff != "" {
			t.Error(diff)
		}
		image, at, err := e.Bytes("image")
		if err != nil || string(image) != "JPEG" || string(raw[at:at+4]) != "JPEG" {
			t.Errorf("image %q at %d, %v", image, at, err)
		}
		name, err := e.Text("name")
		lam, err2 := e.Float("lam")
		flat, err3 := e.Int("flat")
		if name != "ü" || lam != 0.25 || flat != 1 || errors.Join(err, err2, err3) != nil {
			t.Error(name, lam, flat, err, err2, err3)
		}
		ints, err := e.Ints(nil, "z")
		if diff := cmp.Diff([]int64{3, -4, 1 << 40}, ints); diff != "" || err != nil {
			t.Error(diff, err)
		}
		floats, err := e.Floats(nil, "soft")
		if diff := cmp.Diff([]float32{0, 0.5, 0.5}, floats); diff != "" || err != nil {
			t.Error(diff, err)
		}
		if none, err := e.Ints(nil, "none"); len(none) > 0 || err != nil {
			t.Error(none, err)
		}
	}
}

// example wraps lists into a message by hand: features are pairs of a name and a Feature.
func example(pairs ...string) []byte {
	field := func(num byte, s string) string {
		return string(binary.AppendUvarint([]byte{num<<3 | 2}, uint64(len(s)))) + s
	}
	var entries string
	for i := 0; i < len(pairs); i += 2 {
		entries += field(1, field(1, pairs[i])+field(2, pairs[i+1]))
	}
	return []byte(field(1, entries))
}

func TestGetters(t *testing.T) {
	e := parse(t, example(
		"unpacked ints", "\x1a\x07\x08\x05\x08\xac\x02\x10\x07", // and an unknown field 2
		"unpacked floats", "\x12\x05\x0d\x00\x00\x80\x3f",
		"mixed", "\x1a\x06\x08\x01\x0a\x02\x02\x03",
		"two strings", "\x0a\x06\x0a\x01a\x0a\x01b",
		"cut varint", "\x1a\x03\x0a\x01\x80",
		"cut float", "\x12\x05\x0a\x03\x00\x00\x80",
		"wire type", "\x1a\x05\x0d\x00\x00\x80\x3f",
		"nothing", "",
		"unknown list", "\x22\x00",
	))
	ints := func(name string, want ...int64) {
		got, err := e.Ints(nil, name)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	ints("unpacked ints", 5, 300)
	ints("mixed", 1, 2, 3)
	ints("nothing")
	ints("unknown list")
	if f, err := e.Float("unpacked floats"); f != 1 || err != nil {
		t.Error(f, err)
	}
	for name, get := range map[string]func(string) error{
		"missing":       func(n string) error { _, err := e.Int(n); return err },
		"two strings":   func(n string) error { _, err := e.Text(n); return err },
		"unpacked ints": func(n string) error { _, err := e.Float(n); return err },
		"mixed":         func(n string) error { _, err := e.Int(n); return err },
		"cut varint":    func(n string) error { _, err := e.Ints(nil, n); return err },
		"cut float":     func(n string) error { _, err := e.Floats(nil, n); return err },
		"wire type":     func(n string) error { _, err := e.Ints(nil, n); return err },
		"nothing":       func(n string) error { _, err := e.Text(n); return err },
	} {
		err := get(name)
		if err == nil || !strings.Contains(err.Error(), name) || errors.Is(err, ErrMissing) != (name == "missing") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if k, ok := e.Kind("mixed"); k != Ints || !ok {
		t.Error(k, ok)
	}
	if _, ok := e.Kind("missing"); ok {
		t.Error("missing has a kind")
	}
}

func TestParseErrors(t *testing.T) {
	tests := map[string]string{
		"no protobuf":  "\xff\xff\xff",
		"long field":   "\x0a\x7f",
		"endless":      "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
		"cut entry":    "\x0a\x02\x0a\x05",
		"group":        "\x0b",
		"same name":    string(example("a", "", "b", "", "a", "")),
		"two lists":    string(example("a", "\x0a\x00\x1a\x00")),
		"cut in entry": string(example("a", "\x0a\x05")),
	}
	for name, raw := range tests {
		var e Example
		// What protobuf says of itself is another text in every binary.
		if err := e.Parse([]byte(raw)); err == nil || e.Len() > 0 || strings.Contains(err.Error(), "proto:") || strings.Contains(err.Error(), "\u00a0") {
			t.Errorf("%s: %q, %d features", name, err, e.Len())
		}
	}
	for name, raw := range map[string]string{"empty": "", "no features": "\x0a\x00", "unknown fields": "\x10\x05\x1d\x00\x00\x00\x00\x0a\x00"} {
		var e Example
		if err := e.Parse([]byte(raw)); err != nil || e.Len() != 0 {
			t.Errorf("%s: %v, %d features", name, err, e.Len())
		}
	}
}

func TestTooManyFeatures(t *testing.T) {
	var enc Encoder
	for i := range maxFeatures + 1 {
		enc.Ints(string(rune('a'+i/100))+string(rune('a'+i%100)), 1)
	}
	var e Example
	if err := e.Parse(enc.Append(nil)); err == nil {
		t.Error("no error")
	}
}

func TestSameNameTwice(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	var e Encoder
	e.Ints("a", 1)
	e.Ints("b", 1)
	e.Text("a", "")
}

// encode writes a parsed example anew.
func encode(t testing.TB, e *Example) []byte {
	t.Helper()
	var enc Encoder
	for i := range e.Len() {
		name, kind := e.Feature(i)
		switch kind {
		case Bytes:
			v, _, err := e.Bytes(name)
			if err != nil {
				return nil
			}
			enc.Bytes(name, v)
		case Floats:
			v, err := e.Floats(nil, name)
			if err != nil {
				return nil
			}
			enc.Floats(name, v...)
		case Ints:
			v, err := e.Ints(nil, name)
			if err != nil {
				return nil
			}
			enc.Ints(name, v...)
		}
	}
	return enc.Append(nil)
}

// Examples written by TensorFlow itself, in an order of its own: the same length, the same values.
func TestTensorFlow(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(sharedtest.Dir(t, "formats", "slim"), "train-00000-of-00002"))
	if err != nil {
		t.Fatal(err)
	}
	r := tfrecord.NewReader(bytes.NewReader(raw), 0)
	count := 0
	for {
		data, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		count++
		e := parse(t, data)
		image, at, err := e.Bytes("image/encoded")
		if err != nil || !bytes.HasPrefix(image, []byte("\xff\xd8\xff")) || !bytes.Equal(data[at:at+len(image)], image) {
			t.Errorf("record %d: image %.4x at %d, %v", r.Record(), image, at, err)
		}
		label, err := e.Int("image/class/label")
		if err != nil || label < 1 || label > 5 {
			t.Errorf("record %d: label %d, %v", r.Record(), label, err)
		}
		again := encode(t, e)
		if len(again) != len(data) {
			t.Errorf("record %d: %d bytes, written again %d", r.Record(), len(data), len(again))
		}
		if !bytes.Equal(again, encode(t, parse(t, again))) {
			t.Errorf("record %d: not stable", r.Record())
		}
	}
	if count != 8 {
		t.Errorf("%d records, want 8", count)
	}
}

func FuzzParse(f *testing.F) {
	var enc Encoder
	enc.Bytes("image", []byte("JPEG"))
	enc.Ints("label", 1, 2, -3)
	enc.Floats("lam", 0.25, 0.75)
	f.Add(enc.Append(nil))
	f.Add(example("a", "\x1a\x07\x08\x05\x08\xac\x02\x10\x07", "b", "\x12\x05\x0d\x00\x00\x80\x3f"))
	f.Add(example("a", "", "a", ""))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var e Example
		if e.Parse(raw) != nil {
			return
		}
		for i := range e.Len() {
			name, kind := e.Feature(i)
			v, at, err := e.Bytes(name)
			if err == nil && (kind != Bytes || !bytes.Equal(raw[at:at+len(v)], v)) {
				t.Fatalf("feature %q of %v: bytes at %d", name, kind, at)
			}
			ints, _ := e.Ints(nil, name)
			floats, _ := e.Floats(nil, name)
			if len(ints) > len(raw) || 4*len(floats) > len(raw) {
				t.Fatalf("feature %q: %d integers and %d floats out of %d bytes", name, len(ints), len(floats), len(raw))
			}
		}
		if again := encode(t, &e); again != nil && !bytes.Equal(again, encode(t, parse(t, again))) {
			t.Fatal("written again, it is not stable")
		}
	})
}

func BenchmarkParse(b *testing.B) {
	var enc Encoder
	enc.Bytes("image/encoded", make([]byte, 24_000))
	for _, name := range strings.Fields("a/b image/class/label image/mix/box image/mix/lam image/mix/source x y z") {
		enc.Ints(name, 1, 2, 3, 4)
	}
	raw := enc.Append(nil)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	var e Example
	for b.Loop() {
		if err := e.Parse(raw); err != nil {
			b.Fatal(err)
		}
		if _, _, err := e.Bytes("image/encoded"); err != nil {
			b.Fatal(err)
		}
	}
}
