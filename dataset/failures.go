package dataset

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
)

// A failureSummary is what the manifest has about failures.jsonl.
type failureSummary struct {
	kinds map[premix.FaultKind]int64
	sum   string // SHA-256
}

// writeFailures streams the failures into a file, one JSON object a line, and counts them.
func writeFailures(ctx context.Context, uri string, failures func(func(premix.Failure) error) error) (*failureSummary, error) {
	w, err := blob.Create(ctx, uri)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	defer w.Abort()
	kinds := map[premix.FaultKind]int64{}
	sum := sha256.New()
	b := bufio.NewWriterSize(io.MultiWriter(w, sum), 1<<16)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if failures != nil {
		err = failures(func(f premix.Failure) error {
			kinds[f.Kind]++
			return e.Encode(f)
		})
		if err != nil {
			return nil, fmt.Errorf("dataset: failures: %w", err)
		}
	}
	if err := b.Flush(); err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	if err := w.Commit(); err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	return &failureSummary{kinds, hex.EncodeToString(sum.Sum(nil))}, nil
}

// firstFailures reads as many failures as the report shows.
func firstFailures(ctx context.Context, uri string) ([]premix.Failure, error) {
	r, err := blob.Open(ctx, uri)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	defer r.Close()
	d := json.NewDecoder(bufio.NewReader(r))
	var failures []premix.Failure
	for len(failures) < reportFailures {
		var f premix.Failure
		err := d.Decode(&f)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("dataset: %s: %w", uri, err)
		}
		failures = append(failures, f)
	}
	return failures, nil
}
