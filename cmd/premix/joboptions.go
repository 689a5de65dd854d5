package main

import (
	"io"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/premix/premix/pipeline"
)

// jobOptions are the options of a command that runs a job: those of a configuration, and its own.
type jobOptions struct {
	peaksOnly bool
	packs     bool // of pack, whose samples are unmixed unless --method says otherwise
	config    pipeline.Config
	options   []pipeline.Option
	file      string
	print     bool
	progress  string
	breakLock bool
	dryRun    string
	helpAll   bool
}

// AddFlags defines the flags, those of the options that the command takes among them.
func (o *jobOptions) AddFlags(cmd *cobra.Command) {
	o.options = slices.DeleteFunc(pipeline.Options(&o.config), func(p pipeline.Option) bool { return !slices.Contains(p.Commands, cmd.Name()) })
	fs := cmd.Flags()
	fs.SortFlags = false
	for _, p := range o.options {
		flag := fs.VarPF(p.Value, p.Name, "", p.Help)
		if p.Value.Type() == "bool" {
			flag.NoOptDefVal = "true"
		}
	}
	fs.StringVar(&o.file, "config", "", "YAML file of options; a flag on the command line wins")
	fs.BoolVar(&o.print, "print-config", false, "print the configuration as YAML and stop")
	fs.StringVar(&o.progress, "progress", progressAuto, "auto; bar, a line that is redrawn, on a terminal; plain, a line now and then; json, lines for programs; or none")
	fs.BoolVar(&o.breakLock, "break-lock", false, "take the output from another run that seems to hold it, which then ends")
	fs.StringVar(&o.dryRun, "dry-run", "", "check everything, try some images, say what would be done and how long it takes, and stop; fast: try no image")
	fs.Lookup("dry-run").NoOptDefVal = dryRunTry
	fs.BoolVar(&o.helpAll, "help-all", false, "show this help, with all flags")
	fs.BoolP("help", "h", false, "show the flags that are used most")
	cmd.SetHelpFunc(func(c *cobra.Command, _ []string) { io.WriteString(c.OutOrStdout(), o.help(c, false)) })
}

func flagNames(cmd *cobra.Command) []string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}
