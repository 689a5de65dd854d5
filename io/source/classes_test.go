package source

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix"
)

// TestClassLists: mixed layouts go together if their classes agree.
func TestClassLists(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "folder", "cat", "a.jpg"), picture(0))
	put(t, filepath.Join(dir, "folder", "dog", "a.jpg"), picture(1))
	put(t, filepath.Join(dir, "wds", "x.tar"), tarOf(t, samples(2)...))
	put(t, filepath.Join(dir, "wds", "classes.txt"), []byte("cat\ndog\n"))
	put(t, filepath.Join(dir, "other", "y.tar"), tarOf(t, samples(2)...))
	put(t, filepath.Join(dir, "other", "classes.txt"), []byte("cat\r\ncow\r\n"))
	put(t, filepath.Join(dir, "none", "z.tar"), tarOf(t, samples(2)...))
	in := func(names ...string) (list []Input) {
		for _, n := range names {
			list = append(list, Input{"", filepath.Join(dir, n)})
		}
		return list
	}
	cat, rows := scan(t, Options{}, in("folder", "wds", "none")...)
	if cat.Layout != "mixed" || len(rows) != 6 || cmp.Diff([]string{"cat", "dog"}, cat.Classes) != "" {
		t.Errorf("%s, %v, %d rows", cat.Layout, cat.Classes, len(rows))
	}
	wantUsage(t, Options{}, in("folder", "other"), "class 1", "“dog”", "“cow”", "must be the same")
	labels := cat.Labels(nil)
	for _, test := range []struct {
		s    premix.Sample
		want int
		kind premix.FaultKind
	}{
		{premix.Sample{Label: 1}, 1, ""},
		{premix.Sample{Label: 2}, -1, premix.BadLabel},
		{premix.Sample{Label: -1, Class: "dog"}, 1, ""},
		{premix.Sample{Label: -1, Class: "cow"}, -1, premix.BadLabel},
		{premix.Sample{Label: 0, Class: "dog"}, -1, premix.BadLabel},
		{premix.Sample{Label: 0, Class: "a cat"}, -1, premix.BadLabel},
		{premix.Sample{Label: -1}, -1, premix.NoLabel},
	} {
		got, err := labels.Of(&test.s)
		if f := premix.AsFault(err); got != test.want || (f == nil) != (test.kind == "") || f != nil && f.Kind != test.kind {
			t.Errorf("label %d %q: %d, %v", test.s.Label, test.s.Class, got, err)
		}
	}

	// A subset drops class folders and maps the indexes of the rest.
	sub, rows := scan(t, Options{Classes: []string{"dog"}}, in("folder", "wds")...)
	if len(rows) != 3 || sub.Ignored != 1 || len(sub.NotChosen) != 1 || sub.NotChosen[0].Class != "cat" || sub.Classes[0] != "dog" || len(sub.Own) != 2 {
		t.Errorf("subset: %v, %d ignored, %v not chosen, %v", plain(rows), sub.Ignored, sub.NotChosen, sub.Own)
	}
	labels = sub.Labels(nil)
	for index, want := range []int{-1, 0} {
		if got, err := labels.Of(&premix.Sample{Label: index}); got != want || err != nil {
			t.Errorf("label %d of the subset: %d, %v", index, got, err)
		}
	}
	// A class that no input has is empty, whatever the layout; none at all is a mistake.
	for _, name := range []string{"folder", "wds"} {
		sub, rows := scan(t, Options{Classes: []string{"cow", "dog"}}, in(name)...)
		if cmp.Diff([]string{"cow"}, sub.Absent) != "" || cmp.Diff([]string{"cow", "dog"}, sub.Classes) != "" {
			t.Errorf("%s: %v absent of %v", name, sub.Absent, sub.Classes)
		}
		if got, err := sub.Labels(nil).Of(&premix.Sample{Label: rows[len(rows)-1].Label, Class: "dog"}); got != 1 || err != nil {
			t.Errorf("%s: dog is %d, %v", name, got, err)
		}
		wantUsage(t, Options{Classes: []string{"cow"}}, in(name), "--classes: the input has none of its classes (cow); it has cat, dog")
	}
	if cat, _ := scan(t, Options{Classes: []string{"cow", "cat"}}, in("none")...); cat.Own != nil || cat.Classes[0] != "cow" {
		t.Errorf("%v %v", cat.Own, cat.Classes)
	}
	if cat, rows := scan(t, Options{Classes: []string{"cow", "dog"}}, in("folder", "other")...); len(rows) != 3 || len(cat.Absent) > 0 {
		t.Errorf("classes of two inputs: %v, %v absent", plain(rows), cat.Absent)
	}
}

