package inspect

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/formats"
)

// title is what the path is, in a few words.
func (r *Report) title() string {
	samples := printable.Count(int64(r.Samples), "sample")
	switch r.Kind {
	case KindOutput:
		if len(r.Splits) == 0 {
			return "an output of premix, begun, with nothing mixed yet"
		}
		if of := r.outputs(); len(of) > 1 && slices.ContainsFunc(of, func(dir string) bool { return !slices.Contains(formats.Names(), dir) }) {
			return fmt.Sprintf("%d outputs of premix (%s), the first of %s of %d x %d pixels in %s", len(of), strings.Join(of, ", "), samples, r.Size[0], r.Size[1], printable.Count(int64(r.Classes), "class"))
		}
		if all := strings.Split(r.Format, ","); len(all) > 1 {
			return fmt.Sprintf("an output of premix, %s of %d x %d pixels in %s, in each of %s", samples, r.Size[0], r.Size[1], printable.Count(int64(r.Classes), "class"), strings.Join(all, ", "))
		}
		return fmt.Sprintf("an output of premix, %s, %s of %d x %d pixels in %s", r.Format, samples, r.Size[0], r.Size[1], printable.Count(int64(r.Classes), "class"))
	case KindShard:
		return fmt.Sprintf("a shard, %s, %s", r.Format, samples)
	case KindPlan:
		return fmt.Sprintf("the plan of a shard, %s", samples)
	case KindCache:
		return fmt.Sprintf("peaks, %s", printable.Count(int64(r.Samples), "row"))
	case KindInput:
		return fmt.Sprintf("an input, %s, %s in %s", r.Format, printable.Count(int64(r.Samples), "image"), printable.Count(int64(r.Input.Containers), "container"))
	case KindImage:
		return fmt.Sprintf("an image, %s, %d x %d pixels", r.Format, r.Image.Width, r.Image.Height)
	case KindArray:
		if r.Array != nil {
			return fmt.Sprintf("an npy vector of %d values", r.Array.Length)
		}
	}
	return "nothing that premix knows"
}

// outputs are the folders of the outputs that the splits are in.
func (r *Report) outputs() (dirs []string) {
	for _, s := range r.Splits {
		if !slices.Contains(dirs, s.Output) {
			dirs = append(dirs, s.Output)
		}
	}
	return dirs
}

// mostFailures bounds the failures of a cache that are told to people.
const mostFailures = 50

// WriteText writes the report for people.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	line := func(format string, args ...any) { b.WriteString(printable.Line(fmt.Sprintf(format, args...)) + "\n") }
	line("%s: %s", printable.Name(r.Path), r.title())
	for _, s := range r.Splits {
		r.writeSplit(line, &s)
	}
	for _, c := range r.Caches {
		line("  %s: %s in %s, %s%s%s", c.Fingerprint, printable.Count(int64(c.Rows), "row"), printable.Count(int64(c.Chunks), "chunk"), dataset.Bytes(c.Bytes), ifAny(", %d failed", c.Failed), ifAny(", %d damaged", int64(c.Damaged)))
		if c.Settings != nil {
			line("    %s", c.Settings)
		}
	}
	if r.Kind == KindShard || r.Kind == KindPlan {
		writeSummary(line, "  ", &r.Summary)
	}
	if in := r.Input; in != nil {
		for _, s := range in.Understood {
			line("  %s", s)
		}
		if rest := ifAny(", files beside the images: %d", in.Ignored) + ifAny(", %d entries that cannot be used", int64(in.Failures)); rest != "" {
			line("  %s", strings.TrimPrefix(rest, ", "))
		}
		for _, s := range in.Warnings {
			line("  warning: %s", s)
		}
		if len(in.Doubts) > 0 {
			line("  warning: the classes are in doubt; mix and pack refuse this input")
		}
		for _, s := range in.Doubts {
			line("  %s", s)
		}
	}
	if i := r.Image; i != nil {
		line("  %s, XXH3-128 %s", dataset.Bytes(i.Bytes), i.Digest)
		if i.Peak != nil {
			line("  the fine-grained map of the whole image peaks at [%d,%d]", i.Peak[0], i.Peak[1])
		}
		if i.Fault != "" {
			line("  %s", i.Fault)
		}
	}
	if a := r.Array; a != nil {
		line("  %d values of %d bytes, sum %v", a.Length, a.Width, float64(a.Sum))
	}
	if len(r.Records) > 0 {
		line("  first:")
		for i := range r.Records {
			line("    %s", r.Records[i].text(r.names))
		}
	}
	if len(r.Failures) > 0 {
		line("  failed:")
	}
	for i, f := range r.Failures {
		if i == mostFailures {
			line("    and %d more; --json lists all", len(r.Failures)-i)
			break
		}
		line("    %s", printable.Sprintf("%s  %s %s: %s", f.Name, f.Stage, f.Kind, f.Reason))
	}
	for _, n := range r.Notes {
		line("  note: %s", n)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Report) writeSplit(line func(string, ...any), s *Split) {
	state := "finished"
	if !s.Finished {
		state = s.Unfinished
	}
	name := s.Name
	if s.Output != "" {
		name = s.Output + "/" + name
	}
	replicas := ""
	if s.Replicas > 1 {
		replicas = fmt.Sprintf(" in %d replicas", s.Replicas)
	}
	line("  %s: %s%s, %s, %s, %s", name, printable.Count(int64(s.Samples), "sample"), replicas, printable.Count(int64(s.Shards), "shard"), dataset.Bytes(s.Bytes), state)
	if s.Run != "" {
		line("    run of %s", s.Run)
	}
	recipe := new(bytes.Buffer)
	switch {
	case s.Finished:
	case s.flags != nil && *s.flags == "":
		line("    all options have their defaults")
	case s.flags != nil:
		line("    options that are not defaults: %s", *s.flags)
	case json.Compact(recipe, s.Recipe) == nil:
		line("    recipe %s", recipe)
	}
	if c := s.Counts; c != nil {
		line("    of %s of the input %d good, %d ignored, %d excluded, %d failed", printable.Count(int64(c.Entries), "entry"), c.Good, c.Ignored, c.Excluded, c.Failed)
		for _, k := range slices.Sorted(maps.Keys(c.Failures)) {
			line("      %d %s", c.Failures[k], k)
		}
		if text := c.Lost.Text(); text != "" {
			line("      %s among them", text)
		}
	}
	writeSummary(line, "    ", &s.Summary)
}

