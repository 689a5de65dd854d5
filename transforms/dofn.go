package transforms

import (
	"bytes"
	"compress/flate"
	"encoding/gob"
	"errors"
	"fmt"
	"io"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/premix/premix/internal/buildid"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/transforms/stage"
)

func init() {
	register.Emitter1[[]byte]()
	register.Emitter2[int64, []byte]()
	register.Iter1[[]byte]()
}

// A jobFn is the base of every DoFn. Beam sends a DoFn to workers as JSON, which keeps exported fields
// only.
//
// Builds from before workers looked at Build have the job in a field Job, and the containers in a field
// Containers. The names of today's fields let such a worker fail with [stage.AncientWorker].
type jobFn struct {
	Build buildid.ID // that may decode what follows
	Work  []byte     // the job, encoded by encode
	job   *Job
}

func newJobFn(where string, job *Job) jobFn {
	build := job.Build
	if build == (buildid.ID{}) {
		build = buildid.InProcess()
	}
	return jobFn{Build: build, Work: mustEncode(where, job)}
}

// load returns the job, which is decoded once for each instance of a DoFn. It refuses where this worker is
// of another build than the job wants. Every DoFn calls it first, directly or by the base that it has.
func (fn *jobFn) load() (*Job, error) {
	if fn.job == nil {
		if err := stage.CheckBuild(fn.Build); err != nil {
			return nil, err
		}
		job := new(Job)
		if err := decode(fn.Work, job); err != nil {
			return nil, err
		}
		fn.job = job
	}
	return fn.job, nil
}

// loadWith returns the job, and decodes an element into v.
func (fn *jobFn) loadWith(elem []byte, v any) (*Job, error) {
	job, err := fn.load()
	if err != nil {
		return nil, err
	}
	return job, decode(elem, v)
}

// A planFn is the base of the DoFns that also need the plan of the job.
type planFn struct {
	jobFn
	global *stage.Global
}

func newPlanFn(where string, job *Job) planFn { return planFn{jobFn: newJobFn(where, job)} }

// loadPlan returns the job, and its plan from the side input of the gate, which is read once for each
// instance. The plan is nil where the gate refused: then there is nothing to do.
func (fn *planFn) loadPlan(side func(*[]byte) bool) (*Job, *stage.Global, error) {
	job, err := fn.load()
	if err != nil {
		return nil, nil, err
	}
	if fn.global == nil {
		plans, err := drain[stage.Global](side)
		if err != nil || len(plans) == 0 {
			return nil, nil, err
		}
		fn.global = &plans[0]
	}
	return job, fn.global, nil
}

// A containersFn is the base of the DoFns that list the containers of the job's input. The launcher
// found the containers; they travel inside the pipeline.
type containersFn struct {
	jobFn
	Input []byte // the containers, by packContainers
}

func newContainersFn(where string, job *Job, containers []source.Container) containersFn {
	return containersFn{newJobFn(where, job), packContainers(where, containers)}
}

// loadContainers returns the job and its containers.
func (fn *containersFn) loadContainers() (job *Job, containers []source.Container, err error) {
	if job, err = fn.load(); err != nil {
		return nil, nil, err
	}
	containers, err = unpackContainers(fn.Input)
	return job, containers, err
}

// packContainers encodes containers, and compresses them: their names are alike, and what clusters take as a job is
// bounded.
func packContainers(where string, containers []source.Container) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.DefaultCompression)
	if err == nil {
		_, err = w.Write(mustEncode(where, containers))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(fmt.Sprintf("%s: %v", where, err))
	}
	return b.Bytes()
}

func unpackContainers(packed []byte) (containers []source.Container, err error) {
	b, err := io.ReadAll(flate.NewReader(bytes.NewReader(packed)))
	if err != nil {
		return nil, fmt.Errorf("transforms: the containers of the job: %w", err)
	}
	err = decode(b, &containers) // before the return: Go does not say whether a call comes before a variable there
	return containers, err
}

// encode returns an element. It is gob, which keeps names that are not valid UTF-8.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(v)
	return b.Bytes(), err
}

// mustEncode encodes what is part of a pipeline under construction.
func mustEncode(where string, v any) []byte {
	b, err := encode(v)
	if err != nil {
		panic(fmt.Sprintf("%s: %v", where, err))
	}
	return b
}

// decode is the inverse of encode. A value that states its invariants is checked here, on its way
// into a stage: another version of the program may have written it.
func decode(b []byte, v any) error {
	if len(b) == 0 {
		return errors.New("transforms: an element is empty")
	}
	if err := gob.NewDecoder(bytes.NewReader(b)).Decode(v); err != nil {
		return fmt.Errorf("transforms: element of %d bytes: %w", len(b), err)
	}
	if w, ok := v.(interface{ AssertValid() error }); ok {
		return w.AssertValid()
	}
	return nil
}

// drain decodes all elements of an iterator.
func drain[T any](next func(*[]byte) bool) (out []T, err error) {
	err = decodeEach(next, func(v *T) error {
		out = append(out, *v)
		return nil
	})
	return out, err
}

// decodeEach yields each element of an iterator, decoded.
func decodeEach[T any](next func(*[]byte) bool, yield func(*T) error) error {
	var b []byte
	for next(&b) {
		v := new(T)
		if err := decode(b, v); err != nil {
			return err
		}
		if err := yield(v); err != nil {
			return err
		}
	}
	return nil
}

// encodeTo returns a function that encodes a value and emits it.
func encodeTo[T any](emit func([]byte)) func(*T) error {
	return func(v *T) error {
		b, err := encode(v)
		if err == nil {
			emit(b)
		}
		return err
	}
}

// emitAll emits each value of a list.
func emitAll[T any](emit func([]byte), list []T) error {
	send := encodeTo[T](emit)
	for i := range list {
		if err := send(&list[i]); err != nil {
			return err
		}
	}
	return nil
}

// seal is deferred by every DoFn.
func seal(err *error) { *err = stage.Seal(*err) }