func TestParseClasses(t *testing.T) {
	tests := []struct {
		text string
		want []string
		err  string
	}{
		{"a\nb c\n\n", []string{"a", "b c"}, ""},
		{"\xef\xbb\xbfa\r\nb\r\n", []string{"a", "b"}, ""},
		{"0:a\n1: b\n", []string{"a", "b"}, ""},
		{"0:a\n2:b\n", []string{"0:a", "2:b"}, ""},
		{"a\na\n", nil, "twice"},
		{"\n", nil, "empty"},
		{"\xff\n", nil, "UTF-8"},
	}
	for _, test := range tests {
		got, err := ParseClasses([]byte(test.text))
		if d := cmp.Diff(test.want, got); d != "" || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%q: %v, %v", test.text, got, err)
		}
	}
}

// TestOwnLists: outputs of premix keep their class list apart from the shards.
func TestOwnLists(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "r", "validation-00000-of-00001"), slimNamed(slimRecord{2, "rose", ""}))
	put(t, filepath.Join(dir, "w", "premix-validation-000000.tar"), tarOf(t, samples(1)...))
	want := []string{"daisy", "rose", "tulip"}
	for _, in := range []string{"r", "w"} {
		meta := filepath.Join(dir, in, "__premix__")
		put(t, filepath.Join(meta, ".lock", "classes.txt"), []byte("wrong\n"))
		put(t, filepath.Join(meta, "train", "classes.txt"), []byte("daisy\nrose\ntulip\n"))
		for _, o := range []Options{{Split: "validation"}, {Split: "train"}} {
			cat, rows := scan(t, o, Input{"", filepath.Join(dir, in)})
			if d := cmp.Diff(want, cat.Classes); d != "" || len(rows) != 1 {
				t.Errorf("%s: %s%v", in, d, rows)
			}
		}
		put(t, filepath.Join(dir, in, "classes.txt"), []byte("a\nb\n"))
		if cat, _ := scan(t, Options{}, Input{"", filepath.Join(dir, in)}); len(cat.Classes) != 2 {
			t.Errorf("%s: the list beside the shards is %v", in, cat.Classes)
		}
	}
}

// TestLookAlike wants two forms of one name to be told apart in messages.
func TestLookAlike(t *testing.T) {
	composed, decomposed := "Caf\u00e9", "Cafe\u0301"
	if got := LookAlike([]string{"a", composed}, []string{"b", decomposed}); !strings.Contains(got, `"Caf\u00e9" and "Cafe\u0301"`) {
		t.Errorf("%q", got)
	}
	if got := LookAlike([]string{"a", composed}, []string{composed, "b"}); got != "" {
		t.Errorf("%q", got)
	}
	dir := t.TempDir()
	a, b := fillFolders(t, filepath.Join(dir, "a"), composed+"/", "x/"), fillFolders(t, filepath.Join(dir, "b"), decomposed+"/", "x/")
	wantUsage(t, Options{}, []Input{{"a", a}, {"b", b}}, `\u0301`, "NFD")
	wantUsage(t, Options{Classes: []string{decomposed}}, []Input{{"", a}}, `\u0301`, "NFD")
}
