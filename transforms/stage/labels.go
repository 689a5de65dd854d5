package stage

import (
	"strconv"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/io/source"
)

// A label of the input as text: a class name after nameLabel, an index after indexLabel, or after
// bothLabel an index and, after a colon, the name beside it. Folders may have names such as 755
// that are not an index.
const (
	nameLabel  = "n"
	indexLabel = "i"
	bothLabel  = "b"
)

func labelOf(s *premix.Sample) string {
	switch {
	case s.Class == "":
		return indexLabel + strconv.Itoa(s.Label)
	case s.Label < 0:
		return nameLabel + s.Class
	}
	return bothLabel + strconv.Itoa(s.Label) + ":" + s.Class
}

// parseLabel is the inverse of labelOf; index is −1 and class empty where the label has none.
func parseLabel(label string) (index int, class string) {
	kind, rest := label[:1], label[1:]
	if kind == nameLabel {
		return -1, rest
	}
	number, class, _ := strings.Cut(rest, ":")
	index, err := strconv.Atoi(number)
	if err != nil {
		index = -1
	}
	return index, class
}

// validLabel says whether a text is a label as labelOf writes it.
func validLabel(label string) bool {
	if label == "" {
		return false
	}
	index, class := parseLabel(label)
	return label == labelOf(&premix.Sample{Label: index, Class: class})
}

// A resolver maps the labels of the input to class indexes of the output.
type resolver struct {
	labels *source.Labels
	target map[string]bool
	// choice says that the class list is a choice: images of other classes are left out.
	choice bool
}

func (j *Job) resolver(classes []string) *resolver {
	r := &resolver{labels: &source.Labels{Own: j.Catalog.Own, Target: classes}, target: map[string]bool{}, choice: j.Catalog.Choice}
	for _, c := range classes {
		r.target[c] = true
	}
	return r
}

// resolve returns the class index of a label. ok is false for a class that the list leaves out.
// A label that is none of any list is a fault.
func (r *resolver) resolve(label string) (index int, ok bool, err error) {
	i, class := parseLabel(label)
	if r.choice && class != "" && (i < 0 || r.labels.Own == nil) && !r.target[class] {
		return 0, false, nil
	}
	if i >= 0 && class == "" && r.labels.Own == nil && i >= len(r.labels.Target) {
		return 0, false, premix.Faultf(premix.BadLabel, "label %d is outside of the class list (%d classes: 0 to %d)", i, len(r.labels.Target), len(r.labels.Target)-1)
	}
	index, err = r.labels.Of(&premix.Sample{Label: i, Class: class})
	if err != nil {
		return 0, false, err
	}
	return max(index, 0), index >= 0, nil
}

// Resolve returns the class index of a sample of the input in a class list. ok is false for a class that was not
// asked for; a label of no class is a fault.
func (j *Job) Resolve(s *premix.Sample, classes []string) (index int, ok bool, err error) {
	return j.resolver(classes).resolve(labelOf(s))
}
