package compat

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
)

// writeTruth writes the samples of all splits and replicas of an output, as premix's reader gives them.
func writeTruth(t *testing.T, dir, format, path string) {
	t.Helper()
	type row struct {
		Key    string    `json:"key"`
		Label  int       `json:"label"`
		LabelA int       `json:"label_a"`
		LabelB int       `json:"label_b"`
		Lam    float64   `json:"lam"`
		Soft   []float32 `json:"soft"`
		Image  []byte    `json:"image"`
	}
	type set struct {
		Split   string `json:"split"`
		Replica int    `json:"replica"`
		Samples []row  `json:"samples"`
	}
	f, err := formats.ByName(format)
	if err != nil {
		t.Fatal(err)
	}
	var sets []set
	for _, split := range []string{"train", "validation"} {
		spec := manifestSpec(t, dir, format, split)
		for _, replica := range manifestReplicas(t, dir, split) {
			spec.Replica = replica
			records, err := Records(dir, f, spec)
			if err != nil {
				t.Fatal(err)
			}
			s := set{Split: split, Replica: replica}
			for _, r := range records {
				soft := r.Soft
				if spec.LabelForm == shard.Pair {
					soft = make([]float32, len(spec.Classes))
					soft[r.LabelA] += float32(r.Lam)
					soft[r.LabelB] += float32(1 - r.Lam)
				}
				s.Samples = append(s.Samples, row{r.Key, r.Label, r.LabelA, r.LabelB, r.Lam, soft, r.Image})
			}
			sets = append(sets, s)
		}
	}
	text, err := json.Marshal(sets)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o666); err != nil {
		t.Fatal(err)
	}
}

// manifestReplicas returns the numbers in the names of a split's replicas, -1 for one without.
func manifestReplicas(t *testing.T, dir, split string) (replicas []int) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "__premix__", split, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Replicas []struct {
			Replica  int
			Numbered bool
		}
	}
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	for _, r := range m.Replicas {
		if !r.Numbered {
			r.Replica = -1
		}
		replicas = append(replicas, r.Replica)
	}
	if len(replicas) == 0 {
		t.Fatalf("%s, %s: no replicas", dir, split)
	}
	return replicas
}
