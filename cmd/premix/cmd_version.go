package main

import (
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/cpu"

	"github.com/premix/premix/imaging"
	"github.com/premix/premix/internal/buildid"
	"github.com/premix/premix/launch"
	"github.com/premix/premix/runners"
)

// A version says what this program is and what it runs on. Programs read it as JSON.
type version struct {
	Version  string   `json:"version"`
	Commit   string   `json:"commit"`   // empty where the build does not know it
	Modified bool     `json:"modified"` // files differed from the commit
	Go       string   `json:"go"`
	Platform string   `json:"platform"`
	CPU      []string `json:"cpu"`     // features of the processor
	Kernels  string   `json:"kernels"` // those that the kernels use
	Beam     string   `json:"beam"`
	Flink    []string `json:"flink"` // minor versions that jobs run on
}

func versionOf() version {
	v := version{
		Version: launch.Version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		CPU: cpuFeatures(), Kernels: imaging.Kernels(),
	}
	v.Commit, v.Modified = buildid.Commit()
	v.Beam, v.Flink = runners.Versions()
	return v
}

// cpuFeatures names the features of this processor that matter to image kernels.
func cpuFeatures() []string {
	features := []string{}
	for _, f := range []struct {
		name string
		has  bool
	}{
		{"sse4.1", cpu.X86.HasSSE41}, {"avx", cpu.X86.HasAVX}, {"avx2", cpu.X86.HasAVX2}, {"fma", cpu.X86.HasFMA},
		{"bmi1", cpu.X86.HasBMI1}, {"bmi2", cpu.X86.HasBMI2}, {"lzcnt", cpu.X86.HasLZCNT}, {"avx512f", cpu.X86.HasAVX512F}, {"avx512bw", cpu.X86.HasAVX512BW},
		{"asimd", cpu.ARM64.HasASIMD}, {"sve", cpu.ARM64.HasSVE},
	} {
		if f.has {
			features = append(features, f.name)
		}
	}
	return features
}

func newVersionCommand(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print version, commit and what this program was built with",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("premix version takes no argument %q: leave it out", args[0])
			}
			return nil
		},
		RunE: func(*cobra.Command, []string) error {
			v := versionOf()
			if asJSON {
				return a.printJSON(v)
			}
			v.print(a.stdout)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the same as JSON")
	return cmd
}

func (v version) print(w io.Writer) {
	commit := v.Commit
	switch {
	case commit == "":
		commit = "unknown"
	case v.Modified:
		commit += " with changes"
	}
	features := strings.Join(v.CPU, " ")
	if features == "" {
		features = "none known"
	}
	fmt.Fprintf(w, "premix   %s\ncommit   %s\nGo       %s, %s\nCPU      %s; kernels use %s\nBeam     %s\nFlink    %s\n",
		v.Version, commit, v.Go, v.Platform, features, v.Kernels, v.Beam, strings.Join(v.Flink, ", "))
}