func writeSummary(line func(string, ...any), indent string, s *Summary) {
	if s.Keys != nil {
		line("%skeys %s to %s", indent, printable.Name(s.Keys.First), printable.Name(s.Keys.Last))
	}
	if len(s.Methods) > 0 {
		var methods []string
		for _, m := range slices.Sorted(maps.Keys(s.Methods)) {
			methods = append(methods, fmt.Sprintf("%s %d", m, s.Methods[m]))
		}
		line("%s%s; mean λ of all samples %.4f drawn, %.4f final", indent, strings.Join(methods, ", "),
			float64(s.LamDrawnSum)/float64(s.Samples), float64(s.LamSum)/float64(s.Samples))
	}
	if len(s.Labels) > 0 {
		var labels []string
		for _, l := range s.Labels {
			name := fmt.Sprint(l.Label)
			if l.Class != "" {
				name += " " + printable.Name(l.Class)
			}
			labels = append(labels, fmt.Sprintf("%s: %d", name, l.Count))
		}
		line("%s%d labels: %s", indent, len(labels), firstTen(labels))
	}
}

func (r *Record) text(classes []string) string {
	if r.Method == "" {
		s := printable.Name(cmp.Or(r.Target, r.Key))
		if i := r.Image; i != nil && i.Fault == "" {
			s += printable.Sprintf("  %dx%d", i.Width, i.Height)
			if i.Format != "" {
				s += " " + printable.Name(i.Format)
			}
		} else if i != nil {
			s += "  " + printable.Name(i.Fault)
		}
		if r.Class != "" {
			s += "  " + printable.Name(r.Class)
		} else if r.Label >= 0 {
			s += "  " + printable.Name(dataset.ClassName(classes, r.Label))
		}
		if r.Crop != nil {
			s += printable.Sprintf("  replica %d, crop %.1f,%.1f %.1fx%.1f, peak [%d,%d]", r.Replica, r.Crop.X, r.Crop.Y, r.Crop.W, r.Crop.H, r.Peak.X, r.Peak.Y)
		}
		if r.Failure != "" {
			s += "  " + printable.Name(r.Failure)
		}
		return s
	}
	if !r.Mixed {
		return printable.Sprintf("%s  %s  %s", r.Key, dataset.ClassName(classes, r.Label), r.Target)
	}
	return printable.Sprintf("%s  %.4f %s + %.4f %s  %s %v  %s <- %s", r.Key, r.Lam, dataset.ClassName(classes, r.LabelA), 1-r.Lam,
		dataset.ClassName(classes, r.LabelB), r.Method, r.Box, r.Target, r.Source)
}

// WriteText writes all of a sample for people.
func (s *Sample) WriteText(w io.Writer) error {
	lines, _ := s.lines()
	_, err := io.WriteString(w, strings.Join(lines, "\n")+"\n")
	return err
}

func ifAny(format string, n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(format, n)
}

// firstTen joins the names that a line shows, and says how many more there are.
func firstTen(list []string) string {
	const most = 10
	var shown []string
	for _, name := range list[:min(len(list), most)] {
		shown = append(shown, printable.Name(name))
	}
	if len(list) > most {
		shown = append(shown, fmt.Sprintf("and %d more", len(list)-most))
	}
	return strings.Join(shown, ", ")
}
