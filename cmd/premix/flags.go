package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/premix/premix/pipeline"
)

// jobFlags binds the options of a configuration to the flags of a command.
type jobFlags struct {
	config    pipeline.Config
	options   []pipeline.Option
	file      string
	print     bool
	progress  string
	breakLock bool
	dryRun    bool
}

// bind defines the flags, all options but those left out.
func (f *jobFlags) bind(cmd *cobra.Command, leaveOut ...string) {
	f.options = slices.DeleteFunc(pipeline.Options(&f.config), func(o pipeline.Option) bool { return slices.Contains(leaveOut, o.Name) })
	fs := cmd.Flags()
	fs.SortFlags = false
	for _, o := range f.options {
		flag := fs.VarPF(o.Value, o.Name, "", o.Help)
		if o.Value.Type() == "bool" {
			flag.NoOptDefVal = "true"
		}
	}
	fs.StringVar(&f.file, "config", "", "YAML file of options; a flag on the command line wins")
	fs.BoolVar(&f.print, "print-config", false, "print the configuration as YAML and stop")
	fs.StringVar(&f.progress, "progress", "auto", "auto, plain, json or none")
	fs.BoolVar(&f.breakLock, "break-lock", false, "run although another run seems to hold the output")
	fs.BoolVar(&f.dryRun, "dry-run", false, "check everything, say what would be done, and stop")
	cmd.SetUsageFunc(func(c *cobra.Command) error {
		_, err := fmt.Fprint(c.OutOrStderr(), f.usage(c))
		return err
	})
}

// usage lists the flags by group.
func (f *jobFlags) usage(cmd *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage:\n  %s\n", cmd.UseLine())
	group := ""
	known := map[string]bool{}
	for _, o := range f.options {
		known[o.Name] = true
		if o.Group != group {
			group = o.Group
			fmt.Fprintf(&b, "\n%s:\n", strings.ToUpper(group[:1])+group[1:])
		}
		flag := cmd.Flags().Lookup(o.Name)
		def := ""
		if flag.DefValue != "" && flag.DefValue != "0" && flag.DefValue != "false" {
			def = " (default " + flag.DefValue + ")"
		}
		line := fmt.Sprintf("  --%s", o.Name)
		if o.Unit != "" {
			line += " " + strings.ToUpper(strings.ReplaceAll(o.Unit, " ", "-"))
		}
		fmt.Fprintf(&b, "%-34s %s%s\n", line, o.Help, def)
	}
	b.WriteString("\nOther:\n")
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if !known[flag.Name] && !flag.Hidden {
			fmt.Fprintf(&b, "%-34s %s\n", "  --"+flag.Name, flag.Usage)
		}
	})
	return b.String()
}

func flagNames(cmd *cobra.Command) []string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}
