package dataset_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log"
	"os"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
)

// Example lists the samples of a finished output.
func Example() {
	ctx := context.Background()
	out, err := os.MkdirTemp("", "premix")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(out)
	if err := makeOutput(ctx, out); err != nil {
		log.Fatal(err)
	}

	m, err := dataset.LoadManifest(ctx, out, "train")
	if err != nil {
		log.Fatal(err) // fs.ErrNotExist: the split is not finished
	}
	classes, err := dataset.LoadClasses(ctx, out, "train")
	if err != nil {
		log.Fatal(err)
	}
	for _, replica := range m.Replicas {
		for _, s := range replica.Shards {
			recipes, err := dataset.ReadPlan(ctx, blob.Join(out, dataset.PlanPath("train", s.Name)))
			if err != nil {
				log.Fatal(err)
			}
			fmt.Printf("%s: %d samples\n", s.Name, s.Samples)
			for _, r := range recipes {
				fmt.Printf("%s: %.2f %s + %.2f %s\n", r.Key, r.Lam, classes[r.LabelA], 1-r.Lam, classes[r.LabelB])
			}
		}
	}
	// Output:
	// demo-train-000000.tar: 2 samples
	// 000000000: 0.75 cat + 0.25 dog
	// 000000001: 0.50 dog + 0.50 cat
}

// makeOutput does in small what a job does: config.json first, then for each shard the shard, its
// plan and its record, and the manifest last.
func makeOutput(ctx context.Context, out string) error {
	format, err := formats.ByName("webdataset")
	if err != nil {
		return err
	}
	spec := shard.Spec{
		Name: "demo", Split: "train", Replica: -1, Shards: 1, Classes: []string{"cat", "dog"},
		LabelForm: shard.Pair, ImageFormat: "jpg", Size: premix.Size{H: 224, W: 224},
	}
	recipe, fingerprint := json.RawMessage(`{"seed": 0}`), "f00d"
	if err := dataset.SaveConfig(ctx, out, format, spec, fingerprint, recipe); err != nil {
		return err
	}
	cat, dog := &premix.Sample{Name: "cat/1.jpg", Label: 0}, &premix.Sample{Name: "dog/1.jpg", Label: 1}
	recipes := []premix.Recipe{
		{Key: "000000000", Method: "saliencymix", Mixed: true, Lam: 0.75, LabelA: 0, LabelB: 1, Target: cat, Source: dog},
		{Key: "000000001", Method: "saliencymix", Mixed: true, Lam: 0.5, LabelA: 1, LabelB: 0, Target: dog, Source: cat, Index: 1, Position: 1},
	}
	var file bytes.Buffer
	w := format.NewWriter(&file, spec)
	for i := range recipes {
		sample := dataset.Sample(&recipes[i], []byte("an encoded image"), &spec)
		if err := w.Write(&sample); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	record := dataset.ShardRecord{
		Path: format.ShardPath(spec, 0), Samples: 2, Bytes: int64(file.Len()), PayloadBytes: w.Payload(),
		SHA256: fmt.Sprintf("%x", sha256.Sum256(file.Bytes())), Fingerprint: fingerprint, Stats: dataset.StatsOf(recipes),
	}
	if err := blob.WriteFile(ctx, blob.Join(out, record.Path), file.Bytes()); err != nil {
		return err
	}
	record.PlanPath = dataset.PlanPath("train", record.Path)
	if record.PlanBytes, err = dataset.WritePlan(ctx, blob.Join(out, record.PlanPath), recipes); err != nil {
		return err
	}
	if err := dataset.CommitRecord(ctx, out, "train", record); err != nil {
		return err
	}
	shards, err := dataset.Gather([]dataset.ShardRecord{record})
	if err != nil {
		return err
	}
	_, err = dataset.Finish(ctx, dataset.FinishParams{
		Out: out, Format: format, Spec: spec, Replicas: []int{0}, Shards: shards,
		Recipe: recipe, Fingerprint: fingerprint,
		Chunks: []dataset.Chunk{{Container: "cat", Entries: 1, Good: 1}, {Container: "dog", Entries: 1, Good: 1}},
	})
	return err
}
