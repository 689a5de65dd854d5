package main

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/premix/premix/pipeline"
)

//go:generate sh -c "go run . docs >cli.md.new && mv cli.md.new ../../docs/cli.md"

// docsCommand prints docs/cli.md. It is for go generate, and hidden from help.
func newDocsCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "docs", Short: "Print docs/cli.md", Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := io.WriteString(a.stdout, cliPage(cmd.Root()))
			return err
		},
	}
}

// cliPage is docs/cli.md.
func cliPage(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString(cliHead)
	b.WriteString("| command | |\n|---|---|\n")
	for _, c := range commands(root) {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s |\n", cell(c.UseLine()), anchor(c), cell(c.Short))
	}
	b.WriteString(cliRules)
	_, codes, _ := strings.Cut(exitHelp, "\n")
	b.WriteString("\n```\n" + codes + "\n```\n")
	jobs := []string{"mix", "pack", "peaks"}
	for _, name := range jobs {
		c, _, _ := root.Find([]string{name})
		fmt.Fprintf(&b, "\n## premix %s\n\n%s\n", name, strings.TrimSpace(c.Long))
		if name == "pack" {
			b.WriteString(packDefaults())
		}
	}
	optionTables(&b, root)
	for _, c := range commands(root) {
		if slices.Contains(jobs, c.Name()) {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n", c.CommandPath())
		if c.Long != "" {
			b.WriteString(strings.TrimSpace(c.Long) + "\n\n")
		}
		fmt.Fprintf(&b, "    %s\n", c.UseLine())
		flagTable(&b, c, func(*pflag.Flag) bool { return true })
	}
	return b.String()
}

const cliHead = `# The command line

<!-- Written by "go generate ./cmd/premix" from the code: change it there. -->

`

const cliRules = `
Messages go to stderr. Each says what is wrong, where, and what to do, in one line or two. If
premix refuses an input, it prints one line of what it understood, and at most two for each doubt.
Results go to stdout. If they cannot be written (a full disk), the command fails with exit code 1.
Control characters and invisible characters in a name are printed as escapes, such as \x1b, and a
name of more than 500 bytes is cut. JSON has names as they are.

## Exit codes
`

const configRules = `
## Configuration files

` + "`--config FILE.yaml`" + ` reads options from a YAML file. Its keys are the names of the flags below, without the leading dashes.
A flag on the command line overrides the file. Write values as on the command line; a list may be a YAML list, and
` + "`--rrc-scale`" + ` a list of two numbers. For an unknown key, a repeated key, or a value of the wrong type, the message gives
file and line. ` + "`--print-config`" + ` prints the resulting configuration in this form, and stops:

<!-- test -->

    go run ./cmd/premix mix --in synth:200 --out demo --seed 7 --print-config

## Options of mix, pack and peaks

*Stage* is the first stage in which an option takes effect. *Changes* says what another value of the option changes:

- ` + "`peaks`" + `: crops and peaks, which are computed again, and so the output.
- ` + "`output`" + `: the bytes of the output. Cached peaks stay valid.
- –: no byte of the output. You may change such an option when you continue an interrupted run.

` + "`peaks`" + ` does not take the options marked with †.
`

// commands lists all commands that are not hidden, in the order of their names, those below others
// after them.
func commands(root *cobra.Command) []*cobra.Command {
	var list []*cobra.Command
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			if sub.Hidden || sub.Name() == "help" || sub.Name() == "completion" {
				continue
			}
			list = append(list, sub)
			walk(sub)
		}
	}
	walk(root)
	return list
}

