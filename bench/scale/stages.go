package main

import (
	"bytes"
	"context"
	"encoding/gob"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix/io/source"
	"github.com/premix/premix/plan"
	"github.com/premix/premix/transforms/stage"
)

// An element is what goes from stage to stage.
func element(v any) []byte {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(v); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func decoded[T any](b []byte) (*T, error) {
	v := new(T)
	return v, gob.NewDecoder(bytes.NewReader(b)).Decode(v)
}

// measureStages runs one stage after the other on elements as Beam moves them.
func measureStages(ctx context.Context, job *stage.Job, list []source.Container, add func(string, func(*Step) error) error, r *Result) error {
	var chunks []source.Chunk
	if err := add("scan", func(s *Step) error {
		for _, c := range list {
			part, err := stage.Split(ctx, job, c)
			if err != nil {
				return err
			}
			chunks = append(chunks, part...)
			for i := range part {
				s.count(element(&part[i]))
			}
		}
		return nil
	}); err != nil {
		return err
	}
	var summaries [][]byte
	if err := add("peaks", func(s *Step) error {
		return parallel(ctx, len(chunks), func(ctx context.Context, i int) ([]byte, error) {
			sum, err := stage.Peaks(ctx, job, chunks[i])
			if err != nil {
				return nil, err
			}
			return element(sum), nil
		}, func(b []byte) {
			s.count(b)
			summaries = append(summaries, b)
		})
	}); err != nil {
		return err
	}
	var p *stage.Plan
	if err := add("gate", func(s *Step) (err error) {
		p, err = stage.Gate(ctx, job, decodedEach(summaries))
		if err != nil {
			return err
		}
		s.countPlan(p)
		return nil
	}); err != nil {
		return err
	}
	g := p.Global
	var all []stage.OutputBatch
	for round := range g.Rounds {
		parts := map[int64][][]byte{}
		if err := add(fmt.Sprintf("rows %d/%d", round+1, g.Rounds), func(s *Step) error {
			var mu sync.Mutex
			return parallel(ctx, len(p.Chunks), func(ctx context.Context, i int) ([]byte, error) {
				return nil, stage.Distribute(ctx, job, g, &p.Chunks[i], round, func(part int64, batch []byte) {
					mu.Lock()
					defer mu.Unlock()
					parts[part] = append(parts[part], batch)
					s.count(batch)
				})
			}, func([]byte) {})
		}); err != nil {
			return err
		}
		keys := slices.Sorted(maps.Keys(parts))
		if err := add(fmt.Sprintf("mix %d/%d", round+1, g.Rounds), func(s *Step) error {
			for _, part := range keys {
				var rows []plan.Row
				var err error
				for _, batch := range parts[part] {
					if rows, err = plan.ReadRows(rows, batch); err != nil {
						return err
					}
				}
				delete(parts, part)
				made, err := stage.Mix(ctx, job, g, rows)
				if err != nil {
					return err
				}
				for i := range made {
					b, err := made[i].Encode()
					if err != nil {
						return err
					}
					s.count(b)
				}
				all = append(all, made...)
				r.Samples += int64(len(rows))
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return add("finish", func(*Step) error { return stage.Finish(ctx, job, g, p.Accounts, encodedBatches(all)) })
}

// encodedBatches hands out the records of shards as a runner does.
func encodedBatches(all []stage.OutputBatch) iter.Seq2[*stage.OutputBatch, error] {
	return func(yield func(*stage.OutputBatch, error) bool) {
		for i := range all {
			b, err := all[i].Encode()
			if err != nil {
				yield(nil, err)
				return
			}
			if batch, err := stage.ReadOutputBatch(b); !yield(batch, err) {
				return
			}
		}
	}
}

// parallel calls work for 0 to n−1, eight at once, and done with what it returns, one at a time.
func parallel(ctx context.Context, n int, work func(ctx context.Context, i int) ([]byte, error), done func([]byte)) error {
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i := range n {
		g.Go(func() error {
			b, err := work(ctx, i)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				done(b)
			}
			return err
		})
	}
	return g.Wait()
}

// count counts an element.
func (s *Step) count(b []byte) {
	s.Elements++
	s.Bytes += int64(len(b))
}

// countPlan counts what the gate hands on.
func (s *Step) countPlan(p *stage.Plan) {
	s.count(element(p.Global))
	for i := range p.Chunks {
		s.count(element(&p.Chunks[i]))
	}
	for i := range p.Accounts {
		s.count(element(&p.Accounts[i]))
	}
}

// decodedEach hands out summaries as a runner does.
func decodedEach(elements [][]byte) stage.Summaries {
	return func(yield func(*stage.Summary) error) error {
		for _, b := range elements {
			s, err := decoded[stage.Summary](b)
			if err != nil {
				return err
			}
			if err := s.AssertValid(); err != nil {
				return err
			}
			if err := yield(s); err != nil {
				return err
			}
		}
		return nil
	}
}
