package verify

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
)

// checkManifest holds records against the manifest, the manifest against config.json, and the
// counts against failures.jsonl.
func (v *verifier) checkManifest(ctx context.Context) error {
	before := v.found.total
	kinds, err := v.failures(ctx)
	if err != nil {
		return err
	}
	m := v.manifest
	if m == nil {
		return nil
	}
	file := v.meta(dataset.ManifestFile)
	bad := func(format string, args ...any) { v.found.add(file, "", format, args...) }
	if err := canonical(ctx, &v.found, v.out, file, m); err != nil {
		return err
	}
	if err := canonical(ctx, &v.found, v.out, v.meta(dataset.ConfigFile), v.config); err != nil {
		return err
	}
	if m.Fingerprint != v.config.Fingerprint {
		bad("fingerprint %s, config.json says %s", m.Fingerprint, v.config.Fingerprint)
	}
	if m.Shape != v.config.Shape {
		bad("describes the shards as %+v, config.json as %+v", m.Shape, v.config.Shape)
	}
	for _, line := range dataset.RecipeDiff(v.config.Recipe, m.Recipe) {
		bad("recipe, from config.json to manifest.json: %s", line)
	}
	for i := range v.records {
		if f := v.records[i].Fingerprint; f != m.Fingerprint {
			bad("fingerprint %s, the record of %s says %s", m.Fingerprint, v.records[i].Path, f)
		}
	}
	replicas, samples := dataset.GroupReplicas(v.format, v.config.Shape.Spec(nil), v.records)
	v.checkReplicas(replicas)
	c := m.Counts
	if c.Samples != samples {
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
	if kinds != nil {
		if c.Failed < v.split.Failures || c.Failed > v.split.Failures && !v.lost(dataset.LostFailures) {
			bad("%d failures, failures.jsonl has %d", c.Failed, v.split.Failures)
		}
		if !maps.Equal(c.Failures, kinds) {
			bad("failures by kind are %v, failures.jsonl has %v", c.Failures, kinds)
		}
	}
	var in dataset.Counts
	for _, s := range m.Inputs.Containers {
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
	if want := dataset.Summarize(v.stats.Methods()); v.perfect && !slices.Equal(want, m.Statistics) {
		bad("statistics differ from those of the records")
	}
	if v.found.total == before && v.failuresSum != "" && v.failuresSum != m.FailuresSHA256 {
		v.found.add(v.meta(dataset.FailuresFile), "", "sha256 %.12s…, the manifest says %.12s…", v.failuresSum, m.FailuresSHA256)
	}
	if sum, err := m.Sum(); v.found.total == before && (err != nil || sum != m.SHA256) {
		bad("was edited or damaged: its own sha256 does not fit") // and where, nothing else tells
	}
	return nil
}

// checkReplicas compares the shards that the manifest lists with those that have records.
func (v *verifier) checkReplicas(replicas []dataset.Replica) {
	file := v.meta(dataset.ManifestFile)
	listed := map[string]dataset.Shard{}
	for _, r := range v.manifest.Replicas {
		var samples, bytes int64
		for _, s := range r.Shards {
			listed[s.Name] = s
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
		v.found.add(name, "", "the manifest lists it, but it has no record")
	}
}

// failures reads failures.jsonl; nil if it cannot be read.
func (v *verifier) failures(ctx context.Context) (map[premix.FaultKind]int64, error) {
	file := v.meta(dataset.FailuresFile)
	r, err := blob.Open(ctx, blob.Join(v.out, file))
	if errors.Is(err, fs.ErrNotExist) {
		if v.manifest != nil {
			v.found.add(file, "", "missing")
		}
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	defer r.Close()
	kinds := map[premix.FaultKind]int64{}
	sum := sha256.New()
	b := bufio.NewReader(io.TeeReader(r, sum))
	for {
		line, err := readLine(b)
		if err == io.EOF {
			v.failuresSum = hex.EncodeToString(sum.Sum(nil))
			return kinds, nil
		}
		if err != nil && err != errLongLine {
			return nil, fmt.Errorf("verify: %s: %w", file, err)
		}
		v.split.Failures++
		var f premix.Failure
		if err == nil {
			err = json.Unmarshal(line, &f)
		}
		if err != nil {
			v.found.add(file, "", "line %d: %s", v.split.Failures, oneLine(err))
			continue
		}
		if f.Name == "" || f.Stage == "" || f.Kind == "" || f.Reason == "" {
			v.found.add(file, "", "line %d lacks a name, stage, kind or reason: %s", v.split.Failures, cut(line))
		}
		kinds[f.Kind]++
	}
}

// cut is as much of a line as a message can hold.
func cut(line []byte) string {
	const most = 200
	line = bytes.TrimSpace(line)
	if len(line) > most {
		return fmt.Sprintf("%.*q…", most, line)
	}
	return fmt.Sprintf("%q", line)
}

const maxLine = 1 << 20

var errLongLine = fmt.Errorf("longer than %d bytes", maxLine)

// readLine reads a line; of one that is too long it reads on to its end and returns errLongLine.
func readLine(b *bufio.Reader) ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := b.ReadSlice('\n')
		if long = long || len(line)+len(part) > maxLine; !long {
			line = append(line, part...)
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF && len(line) == 0 && !long:
			return nil, io.EOF
		case err != nil && err != io.EOF:
			return nil, err
		case long:
			return nil, errLongLine
		}
		return line, nil
	}
}
