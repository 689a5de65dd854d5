package launch

import (
	"fmt"
	"runtime"

	"github.com/premix/premix/internal/buildid"
)

// Version is that of premix, as the manifest records it.
const Version = buildid.Version

// VersionText names the version, the revision and the platform of this program.
func VersionText() string {
	revision, _ := buildid.Commit()
	if revision != "" {
		revision = " " + revision[:min(12, len(revision))]
	}
	return fmt.Sprintf("premix %s%s (%s, %s/%s)", Version, revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
