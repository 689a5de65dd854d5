//go:build !nocloud && !nogcs && !nos3 && !noazure

package blob

import (
	"context"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
)

// makeContainer makes the container of an address.
func makeContainer(t *testing.T, uri string) {
	t.Helper()
	a, err := parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	b, err := openBucket(context.Background(), a)
	if err != nil {
		t.Fatal(err)
	}
	var c *container.Client
	if !b.As(&c) {
		t.Fatal("no container client")
	}
	if _, err := c.Create(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Delete(context.Background(), nil) })
}
