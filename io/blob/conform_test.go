package blob

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

var ctx = context.Background()

// A harness is an empty place to run the conformance suite on.
type harness struct {
	// root is the address of an empty bucket or directory.
	root string
	// local says that the place is a directory of the file system, which cannot hold both a and a/b
	// as files. Elsewhere a slash in a key means nothing to the store.
	local bool
	// tags says that objects have an ETag.
	tags bool
}

// conform is the suite that every kind of place passes. Each test gets a place of its own. What only
// one kind of place does is tested beside it: local_test.go, handles_test.go, and for stores
// cloud_test.go, retry_test.go, stream_test.go and messages_test.go.
func conform(t *testing.T, open func(*testing.T) *harness) {
	for _, c := range []struct {
		name string
		test func(*testing.T, *harness)
	}{
		{"VisibleOnCommit", testVisibleOnCommit},
		{"NothingHalf", testNothingHalf},
		{"Concurrent", testConcurrentWrites},
		{"Range", testRange},
		{"SeesChanges", testSeesChanges},
		{"OpenAt", testOpenAt},
		{"ReadAt", testReadAt},
		{"ReadersAreClosed", testReadersAreClosed},
		{"Names", testNames},
		{"ListOrder", testListOrder},
		{"ListPages", testListPages},
		{"Sizes", testSizes},
		{"Remove", testRemove},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

func TestLocal(t *testing.T) {
	conform(t, func(t *testing.T) *harness { return &harness{root: filepath.ToSlash(t.TempDir()), local: true} })
}

func TestFileScheme(t *testing.T) {
	conform(t, func(t *testing.T) *harness {
		return &harness{root: "file://" + filepath.ToSlash(t.TempDir()), local: true}
	})
}

func TestMem(t *testing.T) {
	conform(t, func(*testing.T) *harness { return &harness{root: "mem://" + bucketName()} })
}

var bucketCount atomic.Int64

func bucketName() string {
	return "bucket" + string(rune('a'+bucketCount.Add(1)%26)) + strings.ToLower(TempName("")[6:])
}

// absent checks that nothing is to be seen under an address.
func absent(t *testing.T, uri string) {
	t.Helper()
	if o, err := Stat(ctx, uri); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s: %+v, %v, want nothing", uri, o, err)
	}
	if list, err := List(ctx, Dir(uri)); err == nil && len(list) != 0 {
		t.Errorf("%s: the directory lists %v", uri, list)
	}
}

// holds checks the content of an object.
func holds(t *testing.T, uri string, want []byte) {
	t.Helper()
	got, err := ReadAll(ctx, uri, MaxMeta)
	if err != nil || sha256.Sum256(got) != sha256.Sum256(want) {
		t.Errorf("%s: %d bytes, %v, want %d", uri, len(got), err, len(want))
	}
}
