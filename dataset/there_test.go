package dataset

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/formats"
)

// placed writes the files of shards, as long as their records say, and returns the records.
func placed(t testing.TB, out string, n names, replicas []int) (records []ShardRecord) {
	t.Helper()
	for _, replica := range replicas {
		for i := range n.spec.Shards {
			r := ShardRecord{
				Replica: replica, Shard: i, Path: n.shard(replica, i), IndexPath: n.index(replica, i), PlanPath: n.plan(replica, i),
				Samples: 2, Bytes: 3, PayloadBytes: 1, PlanBytes: 2, SHA256: strings.Repeat("a", 64), Fingerprint: "f", Stats: []MethodStats{{Method: "none", Count: 2}},
			}
			if r.IndexPath != "" {
				r.IndexBytes = 1
			}
			for p, size := range map[string]int64{r.Path: r.Bytes, r.IndexPath: r.IndexBytes, r.PlanPath: r.PlanBytes} {
				if p != "" {
					if err := blob.WriteQuick(t.Context(), blob.Join(out, p), make([]byte, size)); err != nil {
						t.Fatal(err)
					}
				}
			}
			r.Schema = Schema
			text, err := Encode(r)
			if err == nil {
				err = blob.WriteQuick(t.Context(), recordURI(out, n.spec.Split, replica, i), text)
			}
			if err != nil {
				t.Fatal(err)
			}
			records = append(records, r)
		}
	}
	return records
}

// TestMissing takes away and cuts files of each kind, in each format, in folders and in a store, with and without a
// number in the names of replica 0.
func TestMissing(t *testing.T) {
	for _, name := range formats.Names() {
		format, err := formats.ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, zero := range []int{-1, 0} {
			for _, out := range []string{t.TempDir(), fmt.Sprintf("mem://missing-%s-%d/out", name, -zero)} {
				t.Run(fmt.Sprint(name, zero, blob.IsLocal(out)), func(t *testing.T) {
					n := testNames(zero, 12)
					n.format = format
					set, err := Gather(placed(t, out, n, []int{0, 1, 2, 11}))
					if err != nil {
						t.Fatal(err)
					}
					missing := func() (list []string) {
						found, err := set.Missing(t.Context(), out, format, n.spec)
						if err != nil {
							t.Fatal(err)
						}
						for _, d := range found {
							list = append(list, d.Path)
						}
						return list
					}
					if list := missing(); list != nil {
						t.Errorf("missing: %q", list)
					}
					var want []string
					spoil := func(replica int, i int64, p string, data []byte) {
						if p == "" {
							return
						}
						if err := blob.Remove(t.Context(), blob.Join(out, p)); err != nil {
							t.Fatal(err)
						}
						if data != nil {
							if err := blob.WriteFile(t.Context(), blob.Join(out, p), data); err != nil {
								t.Fatal(err)
							}
						}
						want = append(want, n.shard(replica, i))
					}
					spoil(0, 0, n.shard(0, 0), nil)
					spoil(0, 11, n.plan(0, 11), []byte("x"))
					spoil(1, 3, n.index(1, 3), nil)
					spoil(1, 10, n.shard(1, 10), make([]byte, 4))
					spoil(2, 2, n.plan(2, 2), nil)
					spoil(11, 11, n.index(11, 11), []byte{})
					if d := cmp.Diff(want, missing()); d != "" {
						t.Errorf("missing (-want +got):\n%s", d)
					}
				})
			}
		}
	}
}

// TestMissingLinks follows links to other disks, of files and of folders.
func TestMissingLinks(t *testing.T) {
	out, disk := t.TempDir(), t.TempDir()
	n := testNames(-1, 3)
	set, err := Gather(placed(t, out, n, []int{0}))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{n.shard(0, 1), path.Dir(n.plan(0, 0))} {
		to := filepath.Join(disk, filepath.Base(p))
		if err := os.Rename(filepath.Join(out, p), to); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, filepath.Join(out, p)); err != nil {
			t.Fatal(err)
		}
	}
	if missing, err := set.Missing(t.Context(), out, n.format, n.spec); err != nil || len(missing) > 0 {
		t.Errorf("%+v, %v", missing, err)
	}
	if err := os.Remove(filepath.Join(disk, n.shard(0, 1))); err != nil {
		t.Fatal(err)
	}
	if missing, err := set.Missing(t.Context(), out, n.format, n.spec); err != nil || len(missing) != 1 || missing[0].Shard != 1 {
		t.Errorf("%+v, %v", missing, err)
	}
}

