package main

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/source"
)

// TestDiscoverRequests counts what it costs to understand folders in a store: one listing a folder, whatever
// they hold, a few at once, and a few requests more. No image is opened.
func TestDiscoverRequests(t *testing.T) {
	var mu sync.Mutex
	requests := 0
	bucket := gcsWith(t, func(*http.Request) {
		mu.Lock()
		defer mu.Unlock()
		requests++
	})
	const few = 12
	for _, folders := range []int{4, 40} {
		in := blob.Join(bucket, fmt.Sprintf("in%d", folders))
		for class := range folders {
			for split, images := range map[string]int{"train": 3, "val": 2} {
				for i := range images {
					if err := blob.WriteFile(t.Context(), blob.Join(in, split, fmt.Sprintf("c%02d", class), fmt.Sprintf("%d.jpg", i)), []byte("x")); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		requests = 0
		catalog, err := source.Discover(t.Context(), []source.Input{{URI: in}}, source.Options{})
		if err != nil || len(catalog.Classes) != folders {
			t.Fatal(err)
		}
		if most := 2*folders + 2 + few; requests > most {
			t.Errorf("%d requests for %d folders, want at most %d", requests, 2*folders+2, most)
		}
		t.Logf("%d folders: %d requests", 2*folders+2, requests)
	}
}
