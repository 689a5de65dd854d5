package stage

import (
	"errors"

	"github.com/premix/premix/internal/buildid"
)

// CheckBuild refuses to go on where this process is of another build than a job wants: it may make other
// bytes, and write other peaks to the cache.
func CheckBuild(want buildid.ID) error {
	err := buildid.Check(want)
	if other := (*buildid.OtherError)(nil); errors.As(err, &other) {
		return refuse(CodeUsage, "%v", other)
	}
	return err
}

// AncientWorker is the error of a worker of a build from before [CheckBuild], which does not find the job
// where it looks for it. No worker of today says this: see [Seal].
const AncientWorker = "transforms: element of 0 bytes: EOF"

// ancientWorker is the refusal that such a worker cannot utter.
func ancientWorker() *Refusal {
	return &Refusal{CodeUsage, "a worker runs a build of premix that is older than this one, and was rejected before it did anything: copy the program that starts the job to all hosts of workers, and run the same command again"}
}
