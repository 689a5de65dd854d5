package dataset_test

import (
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
)

// TestPatterns: each pattern of a replica matches all of its shards or indexes, and none of another replica or
// split, whether replica 0 has a number in its names or not. Patterns do not change when replicas are added.
func TestPatterns(t *testing.T) {
	for _, name := range formats.Names() {
		for _, numbered := range []bool{false, true} {
			t.Run(name+" numbered "+strconv.FormatBool(numbered), func(t *testing.T) {
				format, err := formats.ByName(name)
				if err != nil {
					t.Fatal(err)
				}
				train := manifestOf(format, "train", numbered, 0, 1, 2, 100, 1000)
				other := manifestOf(format, "train_aug", numbered, 0, 1)
				list := train.Patterns(format)
				names := map[int][]string{}
				indexes := map[int][]string{}
				for i, m := range []*dataset.Manifest{train, other} {
					for _, r := range m.Replicas {
						spec := m.Shape.Spec(nil)
						if r.Numbered {
							spec.Replica = r.Replica
						}
						key := r.Replica - 10000*i
						for n, s := range r.Shards {
							names[key] = append(names[key], s.Name)
							if index := format.IndexPath(spec, int64(n)); index != "" {
								indexes[key] = append(indexes[key], index)
							}
						}
					}
				}
				for _, p := range list {
					wantMatches(t, p.Exact, p.Replica, names, globbed)
					wantMatches(t, p.Brace, p.Replica, names, expanded)
					if p.ExactIndex != "" {
						wantMatches(t, p.ExactIndex, p.Replica, indexes, globbed)
					}
				}
				alone := manifestOf(format, "train", numbered, 0)
				if got := alone.Patterns(format)[0]; got != list[0] {
					t.Errorf("replica 0 alone has %+v, beside others %+v", got, list[0])
				}
				loose := dataset.LoosePattern(list)
				if numbered || name == "mds" { // mds has a folder for each replica
					if loose != "" {
						t.Errorf("loose pattern %q", loose)
					}
					return
				}
				for replica, list := range names {
					for _, n := range list {
						if replica >= 0 && !globbed(loose, n) {
							t.Errorf("the loose pattern %q does not match %s", loose, n)
						}
					}
				}
				if got := dataset.LoosePattern(alone.Patterns(format)); got != "" {
					t.Errorf("loose pattern %q of one replica", got)
				}
			})
		}
	}
}

func manifestOf(format shard.Format, split string, numbered bool, replicas ...int) *dataset.Manifest {
	const shards = 12
	m := &dataset.Manifest{Shape: dataset.Shape{Name: "demo", Split: split, Format: format.Name(), Shards: shards}}
	for _, replica := range replicas {
		r := dataset.Replica{Replica: replica, Numbered: numbered || replica > 0}
		spec := m.Shape.Spec(nil)
		if r.Numbered {
			spec.Replica = replica
		}
		for i := range int64(shards) {
			r.Shards = append(r.Shards, dataset.Shard{Name: format.ShardPath(spec, i)})
		}
		m.Replicas = append(m.Replicas, r)
	}
	return m
}

// wantMatches wants a pattern to match the names of one replica alone.
func wantMatches(t *testing.T, pattern string, want int, names map[int][]string, matches func(pattern, name string) bool) {
	t.Helper()
	for replica, list := range names {
		for _, n := range list {
			if matches(pattern, n) != (replica == want) {
				t.Errorf("%s of replica %d and %s: match %v", pattern, want, n, replica != want)
			}
		}
	}
}

func globbed(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

var braces = regexp.MustCompile(`^(.*)\{(\d+)\.\.(\d+)\}(.*)$`)

// expanded reports whether a name is one of those that braces stand for.
func expanded(pattern, name string) bool {
	m := braces.FindStringSubmatch(pattern)
	if m == nil || !strings.HasPrefix(name, m[1]) || !strings.HasSuffix(name, m[4]) {
		return false
	}
	digits := strings.TrimSuffix(strings.TrimPrefix(name, m[1]), m[4])
	n, err := strconv.Atoi(digits)
	first, _ := strconv.Atoi(m[2])
	last, _ := strconv.Atoi(m[3])
	return err == nil && len(digits) == len(m[2]) && first <= n && n <= last
}
