package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/peakfile"
	"github.com/premix/premix/pipeline"
)

// externalPeaks looks at the file, or the folder of maps, that --detector names, if it names none
// of the detectors.
func (l *launch) externalPeaks(ctx context.Context) error {
	c := l.config
	if pipeline.KnownDetector(c.Detector) {
		return nil
	}
	uri, err := blob.Abs(c.Detector)
	if err != nil {
		return usagef("--detector %s: %v", c.Detector, err)
	}
	info, err := peakfile.Look(ctx, uri)
	var wrong *peakfile.Error
	switch {
	case errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(c.Detector, "/."):
		return nil // a word: the configuration says which words there are
	case errors.Is(err, fs.ErrNotExist):
		return usagef("--detector %s: no such file of peaks or folder of gray maps", c.Detector)
	case errors.As(err, &wrong):
		return usagef("--detector: %v", err)
	case err != nil:
		return fmt.Errorf("--detector: %w", err)
	}
	c.External = &info
	return nil
}
