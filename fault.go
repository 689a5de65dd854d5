package premix

import (
	"errors"
	"fmt"
)

// A FaultKind names what is wrong with an input entry. The kinds are part of the output
// (failures.jsonl, manifest.json) and do not change.
type FaultKind string

// The kinds of faults.
const (
	Truncated   FaultKind = "truncated"   // the bytes end before the image does
	Corrupt     FaultKind = "corrupt"     // the bytes contradict their format
	Unsupported FaultKind = "unsupported" // a format, or a feature of one, that premix does not read
	TooLarge    FaultKind = "limit"       // more pixels or bytes than the limits allow
	TooSmall    FaultKind = "too-small"   // fewer pixels than the crop, and the image is not to be enlarged
	Empty       FaultKind = "empty"       // no bytes, or no pixels
	NoLabel     FaultKind = "no-label"    // an image without a usable label
	BadLabel    FaultKind = "bad-label"   // a label that is malformed or outside of the class list
	Duplicate   FaultKind = "duplicate"   // a second entry of the same name in one container
	BadPeak     FaultKind = "bad-peak"    // an external peak is missing, not a number, or outside
)

// A Fault is a permanent defect of one input entry: reading it again gives the same answer. It
// becomes a row of failures.jsonl. Every other error comes from the environment and
// fails the unit of work, so that a runner retries it.
type Fault struct {
	Kind   FaultKind
	Reason string // one line, without the name of the entry
}

func (f *Fault) Error() string { return f.Reason }

// Faultf returns a Fault as an error.
func Faultf(kind FaultKind, format string, args ...any) error {
	return &Fault{Kind: kind, Reason: fmt.Sprintf(format, args...)}
}

// AsFault returns the Fault that err is or wraps, or nil.
func AsFault(err error) *Fault {
	if err == nil { // it is asked of each image
		return nil
	}
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return nil
}

// A Stage is the part of the job in which an entry failed.
type Stage string

// The stages in which an entry can fail.
const (
	StageScan   Stage = "scan"   // the container could not be read as one
	StageDecode Stage = "decode" // the bytes are not a usable image
	StageLabel  Stage = "label"  // the label is missing or wrong
	StagePeak   Stage = "peak"   // the peak could not be computed or read
)

// A Failure is a row of failures.jsonl: an input entry that is not in the output, and why.
type Failure struct {
	Name   string    `json:"name"`
	Stage  Stage     `json:"stage"`
	Kind   FaultKind `json:"kind"`
	Reason string    `json:"reason"`
	// Weight is about how many images the row stands for, where that is a container, or a part of one,
	// whose images cannot be counted. It is 0, and absent, for a row that stands for one image.
	Weight int64 `json:"weight,omitempty"`
}

// AsSiblings is the Weight of a container that says nothing of its images, until the other containers
// have been counted. No file has it.
const AsSiblings = -1

// Images is about how many images the row stands for.
func (f *Failure) Images() int64 { return max(1, f.Weight) }
