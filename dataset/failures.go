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
	sum   string           // SHA-256
	first []premix.Failure // as many as the report shows
}

// writeFailures streams the failures into a file, one JSON object a line, and counts them.
func writeFailures(ctx context.Context, uri string, failures func(func(premix.Failure) error) error) (*failureSummary, error) {
	w, err := blob.Create(ctx, uri)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	defer w.Abort()
	summary := &failureSummary{kinds: map[premix.FaultKind]int64{}}
	sum := sha256.New()
	b := bufio.NewWriterSize(io.MultiWriter(w, sum), 1<<16)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if failures != nil {
		err = failures(func(f premix.Failure) error {
			summary.kinds[f.Kind]++
			if len(summary.first) < reportFailures {
				shown := f
				// As JSON has them: bytes that are not UTF-8 are U+FFFD.
				shown.Name, shown.Reason = string([]rune(f.Name)), string([]rune(f.Reason))
				summary.first = append(summary.first, shown)
			}
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
	summary.sum = hex.EncodeToString(sum.Sum(nil))
	return summary, nil
}
