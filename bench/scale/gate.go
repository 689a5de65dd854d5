package main

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/premix/premix/transforms/stage"
)

// measureGate measures the gate on drawn summaries: one of a thousand images in each of s.Labels classes.
func measureGate(s *setup) (*Result, error) {
	ctx := context.Background()
	st, err := startStore(s)
	if err != nil {
		return nil, err
	}
	defer st.stop()
	job, err := describe(s, st, nil)
	if err != nil {
		return nil, err
	}
	r := &Result{Setup: *s}
	var summaries [][]byte
	draw, err := step("draw", st, func(step *Step) error {
		good := map[string]int64{}
		for k := range s.Labels {
			good["n"+labelName(k)] = 1
		}
		for i := range s.Images / s.Labels {
			sum := &stage.Summary{
				ID: fmt.Sprintf("%064x", i), Container: fmt.Sprintf("imagenet-train-%06d.tar", i), Layout: "synth", URI: "synth:",
				First: "first", Last: "last", Entries: s.Labels, Good: stage.CountsOf(good), Bytes: 110_000 * s.Labels, Stamp: "1",
				Content: fmt.Sprintf("%032x", i), Files: []string{fmt.Sprintf("%064x-%032x.r000-089.parquet", i, i)}, Spool: stage.SpoolRef,
			}
			binary.BigEndian.PutUint64(sum.Digest[:], uint64(i))
			b := element(sum)
			step.count(b)
			summaries = append(summaries, b)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	gate, err := step("gate", st, func(step *Step) error {
		p, err := stage.Gate(ctx, job, decodedEach(summaries))
		if err != nil {
			return err
		}
		step.countPlan(p)
		return nil
	})
	r.Steps = []Step{draw, gate}
	return r, err
}
