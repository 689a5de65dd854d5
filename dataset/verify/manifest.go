package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/premix/premix/dataset"
)

// checkManifest compares the manifest with the records, with config.json and with failures.jsonl.
func (v *verifier) checkManifest(ctx context.Context) error {
	before := v.found.total
	failed, err := v.failures(ctx)
	if err != nil {
		return err
	}
	m := v.manifest
	if m == nil {
		return nil
	}
	file := v.meta(dataset.ManifestFile)
	bad := func(format string, args ...any) { v.found.add(file, "", format, args...) }
	if err := canonical(ctx, &v.found, v.out, file, m, m.Recipe); err != nil {
		return err
	}
	if err := canonical(ctx, &v.found, v.out, v.meta(dataset.ConfigFile), v.config, v.config.Recipe); err != nil {
		return err
	}
	if m.Fingerprint != v.config.Fingerprint {
		bad("fingerprint %s, config.json says %s", m.Fingerprint, v.config.Fingerprint)
	}
	if m.Shape != v.config.Shape {
		bad("describes the shards as %+v, config.json as %+v", m.Shape, v.config.Shape)
	}
	diff := dataset.RecipeDiff(v.config.Recipe, m.Recipe)
	for _, line := range diff {
		bad("recipe, from config.json to manifest.json: %s", line)
	}
	if len(diff) == 0 && !bytes.Equal(compact(v.config.Recipe), compact(m.Recipe)) {
		bad("its recipe and that of config.json are the same, but not in the same words")
	}
	for i := range v.records {
		if f := v.records[i].Fingerprint; f != m.Fingerprint {
			bad("fingerprint %s, the record of %s says %s", m.Fingerprint, v.records[i].Path, f)
		}
	}
	replicas, samples := dataset.GroupReplicas(v.format, v.config.Shape.Spec(nil), v.records)
	v.checkReplicas(replicas)
	v.checkCounts(replicas, samples, failed)
	if want := dataset.Summarize(v.stats.Methods()); v.perfect && !slices.Equal(want, m.Statistics) {
		bad("statistics differ from those of the records")
	}
	if v.found.total == before && v.failuresSum != "" && v.failuresSum != m.FailuresSHA256 {
		v.found.add(v.meta(dataset.FailuresFile), "", "sha256 %.12s…, the manifest says %.12s…", v.failuresSum, m.FailuresSHA256)
	}
	if v.found.total == before && !m.Whole() {
		bad("was edited or damaged: its own sha256 does not fit") // where is unknown
	}
	return nil
}

// compact is JSON without its spaces.
func compact(raw json.RawMessage) []byte {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return raw
	}
	return b.Bytes()
}

// checkCounts compares the counts of the manifest with each other, with the records, of which there are
// samples together, and with the failures, if these are known.
func (v *verifier) checkCounts(replicas []dataset.Replica, samples int64, failed *failures) {
	c := v.manifest.Counts
	bad := func(format string, args ...any) { v.found.add(v.meta(dataset.ManifestFile), "", format, args...) }
	if len(v.damaged) > 0 {
		replicas = nil // not all of their shards are known
	} else if c.Samples != samples {
		bad("%d samples, the records say %d", c.Samples, samples)
	}
	for _, r := range replicas {
		if r.Samples != c.Good {
			bad("%d images are good, but replica %d has %d samples", c.Good, r.Replica, r.Samples)
		}
	}
	if sum := c.Good + c.Ignored + c.Excluded + c.Failed; c.Entries != sum {
		bad("%d entries, but good, ignored, excluded and failed are %d together", c.Entries, sum)
	}
	if failed != nil {
		if c.Failed < v.split.Failures || c.Failed > v.split.Failures && !v.lost(dataset.LostFailures) {
			bad("%d failures, failures.jsonl has %d", c.Failed, v.split.Failures)
		}
		if !maps.Equal(c.Failures, failed.kinds) {
			bad("failures by kind are %v, failures.jsonl has %v", c.Failures, failed.kinds)
		}
		if c.Lost == nil {
			c.Lost = &dataset.Lost{}
		}
		if *c.Lost != failed.lost {
			bad("the weights of failures are %d images in %d lines, failures.jsonl has %d in %d", c.Lost.Images, c.Lost.Rows, failed.lost.Images, failed.lost.Rows)
		}
	}
	var in dataset.Counts
	for _, s := range v.manifest.Inputs.Containers {
		in.Good += s.Good
		in.Ignored += s.Ignored
		in.Excluded += s.Excluded
		in.Failed += s.Failed
		if s.Entries != s.Good+s.Ignored+s.Excluded+s.Failed {
			bad("the counts of the input %s do not add up", s.Name)
		}
	}
	if in.Good != c.Good || in.Excluded != c.Excluded || in.Ignored > c.Ignored || in.Failed > c.Failed {
		bad("the counts of the inputs do not add up to the totals")
	}
}

// checkReplicas compares the shards that the manifest lists with those that have records.
func (v *verifier) checkReplicas(replicas []dataset.Replica) {
	file := v.meta(dataset.ManifestFile)
	listed := map[string]dataset.Shard{}
	record := map[string]string{} // its name, by the name of the shard
	for _, r := range v.manifest.Replicas {
		var samples, bytes int64
		for i, s := range r.Shards {
			listed[s.Name], record[s.Name] = s, dataset.RecordName(r.Replica, int64(i))
			samples += s.Samples
			bytes += s.Bytes
		}
		if samples != r.Samples || bytes != r.Bytes {
			v.found.add(file, "", "replica %d has %d samples in %d bytes, its shards have %d in %d", r.Replica, r.Samples, r.Bytes, samples, bytes)
		}
		if int64(len(r.Shards)) != v.config.Shape.Shards {
			v.found.add(file, "", "replica %d lists %d shards of %d", r.Replica, len(r.Shards), v.config.Shape.Shards)
		}
	}
	for _, r := range replicas {
		for _, s := range r.Shards {
			l, ok := listed[s.Name]
			delete(listed, s.Name)
			switch {
			case !ok:
				v.found.add(s.Name, "", "has a record, but the manifest does not list it")
			case l != s:
				v.found.add(s.Name, "", "the manifest says %+v, its record %+v", l, s)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(listed)) {
		if v.damaged[record[name]] != nil {
			continue // said before
		}
		v.found.add(name, "", "the manifest lists it, but its record %s is missing", v.meta(dataset.ShardsDir, record[name]))
	}
}
