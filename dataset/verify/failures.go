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

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
)

// failures are what failures.jsonl says.
type failures struct {
	kinds map[premix.FaultKind]int64
	lost  dataset.Lost
}

// failures reads failures.jsonl; nil if it cannot be read.
func (v *verifier) failures(ctx context.Context) (*failures, error) {
	file := v.meta(dataset.FailuresFile)
	r, err := blob.Open(ctx, blob.Join(v.out, file))
	if errors.Is(err, fs.ErrNotExist) {
		if v.manifest != nil {
			v.found.add(file, "", "missing")
		}
		return nil, nil
	}
	switch {
	case err != nil && dataset.Environment(err):
		return nil, fmt.Errorf("verify: %w", err)
	case err != nil:
		v.found.add(file, "", "%s", unreadable(err))
		return nil, nil
	}
	defer r.Close()
	all := &failures{kinds: map[premix.FaultKind]int64{}}
	sum := sha256.New()
	b := bufio.NewReader(io.TeeReader(r, sum))
	for {
		line, err := readLine(b)
		if err == io.EOF {
			v.failuresSum = hex.EncodeToString(sum.Sum(nil))
			return all, nil
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
		if f.Weight < 0 {
			v.found.add(file, "", "line %d has the weight %d", v.split.Failures, f.Weight)
		}
		all.kinds[f.Kind]++
		all.lost.Add(&f)
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
