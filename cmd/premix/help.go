package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/premix/premix/pipeline"
)

// rootHelp is the help of premix. It fits a terminal of 24 lines.
const rootHelp = `premix mixes image data sets before training, with SaliencyMix and its
relatives, and writes shards with soft labels that any framework reads.

Usage: premix COMMAND [flags]

  mix      Mix images in pairs into shards with soft labels
  pack     Write images unmixed into shards (validation sets)
  verify   Read an output again, all of it, and report what is wrong
  inspect  Show what a path holds: input, shard, output, cache, plan, image

Examples:
  premix mix --in synth:2000 --out demo      try it with images that it draws
  premix mix --in photos/train --out mixed   a folder of images for each class
  premix verify mixed                        check what was written

Also: cache, peaks, reindex, synth, version. Flags: premix COMMAND --help

` + exitHelp + "\n"

// helpWidth is the most characters in a line of help.
const helpWidth = 80

// helpColumn is where the explanations of the help text begin.
const helpColumn = 26

// usual lists the flags that --help of a job shows.
var usual = map[string][]string{
	"mix":   {"in", "out", "split", "size", "method", "seed", "replicas", "format", "workers", "dry-run"},
	"pack":  {"in", "out", "split", "size", "resize", "limit", "format", "encode", "workers", "dry-run"},
	"peaks": {"in", "split", "size", "geometry", "detector", "crop-seed", "replicas", "cache", "workers", "dry-run"},
}

// setHelp makes root print rootHelp. Commands below it keep what cobra prints.
func setHelp(root *cobra.Command) {
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), "FlagUsages", fmt.Sprintf("FlagUsagesWrapped %d", helpWidth)))
	other := root.HelpFunc()
	root.SetHelpFunc(func(c *cobra.Command, args []string) {
		if c == root {
			io.WriteString(c.OutOrStdout(), rootHelp)
			return
		}
		other(c, args)
	})
}

// addHelpCommand adds cobra's command help, which refuses a word that is no command.
func addHelpCommand(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	c, _, err := root.Find([]string{"help"})
	if err != nil {
		panic(err)
	}
	show := c.Run
	c.Run = nil
	c.RunE = func(c *cobra.Command, args []string) error {
		of, rest, err := root.Find(args)
		switch {
		case err != nil:
			return err
		case len(rest) > 0 && of.HasSubCommands():
			return of.ValidateArgs(rest)
		case len(rest) > 0:
			return usagef("unknown command %q: use premix help %s", strings.Join(args, " "), of.Name())
		}
		show(c, args)
		return nil
	}
}

// help is the help of a job: its usual flags, or all of them by group.
func (o *jobOptions) help(cmd *cobra.Command, all bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage: %s\n\nExample:\n%s\n\n%s\n", cmd.UseLine(), cmd.Example, strings.TrimSpace(cmd.Long))
	if all {
		o.allFlags(&b, cmd)
		return b.String()
	}
	b.WriteString("\nFlags that are used most:\n")
	flags := cmd.Flags()
	for _, name := range usual[cmd.Name()] {
		o.flagLine(&b, flags.Lookup(name))
	}
	more := 0
	flags.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden && f.Name != "help" && !slices.Contains(usual[cmd.Name()], f.Name) {
			more++
		}
	})
	fmt.Fprintf(&b, "\npremix %s --help-all lists %d more: %s.\n", cmd.Name(), more, strings.Join(o.groups(), ", "))
	return b.String()
}

// groups names the groups of options.
func (o *jobOptions) groups() []string {
	var names []string
	for _, p := range o.options {
		if !slices.Contains(names, p.Group) {
			names = append(names, p.Group)
		}
	}
	return names
}

// allFlags lists the flags by group.
func (o *jobOptions) allFlags(b *strings.Builder, cmd *cobra.Command) {
	group := ""
	known := map[string]bool{}
	for _, p := range o.options {
		known[p.Name] = true
		if p.Group != group {
			group = p.Group
			fmt.Fprintf(b, "\n%s:\n", strings.ToUpper(group[:1])+group[1:])
		}
		o.flagLine(b, cmd.Flags().Lookup(p.Name))
	}
	b.WriteString("\nOther:\n")
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if !known[flag.Name] && !flag.Hidden {
			o.flagLine(b, flag)
		}
	})
}

// flagLine writes a flag, the form of its value, and what it does.
func (o *jobOptions) flagLine(b *strings.Builder, flag *pflag.Flag) {
	line := "  --" + flag.Name
	if i := slices.IndexFunc(o.options, func(p pipeline.Option) bool { return p.Name == flag.Name }); i >= 0 {
		if v := form(&o.options[i]); v != "" {
			line += " " + v
		}
	}
	text := flag.Usage
	if flag.DefValue != "" && flag.DefValue != "0" && flag.DefValue != "false" {
		text += " (default " + flag.DefValue + ")"
	}
	text = wrap(text, helpWidth-helpColumn)
	if len([]rune(line)) >= helpColumn {
		b.WriteString(line + "\n")
		line = ""
	}
	fmt.Fprintf(b, "%-*s%s\n", helpColumn, line, strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", helpColumn)))
}

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
