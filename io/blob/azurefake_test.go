//go:build !nocloud && !nogcs && !nos3 && !noazure

package blob

import (
	"testing"

	"github.com/premix/premix/internal/storetest"
)

// fakeAzure is a store that needs nothing but this process. What the store itself does is tested on Azurite.
func fakeAzure(t *testing.T) *testStore {
	hurry(t)
	s := &testStore{name: "fake azblob"}
	s.root = storetest.Azure(t, bucketName(), s.serve)
	return s
}

// eachFake runs a test on every kind of store, none of which needs anything but this process.
func eachFake(t *testing.T, test func(t *testing.T, s *testStore)) {
	t.Helper()
	t.Run("gs", func(t *testing.T) { test(t, gsStore(t)) })
	t.Run("s3", func(t *testing.T) { test(t, s3Store(t)) })
	t.Run("azblob", func(t *testing.T) { test(t, fakeAzure(t)) })
}
