package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/premix/premix/pipeline"
)

// jobOptions are the options of a command that runs a job: those of a configuration, and its own.
type jobOptions struct {
	peaksOnly bool
	config    pipeline.Config
	options   []pipeline.Option
	file      string
	print     bool
	progress  string
	breakLock bool
	dryRun    string
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
	fs.StringVar(&o.progress, "progress", "auto", "auto, plain, json or none")
	fs.BoolVar(&o.breakLock, "break-lock", false, "take the output from another run that seems to hold it, which then ends")
	fs.StringVar(&o.dryRun, "dry-run", "", "check everything, try some images, say what would be done and how long it takes, and stop; fast: try no image")
	fs.Lookup("dry-run").NoOptDefVal = dryRunTry
	cmd.SetUsageFunc(func(c *cobra.Command) error {
		_, err := fmt.Fprint(c.OutOrStderr(), o.usage(c))
		return err
	})
}

// usage lists the flags by group.
func (o *jobOptions) usage(cmd *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage:\n  %s\n", cmd.UseLine())
	group := ""
	known := map[string]bool{}
	for _, p := range o.options {
		known[p.Name] = true
		if p.Group != group {
			group = p.Group
			fmt.Fprintf(&b, "\n%s:\n", strings.ToUpper(group[:1])+group[1:])
		}
		flag := cmd.Flags().Lookup(p.Name)
		def := ""
		if flag.DefValue != "" && flag.DefValue != "0" && flag.DefValue != "false" {
			def = " (default " + flag.DefValue + ")"
		}
		line := fmt.Sprintf("  --%s", p.Name)
		if v := form(&p); v != "" {
			line += " " + v
		}
		help := wrap(p.Help+def, 110-helpColumn)
		if len([]rune(line)) >= helpColumn {
			b.WriteString(line + "\n")
			line = ""
		}
		fmt.Fprintf(&b, "%-*s%s\n", helpColumn, line, strings.ReplaceAll(help, "\n", "\n"+strings.Repeat(" ", helpColumn)))
	}
	b.WriteString("\nOther:\n")
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if !known[flag.Name] && !flag.Hidden {
			fmt.Fprintf(&b, "%-*s%s\n", helpColumn, "  --"+flag.Name, flag.Usage)
		}
	})
	return b.String()
}

// helpColumn is where the explanations of the help text begin.
const helpColumn = 32

// form is how the value of an option looks: its alternatives, or its unit.
func form(o *pipeline.Option) string {
	if t := o.Value.Type(); strings.Contains(t, "|") {
		return t
	}
	return o.Unit
}

// wrap breaks a text into lines of at most width characters.
func wrap(text string, width int) string {
	var b strings.Builder
	at := 0
	for i, word := range strings.Fields(text) {
		n := len([]rune(word))
		switch {
		case i == 0:
		case at+1+n > width:
			b.WriteByte('\n')
			at = 0
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += n
	}
	return b.String()
}

func flagNames(cmd *cobra.Command) []string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}
