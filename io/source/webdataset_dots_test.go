package source

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/premix/premix"
)

// TestDots: an image that is lost since its name is cut at a dot is a row; one that belongs to a sample is not.
func TestDots(t *testing.T) {
	pair := func(key string, i int) []file {
		return []file{{key + ".jpg", picture(i)}, {key + ".cls", []byte("1")}}
	}
	join := func(lists ...[]file) (all []file) {
		for _, l := range lists {
			all = append(all, l...)
		}
		return all
	}
	var many []file
	for i := range 100 {
		many = append(many, pair(fmt.Sprintf("img.%04d", i), i)...)
	}
	a := pair("a", 500)
	tests := []struct {
		name       string
		files      []file
		good, lost int
	}{
		{"no dots", join(a, pair("b", 1)), 2, 0},
		{"one with a dot in its key", join(a, pair("photo.2", 1)), 1, 1},
		{"input beside a label of its own name", join(a, pair("x.input", 1)), 1, 1},
		{"input and target", []file{{"x.input.jpg", picture(1)}, {"x.target.cls", []byte("1")}, {"y.input.jpg", picture(2)}, {"y.target.json", []byte(`{"label": 1}`)}}, 2, 0},
		{"input and two targets", join(a, []file{{"x.input.jpg", picture(1)}, {"x.target.cls", []byte("1")}, {"x.other.cls", []byte("1")}}), 1, 1},
		{"target beside a label", join(a, []file{{"x.jpg", picture(1)}, {"x.target.cls", []byte("no")}, {"x.cls", []byte("1")}}), 2, 0},
		{"input of no target", join(a, []file{{"x.input.jpg", picture(1)}, {"x.left.txt", []byte("1")}}), 1, 1},
		{"many of one prefix", join(a, many), 1, 100},
		{"copies", join(a, pair("photo", 1), pair("photo.1", 2), pair("photo.2", 3)), 2, 2},
		{"copies before it", join(a, pair("photo.1", 2), pair("photo", 1)), 2, 1},
		{"copies without labels", join(a, pair("photo", 1), []file{{"photo.1.jpg", picture(2)}}), 2, 1},
		{"labels first", join(a, []file{{"photo.1.cls", []byte("0")}, {"photo.1.jpg", picture(1)}, {"photo.2.cls", []byte("0")}, {"photo.2.jpg", picture(2)}}), 1, 2},
		{"json labels", join(a, []file{{"x.1.jpg", picture(1)}, {"x.1.json", []byte(`{"label": 1}`)}, {"x.2.jpg", picture(2)}, {"x.2.json", []byte(`{"label": 1}`)}}), 1, 2},
		{"other pictures of a sample", join(a, pair("x", 1), []file{{"x.mask.png", picture(2)}, {"x.depth.jpg", picture(3)}}), 2, 0},
		{"views of one object", join(a, []file{{"x.left.jpg", picture(1)}, {"x.right.jpg", picture(2)}, {"x.cls", []byte("0")}}), 1, 1},
		{"an image behind a name", join(a, []file{{"x.image.jpg", picture(1)}, {"x.cls", []byte("0")}}), 2, 0},
		{"folders", []file{{"c/a.jpg", picture(0)}, {"d/img.01.jpg", picture(1)}, {"d/img.02.jpg", picture(2)}, {"d/img.03.jpg", picture(3)}}, 1, 3},
		{"a version in folders", []file{{"c/a.jpg", picture(0)}, {"d/v1.0_b.jpg", picture(1)}}, 2, 0},
		{"copies in folders", []file{{"c/a.jpg", picture(0)}, {"d/photo.jpg", picture(1)}, {"d/photo.1.jpg", picture(2)}}, 2, 1},
		{"more than any sample has", func() (list []file) {
			list = append(list, file{"c/a.jpg", picture(0)})
			for i := range mostDotted + 10 {
				list = append(list, file{fmt.Sprintf("d/img.%d.jpg", i), []byte("\xff\xd8\xff")})
			}
			return list
		}(), 1, mostDotted + 10},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, filepath.Join(dir, "x.tar"), tarOf(t, test.files...))
			cat, rows := scan(t, Options{}, Input{"", dir})
			good, lost := 0, 0
			for _, r := range rows {
				switch {
				case r.Ignored:
				case r.Kind == "":
					good++
				case r.Kind == premix.Unsupported || r.Kind == premix.NoLabel:
					lost++
				default:
					t.Errorf("%v", r.plain())
				}
			}
			if good != test.good || lost != test.lost {
				t.Errorf("%d good, %d lost, want %d and %d: %v", good, lost, test.good, test.lost, plain(rows))
			}
			if why := reasons(t, cat, Options{}); lost > 0 && !strings.Contains(why, "dot") && !strings.Contains(why, "--label-key") && !strings.Contains(why, "several images in one sample") {
				t.Errorf("%q does not lead to the dot", why)
			}
		})
	}
}
