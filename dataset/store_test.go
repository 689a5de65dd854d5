package dataset_test

import (
	"context"
	"errors"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/inspect"
	"github.com/premix/premix/dataset/internal/fixture"
	"github.com/premix/premix/dataset/reindex"
	"github.com/premix/premix/dataset/verify"
	"github.com/premix/premix/io/blob"
)

// TestStore: everything works on an object store, where there are no folders.
func TestStore(t *testing.T) {
	ctx := context.Background()
	const out = "mem://dataset-store-test/a/b"
	if s, err := dataset.Look(ctx, out); err != nil || s.Foreign != "" || len(s.Splits) != 0 {
		t.Fatalf("before: %+v, %v", s, err)
	}
	o := fixture.Output{Dir: out, Replicas: []int{0, 1}}
	o.Make(t)
	v := fixture.Output{Dir: out, Split: "validation", Images: 3, Shards: 1}
	v.Make(t)
	local := fixture.Output{Dir: t.TempDir(), Replicas: []int{0, 1}}
	local.Make(t)
	a, errA := blob.ReadAll(ctx, dataset.Meta(out, "train", dataset.ManifestFile), 1<<20)
	b, errB := blob.ReadAll(ctx, dataset.Meta(local.Dir, "train", dataset.ManifestFile), 1<<20)
	if diff := cmp.Diff(string(a), string(b)); diff != "" || errA != nil || errB != nil {
		t.Errorf("manifests in a store and in a folder: %v %v\n%s", errA, errB, diff)
	}
	if s, err := dataset.Look(ctx, out); err != nil || len(s.Splits) != 2 || s.Splits[1].Manifest == nil {
		t.Fatalf("after: %+v, %v", s, err)
	}
	report, err := verify.Run(ctx, out, verify.Options{})
	if err != nil || !report.OK || len(report.Splits) != 2 {
		t.Errorf("verify: %v %+v", err, report)
	}
	stray := blob.Join(out, "demo-train-r002-000000.tar")
	if err := blob.WriteFile(ctx, stray, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if report, err = verify.Run(ctx, out, verify.Options{}); err != nil || report.Total != 1 || report.Defects[0].Path != "demo-train-r002-000000.tar" {
		t.Errorf("verify: %v %+v", err, report)
	}
	if r, err := inspect.Path(ctx, out, inspect.Options{Pictures: 4}); err != nil || r.Kind != inspect.KindOutput || r.Samples != 27 {
		t.Errorf("inspect: %v %+v", err, r)
	}
	if err := blob.Remove(ctx, blob.Join(out, "_info.json")); err != nil {
		t.Fatal(err)
	}
	if r, err := reindex.Run(ctx, out, reindex.Options{}); err != nil || !r.OK() || len(r.Splits[0].Rebuilt) != 1 || len(r.Splits[0].Stray) != 1 {
		t.Errorf("reindex: %v %+v", err, r)
	}
	for _, split := range []string{"train", "validation"} {
		if err := dataset.Remove(ctx, out, split); err != nil {
			t.Fatal(err)
		}
	}
	// the stray shard is of a replica that nobody began: it is someone else's
	if err := blob.Remove(ctx, stray); err != nil {
		t.Error(err)
	}
	for o, err := range blob.Walk(ctx, "mem://dataset-store-test/a") {
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		t.Errorf("left: %s %v", o.URI, err)
	}
}

// TestNothingGood: an input without a usable image gives a manifest that says so.
func TestNothingGood(t *testing.T) {
	ctx := context.Background()
	o := fixture.Output{Dir: t.TempDir(), Failures: failures}
	p := o.Shard(t)
	if err := dataset.Remove(ctx, o.Dir, "train"); err != nil {
		t.Fatal(err)
	}
	p.Shards, p.Spec.Shards = nil, 0
	p.Chunks[0].Good, p.Chunks[0].Entries = 0, p.Chunks[0].Entries-p.Chunks[0].Good
	inputs := &dataset.Inputs{Digest: p.InputsDigest, Roots: []byte(`[]`), Containers: dataset.Containers(p.Chunks)}
	if err := dataset.SaveInputs(ctx, o.Dir, "train", inputs); err != nil {
		t.Fatal(err)
	}
	m, err := dataset.Finish(ctx, p)
	if err != nil {
		t.Fatal(err)
	}
	if m.Counts.Good != 0 || m.Counts.Failed != 3 || m.Counts.Entries != 6 || len(m.Replicas) != 0 {
		t.Errorf("%+v", m.Counts)
	}
	r, err := verify.Run(ctx, o.Dir, verify.Options{})
	if err != nil || !r.OK {
		t.Errorf("verify: %v %+v", err, r)
	}
	if _, err := inspect.Path(ctx, o.Dir, inspect.Options{}); err != nil {
		t.Errorf("inspect: %v", err)
	}
}
