package launch

import (
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/transforms/stage"
)

// A UsageError says that the options of a job, or what they name, are wrong. Nothing was done.
type UsageError struct{ message string }

func (e *UsageError) Error() string { return e.message }

func usagef(format string, args ...any) error {
	return &UsageError{printable.Line(printable.Sprintf(format, args...))}
}

// An OutputError says that the place of an output belongs to another recipe or input, or that a plan was
// made by another version. Nothing was done.
type OutputError struct{ message string }

func (e *OutputError) Error() string { return e.message }

// A LostLockError says that another run may have taken over the output of this one, which has ended.
type LostLockError = stage.LostLockError
