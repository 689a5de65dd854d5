package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/premix/premix/imaging/crop"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/pipeline"
)

// readConfig sets the options of a YAML file that no flag has set. Keys are the names of flags.
func (o *jobOptions) readConfig(a *app, cmd *cobra.Command) error {
	o.config.Given = map[string]bool{}
	cmd.Flags().Visit(func(flag *pflag.Flag) { o.config.Given[flag.Name] = true })
	if o.file == "" {
		return nil
	}
	text, err := os.ReadFile(o.file)
	if errors.Is(err, fs.ErrNotExist) {
		return usagef("--config %s: no such file", o.file)
	}
	if err != nil {
		var place *fs.PathError
		if errors.As(err, &place) {
			err = place.Err
		}
		return usagef("--config %s cannot be read: %v", o.file, err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil
		}
		message := strings.TrimPrefix(err.Error(), "yaml: ")
		if bytes.Contains(text, []byte("\n\t")) || bytes.HasPrefix(text, []byte("\t")) {
			message += " (YAML is indented by spaces, not tabs)"
		}
		return usagef("%s: %s", o.file, message)
	}
	if err := dec.Decode(new(yaml.Node)); err == nil {
		return usagef("%s: it has more than one YAML document; write one", o.file)
	}
	top := doc.Content[0]
	if top.Kind != yaml.MappingNode {
		return usagef("%s:%d: write lines of the form key: value", o.file, top.Line)
	}
	seen := map[string]bool{}
	for i := 0; i < len(top.Content); i += 2 {
		key, val := top.Content[i], top.Content[i+1]
		where := fmt.Sprintf("%s:%d", o.file, key.Line)
		if seen[key.Value] {
			return usagef("%s: %s is given twice; remove one", where, key.Value)
		}
		seen[key.Value] = true
		p, _ := pipeline.Find(o.options, key.Value)
		if p == nil && cmd.Flags().Lookup(key.Value) != nil {
			return usagef("%s: write --%s on the command line", where, key.Value)
		}
		if p == nil && key.Kind != yaml.ScalarNode {
			return usagef("%s: write lines of the form key: value", where)
		}
		if p == nil {
			return usagef("%s: unknown key %q: %s", where, key.Value, aboutFlag(cmd, key.Value))
		}
		if cmd.Flags().Changed(p.Name) {
			continue
		}
		before := p.Value.String()
		if err := setNode(p, val); err != nil {
			return usagef("%s: %s: %v", where, p.Name, err)
		}
		if p.Value.String() != before { // --print-config writes every option, whether set or not
			o.config.Given[p.Name] = true
		}
	}
	if seen["hflip"] && !cmd.Flags().Changed("hflip") {
		o.readEarlierFlip(a)
	}
	return nil
}

// readEarlierFlip takes the probability 0.5 of a file for auto under center and squash. It was the default of
// earlier versions, which mirrored no such crop, and --print-config wrote it: those files must go on to mean
// the same crops, and so must one that mix and pack share.
func (o *jobOptions) readEarlierFlip(a *app) {
	c := &o.config
	if c.HFlip != 0.5 || c.Geometry != crop.Center && c.Geometry != crop.Squash {
		return
	}
	c.HFlip = pipeline.AutoFlip
	delete(c.Given, "hflip")
	a.say("warning: %s: hflip: 0.5 is read as auto under --geometry %s, and mirrors nothing, since earlier versions wrote it there without an effect; write hflip: auto, or to mirror add --hflip 0.5 to the command line", o.file, c.Geometry)
}

func setNode(o *pipeline.Option, n *yaml.Node) error {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch n.Kind {
	case yaml.ScalarNode:
		if n.Tag == "!!null" {
			return errors.New("it has no value; leave out the key for the default")
		}
		s, err := text(n)
		if err != nil {
			return err
		}
		return o.Value.Set(s)
	case yaml.SequenceNode:
		var words []string
		for _, e := range n.Content {
			if e.Kind != yaml.ScalarNode || e.Tag == "!!null" {
				return errors.New("give a list of plain values")
			}
			s, err := text(e)
			if err != nil {
				return err
			}
			words = append(words, s)
		}
		if l, ok := o.Value.(pipeline.List); ok {
			return l.SetItems(words)
		}
		if t := o.Value.Type(); t != "low,high" {
			return fmt.Errorf("give one value (%s), not a list", form(o))
		}
		return o.Value.Set(strings.Join(words, ","))
	}
	return fmt.Errorf("give a value (%s), not a mapping", form(o))
}

// text is the value of a scalar. What is no UTF-8 is written as !!binary.
func text(n *yaml.Node) (s string, err error) {
	if n.ShortTag() != "!!binary" {
		return n.Value, nil
	}
	err = n.Decode(&s)
	return s, err
}

// printConfig writes the configuration as YAML that --config reads back. Secrets in addresses are left out:
// nothing has refused them yet.
func (o *jobOptions) printConfig(w io.Writer) error {
	var b strings.Builder
	group := ""
	for _, p := range o.options {
		if p.Group != group {
			group = p.Group
			fmt.Fprintf(&b, "# %s\n", group)
		}
		var v yaml.Node
		switch p.Value.Type() {
		case "list":
			v.Kind, v.Style = yaml.SequenceNode, yaml.FlowStyle
			for _, e := range p.Value.(pipeline.List).Items() {
				v.Content = append(v.Content, scalar(&p, e))
			}
		case "low,high":
			v.Kind, v.Style = yaml.SequenceNode, yaml.FlowStyle
			for e := range strings.SplitSeq(p.Value.String(), ",") {
				v.Content = append(v.Content, scalar(&p, e))
			}
		default:
			v = *scalar(&p, p.Value.String())
		}
		text, err := yamlText(&v)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s: %s", p.Name, text)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// yamlText is a value as YAML. One with characters that a terminal must not see is in double quotes, where
// YAML has the escapes of JSON.
func yamlText(v *yaml.Node) (string, error) {
	text, err := yaml.Marshal(v)
	if s := string(text); err != nil || printable.Text(s) == s {
		return s, err
	}
	for _, n := range append(v.Content, v) {
		if n.Kind == yaml.ScalarNode {
			n.Style |= yaml.DoubleQuotedStyle
		}
	}
	text, err = yaml.Marshal(v)
	return printable.JSON(string(text)), err
}

// scalar is a plain value; numbers and booleans stay unquoted.
func scalar(o *pipeline.Option, s string) *yaml.Node {
	n := &yaml.Node{}
	switch o.Value.Type() {
	case "int", "float", "bool", "low,high":
		n.Kind, n.Value = yaml.ScalarNode, s
	default:
		n.SetString(blob.RedactAddresses(s))
	}
	return n
}
