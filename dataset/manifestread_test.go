package dataset

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix/internal/golden"
)

// manifests are the texts of some manifests, right and wrong.
func manifests(t testing.TB) [][]byte {
	t.Helper()
	set, err := Gather(drawnRecords(rand.New(rand.NewPCG(3, 4)), testNames(-1, 3), []int{0, 1}, "none"))
	if err != nil {
		t.Fatal(err)
	}
	set.sort()
	m := &Manifest{Schema: 1, Recipe: []byte(`{"replicas": [{}], "b": null}`), Versions: map[string]string{"a": "b"}, SHA256: "x"}
	m.Replicas, _ = set.list(testNames(-1, 3), false)
	var b bytes.Buffer
	if err := m.write(&b); err != nil {
		t.Fatal(err)
	}
	list := [][]byte{b.Bytes()}
	for _, text := range []string{
		"", "{", "{}", "null", "[]", "{} {}", `{"schema": 2}`, `{"replicas": null}`, `{"replicas": []}`, `{"replicas": [null, {}]}`, `{"replicas": {}}`, `{"replicas": [1]}`, `{"replicas": [{"shards": null}]}`,
		`{"replicas": [{"shards": []}]}`, `{"replicas": [{"shards": [null, {"name": "a"}], "replica": 7}], "schema": 3}`, `{"replicas": [{"shards": [{"name": 1}]}]}`,
		`{"replicas": [{"shards": [{"name": "a", "x": [1]}], "y": {}}], "z": 0}`, `{"replicas": [{}],}`, `{"replicas": [{} {}]}`, `{"replicas": [{"shards": [{}]]}]}`, `{"schema": "a"}`,
	} {
		list = append(list, []byte(text))
	}
	return list
}

// sameAsUnmarshal compares decodeManifest with json.Unmarshal. Where a file was edited so that a key is there twice, or
// in another case, they may differ.
func sameAsUnmarshal(t *testing.T, data []byte) {
	t.Helper()
	lower := bytes.ToLower(data)
	if bytes.Count(lower, []byte("shards\"")) != bytes.Count(data, []byte("shards\"")) || bytes.Count(lower, []byte("replicas\"")) != bytes.Count(data, []byte("replicas\"")) ||
		bytes.ContainsFunc(data, func(r rune) bool { return r > '~' || r == '\\' }) {
		return
	}
	if _, doubled := doubledKey(data); doubled {
		return
	}
	var want, got Manifest
	wrong := json.Unmarshal(data, &want)
	err := decodeManifest(bytes.NewReader(data), &got)
	if (wrong == nil) != (err == nil) {
		t.Fatalf("%s: %v, and Unmarshal says %v", data, err, wrong)
	}
	if err == nil {
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", data, d)
		}
	}
}

// TestManifestRead reads right and wrong manifests, and damages a right one everywhere.
func TestManifestRead(t *testing.T) {
	list := manifests(t)
	for _, text := range list {
		sameAsUnmarshal(t, text)
	}
	const marks = `"{}[],:0 n`
	for i := range list[0] {
		if i%3 == 0 {
			sameAsUnmarshal(t, list[0][:i])
		}
		bad := slices.Clone(list[0])
		bad[i] = marks[i%len(marks)]
		sameAsUnmarshal(t, bad)
	}
}

// FuzzManifest compares decodeManifest with json.Unmarshal.
func FuzzManifest(f *testing.F) {
	for i, text := range manifests(f) {
		if i%4 == 0 {
			golden.Equal(f, fmt.Sprint("fuzz/FuzzManifest/", i), fmt.Appendf(nil, "go test fuzz v1\n[]byte(%q)\n", text))
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if json.Valid(data) {
			sameAsUnmarshal(t, data)
		}
	})
}