// TestGroups wants the names of each group to begin as no name of another group does, so that no page of a listing is
// read twice, and at most a thousand of them.
func TestGroups(t *testing.T) {
	for _, name := range formats.Names() {
		format, err := formats.ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct{ zero, replicas, shards, most int }{
			{-1, 1, 99_999, 100}, {-1, 90, 1024, 180}, {0, 90, 11, 9}, {-1, 90, 11, 10}, {0, 999, 1, 10}, {-1, 3, 5400, 18},
		} {
			n := testNames(c.zero, int64(c.shards))
			n.format = format
			set := &ShardSet{}
			for replica := range c.replicas {
				b := &Batch{Replica: replica, Fingerprint: "f", Shards: make([]Extract, c.shards)}
				for i := range b.Shards {
					b.Shards[i].Shard = int64(i)
				}
				set.Add(b)
			}
			groups := set.groups(n)
			if len(groups) > c.most {
				t.Errorf("%s: %d groups for %d replicas of %d shards", name, len(groups), c.replicas, c.shards)
			}
			of := map[string]int{} // prefixes of names, by group
			total := 0
			for i, g := range groups {
				var all []string
				for k, replica := range g.replicas {
					for _, e := range g.shards[k] {
						all = append(all, n.shard(replica, e.Shard))
					}
				}
				total += len(all)
				if len(all) > pageSize {
					t.Errorf("%s: a group has %d names", name, len(all))
				}
				of[blob.CommonPrefix(all...)] = i
			}
			sorted := slices.Sorted(maps.Keys(of))
			for i := 1; i < len(sorted); i++ {
				if strings.HasPrefix(sorted[i], sorted[i-1]) {
					t.Errorf("%s: the group of %s is in the list of %s", name, sorted[i], sorted[i-1])
				}
			}
			if total != c.replicas*c.shards || len(of) != len(groups) {
				t.Errorf("%s: %d shards of %d in %d groups", name, total, c.replicas*c.shards, len(groups))
			}
		}
	}
}

// TestOthersFound finds the replicas that nothing lists among those that are listed, in folders and in a store.
func TestOthersFound(t *testing.T) {
	ctx := t.Context()
	for _, name := range formats.Names() {
		format, err := formats.ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, zero := range []int{-1, 0} {
			for _, out := range []string{t.TempDir(), fmt.Sprintf("mem://others-%s-%d/out", name, -zero)} {
				t.Run(fmt.Sprint(name, zero, blob.IsLocal(out)), func(t *testing.T) {
					n := testNames(zero, 3)
					n.format = format
					placed(t, out, n, []int{0, 1, 9, 10, 250, 999})
					for _, p := range []string{n.plan(250, 1), n.index(250, 1)} {
						if p != "" {
							if err := blob.Remove(ctx, blob.Join(out, p)); err != nil {
								t.Fatal(err)
							}
							break
						}
					}
					if err := blob.Remove(ctx, recordURI(out, "train", 999, 2)); err != nil {
						t.Fatal(err)
					}
					other := n
					if other.spec.Replica = -1 - zero; zero < 0 { // a shard of the other kind of names belongs to someone else
						other.spec.Replica = 0
					}
					write(t, out, other.shard(0, 1), n.shard(1, 77), "unrelated")
					var got []string
					complete, rest, err := Others(ctx, out, format, n.spec, "f", []int{1, 10})
					if err != nil {
						t.Fatal(err)
					}
					files := 3
					if n.index(0, 0) == "" {
						files = 2
					}
					for _, l := range rest {
						got = append(got, fmt.Sprint(l.Replica, " ", l.Shards, " of 3, files ", len(l.uris), " and ", len(l.records)))
					}
					want := []string{fmt.Sprint("250 2 of 3, files ", files*3-1, " and 3"), fmt.Sprint("999 2 of 3, files ", files*3, " and 2")}
					if d := cmp.Diff(want, got); d != "" || !slices.Equal(complete, []int{0, 9}) {
						t.Errorf("complete %v; the rest (-want +got):\n%s", complete, d)
					}
					if err := RemoveLeftovers(ctx, out, rest); err != nil {
						t.Fatal(err)
					}
					if complete, rest, err := Others(ctx, out, format, n.spec, "f", nil); err != nil || len(rest) > 0 || !slices.Equal(complete, []int{0, 1, 9, 10}) {
						t.Errorf("then %v and %+v, %v", complete, rest, err)
					}
				})
			}
		}
	}
}

func write(t *testing.T, out string, files ...string) {
	t.Helper()
	for _, p := range files {
		if err := blob.WriteFile(t.Context(), blob.Join(out, p), nil); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSearch cuts a listing of more names than a page by the digits of replicas, and passes over those that are listed.
func TestSearch(t *testing.T) {
	const out = "mem://search/out"
	listed := map[int]bool{}
	for replica := range 12 {
		listed[replica] = true
		for i := range 300 {
			write(t, out, fmt.Sprintf("a/r%03d-%06d", replica, i))
		}
	}
	want := map[string]bool{}
	for _, name := range []string{"r012-000000", "r110-000001", "r999-000000"} {
		write(t, out, "a/"+name)
		want[name] = true
	}
	got, seen := map[string]bool{}, 0
	found := func(_, name string) { got[name], seen = true, seen+1 }
	if err := searchAll(t.Context(), out, []search{{dir: "a", prefix: "r", listed: listed, found: found}}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" || seen != len(got) {
		t.Errorf("%d names (-want +got):\n%s", seen, d)
	}
}

// BenchmarkMissing looks at the files of 3,000 shards in folders, all together and, as it was, record by record.
func BenchmarkMissing(b *testing.B) {
	out, n := b.TempDir(), testNames(-1, 1000)
	records := placed(b, out, n, []int{0, 1, 2})
	set, err := Gather(records)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("set", func(b *testing.B) {
		for b.Loop() {
			if missing, err := set.Missing(b.Context(), out, n.format, n.spec); err != nil || len(missing) > 0 {
				b.Fatal(missing, err)
			}
		}
	})
	b.Run("records", func(b *testing.B) {
		for b.Loop() {
			for i := range records {
				if ok, err := records[i].Intact(b.Context(), out, "train"); err != nil || !ok {
					b.Fatal(ok, err)
				}
			}
		}
	})
}
