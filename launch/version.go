package launch

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/premix/premix/internal/buildid"
)

// Version is that of premix, as the manifest records it.
const Version = buildid.Version

// VersionText names the version, the revision and the platform of this program.
func VersionText() string {
	revision := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				revision = " " + s.Value[:12]
			}
		}
	}
	return fmt.Sprintf("premix %s%s (%s, %s/%s)", Version, revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
