package verify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/source"
)

// present reads a file that has to be there. It notes what is wrong with it otherwise, followed by what
// to do; then ok is false. The error is one of the environment.
func present(ctx context.Context, found *defects, out, file, remedy string) (data []byte, ok bool, err error) {
	data, err = blob.ReadAll(ctx, blob.Join(out, file), blob.MaxMeta)
	switch {
	case err == nil:
		return data, true, nil
	case dataset.Environment(err):
		return nil, false, fmt.Errorf("verify: %w", err)
	}
	found.add(file, "", "%s%s", unreadable(err), remedy)
	return nil, false, nil
}

// unreadable says why a file could not be read, if the fault is its own.
func unreadable(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "missing"
	}
	var e *blob.Error
	if errors.As(err, &e) {
		return oneLine(e.Err)
	}
	return oneLine(err)
}

// checkPlaces checks the files that say where and how the split was made. They depend on place and time,
// so each is checked by itself; inputs.json is also compared with the manifest.
func (v *verifier) checkPlaces(ctx context.Context) error {
	remedy := "; run the job again: it keeps what is done"
	if v.manifest != nil {
		remedy = "; premix reindex writes it, without the places of the inputs; the job, run again, writes all of it"
	}
	file := v.meta(dataset.InputsFile)
	data, ok, err := present(ctx, &v.found, v.out, file, remedy)
	if err != nil {
		return err
	}
	if ok {
		if why := v.inputsDiffer(data); why != "" {
			v.found.add(file, "", "%s%s", why, remedy)
		}
	}
	planned, err := v.checkPlanned(ctx)
	if err != nil {
		return err
	}
	if v.manifest == nil && !planned {
		return nil // written last
	}
	if v.manifest != nil {
		remedy = "; premix reindex writes a new one"
	}
	for _, f := range []struct {
		name  string
		check func([]byte) error
	}{{dataset.RunFile, dataset.CheckRun}, {dataset.ReportFile, dataset.CheckReport}} {
		if f.name == dataset.ReportFile && v.manifest == nil {
			continue // of shards that are not made
		}
		file := v.meta(f.name)
		data, ok, err := present(ctx, &v.found, v.out, file, remedy)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if why := f.check(data); why != nil {
			v.found.add(file, "", "%s%s", oneLine(why), remedy)
		}
	}
	return nil
}

// inputsDiffer says why the content of inputs.json is not as it should be.
func (v *verifier) inputsDiffer(data []byte) string {
	in, err := dataset.DecodeInputs(data)
	if err != nil {
		return oneLine(err)
	}
	var roots []source.Input
	if err := json.Unmarshal(in.Roots, &roots); err != nil {
		return oneLine(fmt.Errorf("its list of inputs: %w", err))
	}
	if v.manifest != nil && v.manifest.Whole() {
		return in.Differs(v.manifest)
	}
	return ""
}

// checkPlanned checks plan.json, and reports whether it is there.
func (v *verifier) checkPlanned(ctx context.Context) (bool, error) {
	file := v.meta(dataset.PlannedFile)
	data, err := blob.ReadAll(ctx, blob.Join(v.out, file), blob.MaxMeta)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil && dataset.Environment(err):
		return false, fmt.Errorf("verify: %w", err)
	}
	bad := func(err error) {
		v.found.add(file, "", "%s; run the job that planned it again", unreadable(err))
	}
	if err != nil {
		bad(err)
		return true, nil
	}
	m, err := dataset.LoadPlanned(ctx, v.out, v.name)
	if err == nil {
		err = dataset.Canonical(data, m, m.Recipe)
	}
	if err == nil && !m.Whole() {
		err = errors.New("was edited or damaged: its own sha256 does not fit")
	}
	if err != nil && dataset.Environment(err) {
		return false, err
	}
	if err != nil {
		bad(err)
	}
	return true, nil
}

// checkClassBytes compares classes.txt with its hash in config.json, to the last newline.
func (v *verifier) checkClassBytes(ctx context.Context) error {
	file := v.meta(dataset.ClassesFile)
	data, ok, err := present(ctx, &v.found, v.out, file, "")
	if err != nil || !ok {
		return err
	}
	sum := sha256.Sum256(data)
	switch {
	case hex.EncodeToString(sum[:]) == v.config.Shape.Classes.SHA256:
	case len(data) > 0 && !bytes.HasSuffix(data, []byte("\n")):
		v.found.add(file, "", "its last line does not end with a newline; premix reindex writes it")
	default:
		v.found.add(file, "", "its lines do not end as premix writes them; premix reindex writes it")
	}
	return nil
}
