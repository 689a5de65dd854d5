package main

import (
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"strings"
)

// tags leave out Google's gRPC transport for Cloud Storage, which premix does not use: it reads and writes by
// HTTP, so that its own repetitions and checks see every request; and gRPC's pages for golang.org/x/net/trace,
// which nothing serves.
const tags = "disable_grpc_modules,grpcnotrace"

// compact are the clients of object stores and clouds. Beam looks at methods by reflection, so the linker keeps each
// exported method of every client, and a third of the program is theirs. They wait for a network most of the
// time: without inlining they do the same in 2.6 MB less.
var compact = []string{
	"cloud.google.com/...", "google.golang.org/api/...", "go.opentelemetry.io/...",
	"github.com/aws/...", "github.com/Azure/...", "github.com/AzureAD/...",
}

// mostProgram is the size of a program in bytes that no release exceeds.
const mostProgram = 60_000_000

// build compiles premix for a platform into a file.
func build(p platform, file string) error {
	// -s and -w leave out the tables of debuggers; stack traces have names and lines without them.
	args := []string{"build", "-trimpath", "-tags", tags, "-ldflags", "-s -w", "-buildvcs=" + stamp(), "-o", file}
	for _, packages := range compact {
		args = append(args, "-gcflags="+packages+"=-l")
	}
	args = append(args, "./cmd/premix")
	cmd := exec.Command("go", args...)
	cmd.Env = environment(os.Environ(), p)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	stat, err := os.Stat(file)
	if err != nil {
		return err
	}
	if stat.Size() > mostProgram {
		return fmt.Errorf("the program has %d bytes, and may have %d: look at what has grown with go tool nm -size -sort size", stat.Size(), mostProgram)
	}
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		return err
	}
	if note := origin(info); note != "" {
		fmt.Fprintf(os.Stderr, "dist: %s: %s\n", p, note)
	}
	return nil
}

// stamp is "true" where git knows the commit, which the program then has in it.
func stamp() string {
	if exec.Command("git", "rev-parse", "--verify", "--quiet", "HEAD").Run() != nil {
		return "false"
	}
	return "true"
}

// origin says what others cannot make again of a program, or "".
func origin(info *debug.BuildInfo) string {
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	switch {
	case settings["vcs.revision"] == "":
		return "the program does not know its commit, since git has none here, or Go did not record it (as in a linked worktree)"
	case settings["vcs.modified"] != "false":
		return "files differ from commit " + settings["vcs.revision"] + ", so nobody can make this program again"
	}
	return ""
}

// environment is that of the go command: what a user has set there must not change the program.
func environment(env []string, p platform) []string {
	env = slices.DeleteFunc(slices.Clone(env), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains([]string{"GOOS", "GOARCH", "GOAMD64", "GOARM64", "GOEXPERIMENT", "GOFLAGS", "GOFIPS140", "GOWORK", "CGO_ENABLED"}, name)
	})
	return append(env, "GOOS="+p.goos, "GOARCH="+p.goarch, "GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=-mod=readonly", "GOWORK=off", "CGO_ENABLED=0")
}
