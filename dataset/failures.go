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
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/blob"
)

// A failureSummary is what the manifest has about failures.jsonl.
type failureSummary struct {
	kinds map[premix.FaultKind]int64
	lost  Lost
	sum   string           // SHA-256
	first []premix.Failure // as many as the report shows
}

// Lost counts the failures that stand for several images each, about: containers of which nothing could be
// used, or parts of one.
type Lost struct {
	Rows   int64 `json:"rows"`   // lines of failures.jsonl that have a weight
	Images int64 `json:"images"` // the sum of their weights
}

// Add counts a failure, if it has a weight.
func (l *Lost) Add(f *premix.Failure) {
	if f.Weight > 0 {
		l.Rows++
		l.Images += f.Weight
	}
}

// counted is the Lost of a manifest; nil if there is none.
func (l Lost) counted() *Lost {
	if l.Rows == 0 {
		return nil
	}
	return &l
}

// Text says about how many images the rows of failures stand for that are not one each; empty where all are. A container may have
// several of them.
func (l *Lost) Text() string {
	if l == nil || l.Images <= l.Rows {
		return ""
	}
	return fmt.Sprintf("about %d images in %s", l.Images, printable.Count(int64(l.Rows), "row"))
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
			summary.lost.Add(&f)
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
