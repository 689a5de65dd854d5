package source

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix"
)

// A slimRecord is a record of TF-slim that names its class.
type slimRecord struct {
	label        int
	synset, text string
}

func slimNamed(list ...slimRecord) []byte {
	var examples [][]byte
	for i, r := range list {
		f := map[string]any{"image/encoded": picture(i), "image/class/label": r.label}
		if r.synset != "" {
			f["image/class/synset"] = r.synset
		}
		if r.text != "" {
			f["image/class/text"] = r.text
		}
		examples = append(examples, example(f))
	}
	return recordsOf(examples...)
}

// resolved are the classes of all entries by the labels of the catalog: names, or kinds of faults.
func resolved(t *testing.T, cat *Catalog, o Options) (list []string) {
	t.Helper()
	labels := cat.Labels(nil)
	for _, r := range readAll(t, cat, o) {
		switch i, err := labels.Of(&premix.Sample{Label: r.Label, Class: r.Class}); {
		case r.Ignored:
		case r.Kind != "":
			list = append(list, string(r.Kind))
		case err != nil:
			list = append(list, string(premix.AsFault(err).Kind))
		case i < 0:
			list = append(list, "left out")
		default:
			list = append(list, labels.Target[i])
		}
	}
	return list
}

// TestRecordNames: records that name their classes, where no list lies beside them, beside an input
// that has a list. Indexes of one are never taken for indexes of the other.
func TestRecordNames(t *testing.T) {
	flowers := []slimRecord{{1, "daisy", ""}, {2, "rose", ""}, {1, "daisy", ""}}
	texts := []slimRecord{{1, "", "daisy"}, {2, "", "rose"}}
	imagenet := []slimRecord{{1, "n01440764", "tench, Tinca tinca"}, {3, "n02012849", "crane"}, {2, "n01443537", "goldfish"}}
	const wnids, people = "n01440764\nn01443537\nn02012849\n", "tench, Tinca tinca\ngoldfish\ncrane\n"
	for _, test := range []struct {
		name    string
		records []slimRecord
		beside  string // the list beside the records
		other   string // that of the other input, which has one image of each class, read last
		classes string // --classes
		want    string // of the records
		refuse  string
	}{
		{"the same classes", flowers, "", "daisy\nrose\n", "", "daisy rose daisy", ""},
		{"the same classes, and more", flowers, "", "daisy\nrose\ntulip\n", "", "daisy rose daisy", ""},
		{"other classes", flowers, "", "ball\ncoin\nstar\n", "", "", "class 0 is “ball” in OTHER and “daisy” in the records of RECORDS"},
		{"the same classes in another order", flowers, "", "rose\ndaisy\n", "", "", "class 2 is missing in OTHER and “rose” in the records of RECORDS"},
		{"one class more", append(flowers, slimRecord{3, "tulip", ""}), "", "daisy\nrose\n", "", "", "class 2 is missing in OTHER and “tulip” in the records of RECORDS"},
		{"counted from 0", []slimRecord{{1, "rose", ""}, {2, "tulip", ""}}, "", "daisy\nrose\ntulip\n", "", "rose tulip", ""},
		{"a wrong record first", append([]slimRecord{{1, "rose", ""}}, flowers...), "", "daisy\nrose\n", "", "bad-label daisy rose daisy", ""},
		{"one wrong record", append(flowers, slimRecord{2, "daisy", ""}), "", "daisy\nrose\n", "", "daisy rose daisy bad-label", ""},
		{"a list beside them that has the names", flowers, "daisy\nrose\n", "daisy\nrose\n", "", "daisy rose daisy", ""},
		{"a list beside them that has some of the names", append(flowers, slimRecord{3, "tulip", ""}), "daisy\nrose\nlily\n", "daisy\nrose\nlily\n", "", "daisy rose daisy lily", ""},
		{"a list beside them in other words", flowers, "Daisies\nRoses\n", "Daisies\nRoses\n", "", "Daisies Roses Daisies", ""},
		{"a list beside them that is another one", flowers, "daisy\nrose\n", "ball\ncoin\n", "", "", "class 0 is “"},
		{"texts", texts, "", "daisy\nrose\n", "", "daisy rose", ""},
		{"other texts", texts, "", "ball\ncoin\n", "", "", "“daisy” in the records of RECORDS"},
		{"ImageNet beside synsets", imagenet, "", wnids, "", "n01440764 n02012849 n01443537", ""},
		{"ImageNet beside texts", imagenet, "", people, "", "tench, Tinca tinca crane goldfish", ""},
		{"ImageNet beside other words", imagenet, "", "tench\ngoldfish\ncrane bird\n", "", "", "class 0 is “tench” in OTHER and “tench, Tinca tinca” in the records of RECORDS"},
		{"ImageNet with other words beside it", imagenet, "tench\ngoldfish\ncrane bird\n", "tench\ngoldfish\ncrane bird\n", "", "tench crane bird goldfish", ""},
		{"ImageNet with texts beside it that are spelled otherwise", imagenet, "tench, Tinca tinca\ngoldfish\ncrane bird\n", "tench, Tinca tinca\ngoldfish\ncrane bird\n", "", "tench, Tinca tinca crane bird goldfish", ""},

		{"a choice of the same classes", flowers, "", "daisy\nrose\n", "rose\n", "left out rose left out", ""},
		{"a choice of both", flowers, "", "ball\ncoin\n", "coin\nrose\n", "bad-label rose bad-label", ""},
		{"a choice of one name that both have", []slimRecord{{1, "coin", ""}, {2, "rose", ""}}, "", "ball\ncoin\n", "coin\n", "coin bad-label", ""},
		{"a choice of synsets", imagenet, "", wnids, "n02012849\n", "left out n02012849 left out", ""},
		{"a choice of texts", imagenet, "", people, "goldfish\n", "left out left out goldfish", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			in := []Input{{"", filepath.Join(dir, "records")}, {"", filepath.Join(dir, "w")}}
			put(t, filepath.Join(in[0].URI, "a.tfrecord"), slimNamed(test.records...))
			if test.beside != "" {
				put(t, filepath.Join(in[0].URI, "classes.txt"), []byte(test.beside))
			}
			put(t, filepath.Join(in[1].URI, "z.tar"), tarOf(t, samples(strings.Count(test.other, "\n"))...))
			put(t, filepath.Join(in[1].URI, "classes.txt"), []byte(test.other))
			o := Options{}
			if test.classes != "" {
				o.Classes = strings.Split(strings.TrimSpace(test.classes), "\n")
			}
			if test.refuse != "" {
				words := strings.NewReplacer("OTHER", in[1].URI, "RECORDS", in[0].URI).Replace(test.refuse)
				wantUsage(t, o, in, words, "must be the same")
				return
			}
			cat, err := Discover(t.Context(), in, o)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(resolved(t, cat, o)[:len(test.records)], " "); got != test.want {
				t.Errorf("the records are %s, want %s", got, test.want)
			}
		})
	}
}

