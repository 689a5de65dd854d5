package dataset_test

import (
	"crypto/sha256"
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
		{"names", `{"replica-names":false}`, `{"replica-names":true}`, []string{"replica-names: false → true (whether names of replica 0 have its number, r000)"}},
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
	digest := func(b byte) (d [32]byte) { return sha256.Sum256([]byte{b}) }
	whole := []dataset.Chunk{
		{Container: "a", Entries: 3, Good: 1, Ignored: 1, Failed: 1, Digest: dataset.JoinDigest(digest(1), digest(2), 1)},
		{Container: "b", Entries: 1, Good: 1, Digest: digest(3)},
	}
	cut := []dataset.Chunk{
		{Container: "a", Entries: 1, Good: 1, Digest: digest(1)},
		{Container: "a", Entries: 2, Ignored: 1, Failed: 1, Digest: digest(2)},
		{Container: "b", Entries: 1, Good: 1, Digest: digest(3)},
	}
	a, b := dataset.Containers(whole), dataset.Containers(cut)
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("how a container is cut shows:\n%s", diff)
	}
	if sum := digest(3); a[1].Digest != hex.EncodeToString(sum[:]) {
		t.Errorf("the digest of one entry is %s", a[1].Digest)
	}
	c := dataset.Containers(append(cut[1:], dataset.Chunk{Container: "c", Good: 7}))
	want := []string{"a: 1 → 0 images", "c: new, 7 images"}
	if diff := cmp.Diff(want, dataset.InputDiff(a, c)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a: gone, had 1 images"}, dataset.InputDiff(a, b[1:])); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	d := dataset.Containers(whole)
	d[0].Digest = hex.EncodeToString(make([]byte, 32))
	if diff := cmp.Diff([]string{"a: 1 images as before, but not the same ones"}, dataset.InputDiff(a, d)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestJoinDigest: how a sequence is cut does not show, its order does.
func TestJoinDigest(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	list := make([][32]byte, 40)
	for i := range list {
		for k := range list[i] {
			list[i][k] = byte(rng.Uint32()) | 0xC0 // large numbers, one of them above the prime
		}
	}
	list[7] = [32]byte{}
	for i := range list[9] {
		list[9][i] = 0xff
	}
	digest := func(list [][32]byte) (d [32]byte) {
		for _, x := range list {
			d = dataset.JoinDigest(d, x, 1)
		}
		return d
	}
	want := digest(list)
	for range 50 {
		var got [32]byte
		for from := 0; from < len(list); {
			to := from + 1 + rng.IntN(len(list)-from)
			got = dataset.JoinDigest(got, digest(list[from:to]), int64(to-from))
			from = to
		}
		if got != want {
			t.Fatalf("cut, the digest is %x, not %x", got, want)
		}
	}
	if got := dataset.JoinDigest(want, [32]byte{}, 0); got != want {
		t.Errorf("nothing more changes the digest to %x", got)
	}
	list[3], list[4] = list[4], list[3]
	if digest(list) == want {
		t.Error("the order does not show")
	}
	// what an independent program gives for SHA-256 of "a", "b", "c"
	var abc [][32]byte
	for _, s := range []string{"a", "b", "c"} {
		abc = append(abc, sha256.Sum256([]byte(s)))
	}
	if got := hex.EncodeToString(func() []byte { d := digest(abc); return d[:] }()); got != "e539968b6b0c4477aec2ecd2e0ce5d0cbf2c8854d98f2c86906596a1bbfefe5b" {
		t.Errorf("digest of a, b, c is %s", got)
	}
}
