package runners

import (
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core"

	"github.com/premix/premix/runners/flink"
)

// Versions returns the version of Beam in this program, and the minor versions of Flink that its jobs run on.
func Versions() (beam string, flinkMinors []string) { return core.SdkVersion, flink.Minors() }
