// Package buildid tells builds of premix apart. Another build may make other bytes from the same input
// and recipe, so a job names the build that its workers must run, and every worker process compares
// itself with it.
//
// Builds for one platform are the same if their executable files are. Those for two platforms are the
// same if they were made of the same sources, as far as the Go compiler recorded them.
package buildid

import (
	"crypto/rand"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
)

// Version is that of premix, as the manifest records it.
const Version = "0.1.0"

// Versions of what is not an option but decides bytes. Each is raised when the same options begin
// to give other bytes.
const (
	// Schema is that of the output: records, file names, manifest, plan.
	Schema = 1
	// Codec is that of decoders, resamplers and encoders.
	Codec = 3
	// Peaks is that of detectors and of the cache's rows.
	Peaks = 1
)

// An ID identifies a build. It travels to workers as JSON, and workers of later builds must be able to
// read it.
type ID struct {
	// Process is a random name of the launcher's process, where that is the only worker. Then SHA256 is
	// empty, since such a job need not wait for the hash.
	Process string
	// SHA256 is the hash of the executable file, in hexadecimal digits.
	SHA256 string
	// Platform is GOOS/GOARCH.
	Platform string
	// Version is the constant, for messages.
	Version string
	// Revision says for messages what the build was made of.
	Revision string
	// Sources names exactly what the build was made of. It is empty where that is not known, or was
	// changed.
	Sources string
	// Schema, Codec and Peaks are the constants.
	Schema, Codec, Peaks int
	// Host and Path say where the executable file is.
	Host, Path string
}

// process is the random name of this process.
var process = sync.OnceValue(rand.Text)

// InProcess identifies a build whose only worker is this process.
func InProcess() ID {
	id := described()
	id.Process = process()
	return id
}

// own is the build of this process, once its file was hashed.
var own struct {
	sync.Mutex
	id ID
}

// Own identifies the build of this process. The executable file is hashed once; after an error it is tried
// again.
func Own() (ID, error) {
	own.Lock()
	defer own.Unlock()
	if own.id.SHA256 != "" {
		return own.id, nil
	}
	id := described()
	var err error
	if id.Path, err = os.Executable(); err != nil {
		return id, fmt.Errorf("this program's own file is not known: %w", err)
	}
	running := id.Path
	if runtime.GOOS == "linux" {
		running = "/proc/self/exe" // the file that was started, even if another one has its path now
	}
	if id.SHA256, err = hash(running); err != nil {
		return id, fmt.Errorf("premix cannot read its own program file, which it compares with that of the workers: %w", err)
	}
	own.id = id
	return id, nil
}

// described is what is known of this build without its file.
func described() ID {
	id := ID{Platform: runtime.GOOS + "/" + runtime.GOARCH, Version: Version, Schema: Schema, Codec: Codec, Peaks: Peaks, Revision: unknown}
	id.Host, _ = os.Hostname()
	if info, ok := debug.ReadBuildInfo(); ok {
		id.Revision, id.Sources = sources(info)
	}
	return id
}

// File identifies the build of an executable file that this build will send to workers. What only a
// running program can tell is that of this one.
func File(path string) (ID, error) {
	id := described()
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return id, fmt.Errorf("%s is not premix: %w", path, err)
	}
	id.Platform = setting(info, "GOOS") + "/" + setting(info, "GOARCH")
	id.Revision, id.Sources = sources(info)
	id.Path = path
	id.SHA256, err = hash(path)
	return id, err
}

func hash(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// unknown is the Revision of a build that the Go compiler recorded nothing of.
const unknown = "unknown sources"

// sources returns Revision and Sources of what the Go compiler recorded. A revision with changes, a
// module that is replaced or of a workspace, and a variable that was set by the linker leave Sources empty.
func sources(info *debug.BuildInfo) (revision, sources string) {
	exact := ""
	switch rev := setting(info, "vcs.revision"); {
	case rev != "":
		revision, exact = "revision "+rev[:min(12, len(rev))], rev
		if setting(info, "vcs.modified") != "false" {
			return revision + " with changes", ""
		}
	case info.Main.Sum != "":
		revision, exact = "module "+info.Main.Version, info.Main.Version+" "+info.Main.Sum
	default:
		return unknown, ""
	}
	for _, m := range info.Deps {
		if m.Replace != nil || m.Sum == "" { // a workspace (go.work) replaces modules without saying so
			return revision + " with replaced modules", ""
		}
	}
	if strings.Contains(setting(info, "-ldflags"), "-X") {
		return revision + " with -ldflags -X", ""
	}
	return revision, info.Main.Path + " " + exact + " " + info.GoVersion
}

// Commit is the revision of the sources of this build, and whether files differed from it. It is empty where
// the Go compiler did not record it.
func Commit() (revision string, changed bool) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "", false
	}
	return setting(info, "vcs.revision"), setting(info, "vcs.modified") == "true"
}

func setting(info *debug.BuildInfo, key string) string {
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}