func anchor(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

// packDefaults says how the defaults of pack differ from those of mix.
func packDefaults() string {
	mix, pack := pipeline.Default(), pipeline.DefaultPack()
	a, b := pipeline.Options(&mix), pipeline.Options(&pack)
	var diff []string
	for i := range a {
		if a[i].Value.String() != b[i].Value.String() {
			diff = append(diff, fmt.Sprintf("`--%s %s`", b[i].Name, b[i].Value.String()))
		}
	}
	return "\npack has the defaults of mix, except " + strings.Join(diff, ", ") + ".\n"
}

// optionTables writes the options of jobs by group.
func optionTables(b *strings.Builder, root *cobra.Command) {
	b.WriteString(configRules)
	mix, _, _ := root.Find([]string{"mix"})
	c := pipeline.Default()
	known := map[string]bool{}
	group := ""
	for _, o := range pipeline.Options(&c) {
		known[o.Name] = true
		if o.Group != group {
			group = o.Group
			fmt.Fprintf(b, "\n### %s\n\n| flag | value | default | stage | changes | |\n|---|---|---|---|---|---|\n", strings.ToUpper(group[:1])+group[1:])
		}
		mark := ""
		if !slices.Contains(o.Commands, "peaks") {
			mark = " †"
		}
		fmt.Fprintf(b, "| `--%s`%s | %s | %s | %s | %s | %s |\n", o.Name, mark, cell(form(&o)), code(o.Value.String()), o.Stage, o.Changes, cell(o.Help))
	}
	b.WriteString("\n### Other\n")
	flagTable(b, mix, func(f *pflag.Flag) bool { return !known[f.Name] })
	b.WriteString("\npremix passes everything after `--` to the Beam runner, unchanged.\n")
	b.WriteString(progressRules)
	for _, e := range []struct {
		title string
		of    any
	}{{"start, once", startEvent{}}, {"stage, once a second", stageEvent{}}, {"end, once", endEvent{}}, {"summary of end", summaryFields{}}, {"each of outputs", outputFields{}}} {
		fieldTable(b, e.title, reflect.TypeOf(e.of))
	}
}

const progressRules = `
## Progress

Progress goes to stderr, as messages do. On a terminal each stage has a line, which is as wide as the terminal. When the
stage ends, a message with its result takes the place of the line. Rates and the time left go by what the run does itself:
peaks from the cache and shards that it keeps do not count. ` + "`--progress auto`" + ` is ` + "`bar`" + ` on a terminal that is not
dumb (` + "`TERM`" + `), and ` + "`plain`" + ` elsewhere: a line every ten seconds. ` + "`bar`" + ` without a terminal is ` + "`plain`" + ` too.

Terminals of 120 and of 40 columns, amid a run (by [terminal/pictures.sh](terminal/pictures.sh)):

![120 columns](terminal/columns-120.png)

![40 columns](terminal/columns-40.png)

` + "`--progress json`" + ` prints one JSON object per line, among messages that begin with ` + "`premix:`" + `: one of the event start when the
work begins, one of the event stage a second (every three seconds on a cluster), and one of the event end. A command that
is refused before its work begins prints none of these lines: it has a wrong flag, say, or another run holds the lock of the
output. It ends with a message that begins with ` + "`premix:`" + ` and its exit code. Fields are not left out; null is what is not known.
`

// fieldTable lists the fields of a line of --progress json.
func fieldTable(b *strings.Builder, title string, t reflect.Type) {
	fmt.Fprintf(b, "\n| %s | | |\n|---|---|---|\n", title)
	for i := range t.NumField() {
		f := t.Field(i)
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", f.Tag.Get("json"), jsonType(f.Type), cell(f.Tag.Get("doc")))
	}
}

// jsonType is what JSON calls the values of a field.
func jsonType(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return jsonType(t.Elem()) + " or null"
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "bool"
	case reflect.Struct:
		return "object"
	case reflect.Slice:
		return "list"
	case reflect.Float64:
		return "number"
	}
	return "integer"
}

func flagTable(b *strings.Builder, c *cobra.Command, want func(*pflag.Flag) bool) {
	var rows strings.Builder
	add := func(f *pflag.Flag) {
		if f.Name != "help" && !f.Hidden && want(f) {
			def := f.DefValue
			if def == "[]" {
				def = ""
			}
			fmt.Fprintf(&rows, "| `--%s` | %s | %s | %s |\n", f.Name, f.Value.Type(), code(def), cell(f.Usage))
		}
	}
	c.NonInheritedFlags().VisitAll(add)
	c.InheritedFlags().VisitAll(add)
	if rows.Len() > 0 {
		b.WriteString("\n| flag | value | default | |\n|---|---|---|---|\n" + rows.String())
	}
}

// cell is a text inside of a table.
func cell(s string) string { return strings.ReplaceAll(strings.ReplaceAll(s, "|", "\\|"), "\n", " ") }

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + cell(s) + "`"
}
