package dataset_test

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix/dataset"
)

func TestRecipeDiff(t *testing.T) {
	tests := []struct {
		name, old, new string
		want           []string
	}{
		{"equal", `{"a":1.0,"b":{"c":[1,2]}}`, `{"b":{"c":[1,2]},"a":1}`, nil},
		{"values", `{"method":{"alpha":1.0,"name":"cutmix"},"seed":0}`, `{"method":{"alpha":0.5,"name":"saliencymix"},"seed":0}`,
			[]string{"method.alpha: 1.0 → 0.5", "method.name: cutmix → saliencymix"}},
		{"absent", `{"a":1,"c":""}`, `{"b":true,"c":"x y"}`, []string{"a: 1 → (absent)", "b: (absent) → true", `c: "" → x y`}},
		{"lists", `{"size":[224,224],"m":[{"n":"a","w":0.5}]}`, `{"size":[160,224],"m":[{"n":"b","w":0.5},{"n":"c"}]}`,
			[]string{"m[0].n: a → b", "m[1].n: (absent) → c", "size: [224, 224] → [160, 224]"}},
		{"seeds beyond 2^53", `{"seed":9007199254740992}`, `{"seed":9007199254740993}`, []string{"seed: 9007199254740992 → 9007199254740993"}},
		{"types", `{"a":1}`, `{"a":"1"}`, []string{`a: 1 → "1"`}},
		{"null", `{"a":null}`, `{}`, []string{"a: (none) → (absent)"}},
		{"damaged", `{`, `{"a":1}`, []string{"recipe: (unreadable) → (readable)"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, dataset.RecipeDiff(json.RawMessage(test.old), json.RawMessage(test.new))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestEncode(t *testing.T) {
	v := map[string]any{"f": dataset.Float(1), "small": dataset.Float(1e-9), "raw": json.RawMessage("{\n \"x\" : [ ] , \"y\":{}}"),
		"list": []any{map[string]any{"a": "<&>\"\\]", "b": nil}, map[string]any{"c": []int{1, 2}}}, "none": []int{}, "t": true}
	data, err := dataset.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	want := `{
  "f": 1.0,
  "list": [
    {"a": "<&>\"\\]", "b": null},
    {
      "c": [1, 2]
    }
  ],
  "none": [],
  "raw": {
    "x": [],
    "y": {}
  },
  "small": 1.0e-09,
  "t": true
}
`
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if _, err := dataset.Encode(dataset.Float(bad)); err == nil {
			t.Errorf("%v was written", bad)
		}
	}
}

// FuzzEncode: the layout changes no value, whatever the JSON.
func FuzzEncode(f *testing.F) {
	for _, s := range []string{`{}`, `[]`, `[[],{}]`, `{"a":[1,{"b":"]}\\\""}],"c":-1.5e7}`, `"x"`, `0`, `{"":{"":[[0]]}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if !json.Valid(data) {
			return
		}
		out, err := dataset.Encode(json.RawMessage(data))
		if err != nil {
			return // deeper than encoding/json allows
		}
		var a, b any
		if json.Unmarshal(data, &a) != nil {
			return
		}
		if err := json.Unmarshal(out, &b); err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		if diff := cmp.Diff(a, b); diff != "" {
			t.Errorf("changed: %s", diff)
		}
	})
}

func TestContainers(t *testing.T) {
	digest := func(b byte) (d [32]byte) {
		for i := range d {
			d[i] = b
		}
		return d
	}
	whole := []dataset.Chunk{
		{Container: "a", Entries: 5, Good: 3, Ignored: 1, Failed: 1, Digest: dataset.AddDigest(digest(0x80), digest(0x81))},
		{Container: "b", Entries: 1, Good: 1, Digest: digest(1)},
	}
	cut := []dataset.Chunk{
		{Container: "a", Entries: 2, Good: 1, Ignored: 1, Digest: digest(0x80)},
		{Container: "a", Entries: 3, Good: 2, Failed: 1, Digest: digest(0x81)},
		{Container: "b", Entries: 1, Good: 1, Digest: digest(1)},
	}
	a, b := dataset.Containers(whole), dataset.Containers(cut)
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("how a container is cut shows:\n%s", diff)
	}
	if want := "02" + "02020202020202020202020202020202020202020202020202020202020201"[:62]; a[0].Digest != want {
		t.Errorf("digest %s, want %s", a[0].Digest, want)
	}
	c := dataset.Containers(append(cut[1:], dataset.Chunk{Container: "c", Good: 7}))
	want := []string{"a: 3 → 2 images", "c: new, 7 images"}
	if diff := cmp.Diff(want, dataset.InputDiff(a, c)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a: gone, had 3 images"}, dataset.InputDiff(a, b[1:])); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	d := dataset.Containers(whole)
	d[0].Digest = hex.EncodeToString(make([]byte, 32))
	if diff := cmp.Diff([]string{"a: 3 images as before, but not the same ones"}, dataset.InputDiff(a, d)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestAddDigest: the sum of digests does not depend on their order.
func TestAddDigest(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	list := make([][32]byte, 50)
	for i := range list {
		for k := range list[i] {
			list[i][k] = byte(rng.Uint32()) | 0xC0 // many carries
		}
	}
	sum := func() (s [32]byte) {
		for _, d := range list {
			s = dataset.AddDigest(s, d)
		}
		return s
	}
	want := sum()
	rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	if got := sum(); got != want {
		t.Errorf("%x, want %x", got, want)
	}
	one := [32]byte{31: 1}
	all := [32]byte{}
	for i := range all {
		all[i] = 0xff
	}
	if got := dataset.AddDigest(all, one); got != ([32]byte{}) {
		t.Errorf("2^256 is %x, want 0", got)
	}
}
