package reindex_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix/dataset/internal/fixture"
)

// TestProven damages one of the three that have the bytes of a shard: itself, its record, and the
// manifest. What the two others agree on comes back or stays; a damaged shard is named, and nothing that
// was written of it is changed.
func TestProven(t *testing.T) {
	base := t.TempDir()
	o := fixture.Output{Dir: base, Encode: "jpeg:95"}
	o.Make(t)
	before := tree(t, base)
	shard, hash := o.Records[0].Path, o.Records[0].SHA256
	const record, manifest, config = "__premix__/train/shards/r000-000000.json", "__premix__/train/manifest.json", "__premix__/train/config.json"
	other := strings.Repeat("0", 63) + "1"
	replace := func(old, new string) func([]byte) []byte {
		return func(b []byte) []byte { return bytes.Replace(b, []byte(old), []byte(new), 1) }
	}
	digit := replace(hash, flipDigit(hash))
	for _, test := range []struct {
		name    string
		edits   map[string]func([]byte) []byte
		rebuilt string // "": nothing; the shard is damaged
	}{
		{"a digit of the record", map[string]func([]byte) []byte{record: digit}, "record of " + shard},
		{"the hash of the record", map[string]func([]byte) []byte{record: replace(hash, other)}, "record of " + shard},
		{"a digit of the manifest", map[string]func([]byte) []byte{manifest: digit}, manifest},
		{"a digit of both", map[string]func([]byte) []byte{record: digit, manifest: digit}, "record of " + shard + " " + manifest},
		{"the fingerprint of config.json", map[string]func([]byte) []byte{config: replace("f00d", "f00e")}, config},
		{"a pixel", map[string]func([]byte) []byte{shard: pixel}, ""},
		{"a pixel, without a manifest", map[string]func([]byte) []byte{shard: pixel, manifest: nil}, ""},
		{"a pixel, without a record", map[string]func([]byte) []byte{shard: pixel, record: nil}, ""},
	} {
		dir := filepath.Join(t.TempDir(), "out")
		if err := os.CopyFS(dir, os.DirFS(base)); err != nil {
			t.Fatal(err)
		}
		for file, change := range test.edits {
			edit(t, filepath.Join(dir, file), change)
		}
		damaged := tree(t, dir)
		s := run(t, dir).Splits[0]
		if got := strings.Join(s.Rebuilt, " "); got != test.rebuilt || s.Finished != (test.rebuilt != "") {
			t.Errorf("%s: %+v", test.name, s)
		}
		want := before
		if test.rebuilt == "" {
			want = damaged
			if len(s.Damaged) != 1 || !strings.HasPrefix(s.Damaged[0], shard+": its bytes are not those of ") {
				t.Errorf("%s: damaged %q", test.name, s.Damaged)
			}
		}
		if diff := cmp.Diff(want, tree(t, dir)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// TestLostConfig loses config.json of an output without a manifest, in which a shard is missing: the
// records keep their fingerprint, so that the job goes on with its shards.
func TestLostConfig(t *testing.T) {
	for _, name := range []string{"cut", "other fingerprint"} {
		o := fixture.Output{Dir: t.TempDir(), Shards: 3}
		o.Shard(t)
		edit(t, filepath.Join(o.Dir, o.Records[1].Path), nil)
		edit(t, filepath.Join(o.Dir, "__premix__/train/config.json"), func(b []byte) []byte {
			if name == "cut" {
				return b[:len(b)/2]
			}
			return bytes.Replace(b, []byte("f00d"), []byte("f00e"), 1)
		})
		before := tree(t, o.Dir)
		if r := run(t, o.Dir); r.OK() {
			t.Errorf("%s: %+v", name, r)
		}
		for file, text := range tree(t, o.Dir) {
			if strings.Contains(file, "/shards/") && text != before[file] {
				t.Errorf("%s: %s was changed", name, file)
			}
		}
	}
}

// edit changes the bytes of a file, or removes it.
func edit(t *testing.T, path string, change func([]byte) []byte) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = os.Remove(path) // shards cannot be written to
	}
	if err == nil && change != nil {
		err = os.WriteFile(path, change(text), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// pixel changes a byte of the first JPEG, which no reader of a tar minds.
func pixel(b []byte) []byte {
	b[bytes.Index(b, []byte("\xff\xd8\xff"))+400] ^= 1
	return b
}

// flipDigit changes the first digit of a hash.
func flipDigit(hash string) string {
	if hash[0] == '0' {
		return "1" + hash[1:]
	}
	return "0" + hash[1:]
}
