package stage

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix"
)

func TestLabelText(t *testing.T) {
	for _, s := range []premix.Sample{
		{Label: 0}, {Label: 1023}, {Label: -1, Class: "755"}, {Label: -1, Class: "a:b"}, {Label: 7, Class: "red: fox"}, {Label: 3, Class: ":"},
	} {
		index, class := parseLabel(labelOf(&s))
		if index != s.Label || class != s.Class {
			t.Errorf("%+v became %d, %q", s, index, class)
		}
	}
}

// TestClassList derives class lists from labels as inputs state them.
func TestClassList(t *testing.T) {
	for _, c := range []struct {
		name   string
		labels []string // of two chunks, apart by |
		want   []string
		refuse string
	}{
		{"names", []string{"ncat|nant", "nbee"}, []string{"ant", "bee", "cat"}, ""},
		{"indexes", []string{"i2", "i0"}, []string{"0", "1", "2"}, ""},
		{"both", []string{"b1:cat", "b0:ant|b3:bee"}, []string{"ant", "cat", "2", "bee"}, ""},
		{"a number as a name", []string{"b0:2", "i2"}, []string{"2", "1", "2_"}, ""},
		{"a name beside names with indexes", []string{"b5:cat", "nant"}, []string{"ant", "cat"}, ""},
		{"two names of an index", []string{"b1:cat", "b1:ant"}, nil, `label 1 both "ant" and "cat"`},
		{"two indexes of a name", []string{"b2:cat", "b1:cat"}, nil, `class "cat" under the labels 1 and 2`},
		{"indexes and names", []string{"i4", "ncat"}, nil, `as indexes (up to 4) and as names (such as "cat")`},
		{"too many", []string{"i2000000"}, nil, "has the label 2000000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var sums []Summary
			for _, l := range c.labels {
				labels := map[string]int64{}
				for _, label := range strings.Split(l, "|") {
					labels[label]++
				}
				sums = append(sums, Summary{ID: l, Good: CountsOf(labels)})
			}
			all, err := readTally(&Job{}, listed(sums))
			if err != nil {
				t.Fatal(err)
			}
			got, err := classList(all.labels)
			if c.refuse != "" {
				if m := refused(t, err, CodeUsage); !strings.Contains(m, c.refuse) {
					t.Errorf("it says %q, want %q", m, c.refuse)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// TestResolve gives labels to class lists: as they are, as a choice, and with a list of the input's own.
func TestResolve(t *testing.T) {
	for _, c := range []struct {
		name, label  string
		own, classes []string
		choice       bool
		index        int
		ok           bool
		fault        premix.FaultKind
	}{
		{"name", "nbee", nil, []string{"ant", "bee"}, false, 1, true, ""},
		{"unknown name", "ncat", nil, []string{"ant", "bee"}, false, 0, false, premix.BadLabel},
		{"name that was not chosen", "ncat", nil, []string{"ant", "bee"}, true, 0, false, ""},
		{"index", "i1", nil, []string{"ant", "bee"}, false, 1, true, ""},
		{"index outside", "i2", nil, []string{"ant", "bee"}, false, 0, false, premix.BadLabel},
		{"index in the own list", "i2", []string{"ant", "bee", "cat"}, []string{"cat"}, true, 0, true, ""},
		{"index of a class left out", "i1", []string{"ant", "bee", "cat"}, []string{"cat"}, true, 0, false, ""},
		{"name that was not chosen, of an input beside one with a list", "ndog", []string{"ant", "bee", "cat"}, []string{"cat"}, true, 0, false, ""},
		{"unknown name beside an input with a list", "ndog", []string{"ant", "bee"}, []string{"ant", "bee"}, false, 0, false, premix.BadLabel},
		{"name that contradicts the own list", "b1:cat", []string{"ant", "bee", "cat"}, []string{"ant", "bee", "cat"}, false, 0, false, premix.BadLabel},
		{"name that the own list does not have", "b1:dog", []string{"ant", "bee"}, []string{"ant", "bee"}, false, 0, false, premix.BadLabel},
		{"name that was not chosen, and no list", "b1:dog", nil, []string{"ant", "bee"}, true, 0, false, ""},
		{"name beside an index, and no list", "b1:ant", nil, []string{"ant", "bee"}, true, 0, true, ""},
		{"index outside of the own list", "i3", []string{"ant", "bee", "cat"}, []string{"cat"}, true, 0, false, premix.BadLabel},
	} {
		t.Run(c.name, func(t *testing.T) {
			job := &Job{Catalog: CatalogInfo{Own: c.own, Choice: c.choice}}
			index, ok, err := job.resolver(c.classes).resolve(c.label)
			var kind premix.FaultKind
			if f := premix.AsFault(err); f != nil {
				kind = f.Kind
			} else if err != nil {
				t.Fatal(err)
			}
			if kind != c.fault || err == nil && (ok != c.ok || ok && index != c.index) {
				t.Errorf("%d, %v, %v; want %d, %v, %q", index, ok, err, c.index, c.ok, c.fault)
			}
		})
	}
}
