// Package transforms holds the stages of a job as Beam PTransforms: each decodes its elements,
// calls one function of package stage, and emits what it returns.
//
//	Scan        PCollection<[]byte> of chunks            listing containers inside of the pipeline
//	Peaks       PCollection<[]byte> of chunk summaries   peaks into the cache
//	Gate        PCollection<[]byte> of one plan          max-bad, resume and refusal
//	Distribute  PCollection<KV<int64,[]byte>>            rows to buckets of groups of shards
//	Collect     PCollection<KV<int64,[]byte>>            one element a group, dealt out evenly
//	Mix         PCollection<[]byte> of shard records     shards written
//	Finish      –                                        manifest and merged files
//
// Image bytes are in no PCollection. Elements are gob-encoded byte slices, which every runner
// moves with a standard coder; gob keeps names that are no valid UTF-8. Order of elements, bundle
// boundaries and retries make no difference to what is written.
package transforms

import (
	"bytes"
	"encoding/gob"
	"fmt"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/premix/premix/transforms/stage"
)

func init() {
	register.Emitter1[[]byte]()
	register.Emitter2[int64, []byte]()
	register.Iter1[[]byte]()
}

// marshal encodes an element.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(v)
	return b.Bytes(), err
}

// unmarshal decodes an element.
func unmarshal(b []byte, v any) error {
	if err := gob.NewDecoder(bytes.NewReader(b)).Decode(v); err != nil {
		return fmt.Errorf("transforms: element of %d bytes: %w", len(b), err)
	}
	return nil
}

// mustMarshal encodes what is part of a pipeline under construction.
func mustMarshal(where string, v any) []byte {
	b, err := marshal(v)
	if err != nil {
		panic(fmt.Sprintf("%s: %v", where, err))
	}
	return b
}

// load decodes a field into a lazily made value.
func load[T any](cached **T, encoded []byte) (*T, error) {
	if *cached == nil {
		v := new(T)
		if err := unmarshal(encoded, v); err != nil {
			return nil, err
		}
		*cached = v
	}
	return *cached, nil
}

// seal is deferred by every DoFn.
func seal(err *error) { *err = stage.Seal(*err) }

// drain reads an iterator of encoded elements.
func drain[T any](next func(*[]byte) bool) ([]T, error) {
	var out []T
	var b []byte
	for next(&b) {
		var v T
		if err := unmarshal(b, &v); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// Job is the description of the work that every transform takes.
type Job = stage.Job

// impulseTo runs a DoFn once, with side inputs.
func impulseTo(s beam.Scope, fn any, side ...beam.Option) []beam.PCollection {
	return beam.ParDoN(s, fn, beam.Impulse(s), side...)
}
