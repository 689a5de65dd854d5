package launch

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
func externalPeaks(ctx context.Context, detector string) (*peakfile.Info, error) {
	if pipeline.KnownDetector(detector) {
		return nil, nil
	}
	uri, err := blob.Abs(detector)
	if err != nil {
		return nil, usagef("--detector %s: %v", detector, err)
	}
	info, err := peakfile.Look(ctx, uri)
	var wrong *peakfile.Error
	switch {
	case errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(detector, "/."):
		return nil, nil // a word: the configuration says which words there are
	case errors.Is(err, fs.ErrNotExist):
		return nil, usagef("--detector %s: no such file of peaks or folder of gray maps", detector)
	case errors.As(err, &wrong):
		return nil, usagef("--detector: %v", err)
	case err != nil:
		return nil, fmt.Errorf("--detector: %w", err)
	}
	return &info, nil
}