// TestRecordNamesAlone: without any list, records name the classes themselves.
func TestRecordNamesAlone(t *testing.T) {
	dir := t.TempDir()
	in := func(names ...string) (list []Input) {
		for _, n := range names {
			list = append(list, Input{n, filepath.Join(dir, n)})
		}
		return list
	}
	for name, records := range map[string][]slimRecord{
		"flowers": {{1, "daisy", ""}, {2, "rose", ""}}, "more": {{2, "rose", ""}, {3, "tulip", ""}}, "things": {{2, "ball", ""}},
		"texts": {{1, "", "daisy"}, {2, "", "rose"}}, "twice": {{1, "", "crane"}, {2, "", "crane"}}, "captions": {{1, "", "a cat"}, {1, "", "my cat"}},
		"imagenet": {{1, "n01440764", "tench"}, {2, "n01443537", "goldfish"}},
	} {
		put(t, filepath.Join(dir, name, "train-00000-of-00001"), slimNamed(records...))
	}
	for _, test := range []struct {
		in      []string
		classes []string
		want    string // LABEL:NAME of each record
	}{
		{[]string{"flowers", "more"}, nil, "0:daisy 1:rose 1:rose 2:tulip"},
		{[]string{"texts"}, nil, "0:daisy 1:rose"},
		{[]string{"twice"}, nil, "0: 1:"},
		{[]string{"captions"}, nil, "0: 0:"},
		{[]string{"imagenet"}, nil, "0:n01440764 1:n01443537"},
		{[]string{"imagenet"}, []string{"n01443537"}, "0:n01440764 1:n01443537"},
		{[]string{"imagenet"}, []string{"goldfish"}, "0:tench 1:goldfish"},
		{[]string{"imagenet"}, []string{"shark"}, "0:tench 1:goldfish"},
		{[]string{"flowers", "things"}, []string{"ball", "daisy"}, "0:daisy 1:rose -1:ball"},
	} {
		_, rows := scan(t, Options{Classes: test.classes}, in(test.in...)...)
		var got []string
		for _, r := range rows {
			got = append(got, fmt.Sprintf("%d:%s", r.Label, r.Class))
		}
		if d := cmp.Diff(test.want, strings.Join(got, " ")); d != "" {
			t.Errorf("%v, --classes %v: %s", test.in, test.classes, d)
		}
	}
	wantUsage(t, Options{}, in("flowers", "things"), "class 1 is “rose” in the records of "+filepath.Join(dir, "flowers")+" and “ball” in the records of "+filepath.Join(dir, "things"), "--classes FILE")
}
