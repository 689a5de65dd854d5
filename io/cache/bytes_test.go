package cache

import (
	"crypto/sha256"
	"fmt"
	"runtime"
	"testing"
)

// Equal chunks give equal files: on every architecture, with and without assembly, whatever was
// compressed before. The digests change with the schema, the Parquet and the Zstandard library, and
// with nothing else; a change here needs another Schema only if old files can no longer be read.
func TestBytes(t *testing.T) {
	golden := map[int]string{
		0:             "c26062ef15a01132000375e73f4b0921091622d68d3b3d2c792830d5256d9c93",
		1:             "de96aeb7f4978ec0ea500d1e6d89de49356e760de3ac2a3d0a31097aed66c85d",
		20:            "20cc63ef41a238ebe5550050c391e3dae8468440899358cc35e0bea685f916b4",
		2000:          "7a94acd09dff83c4e6aa701aa1153d5e7c87c4b0017b060cab3292f6045c5736",
		rowGroup + 10: "b0243aa11fd1ebb724e9389a4d941dad65197236026da506c0b5f6d2a01618e8",
	}
	digest := func(n int) string {
		m, c := chunk(n)
		data, err := encode(m, c)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%x", sha256.Sum256(data))
	}
	for n, want := range golden {
		if got := digest(n); got != want {
			t.Errorf("%d rows: %s, want %s", n, got, want)
		}
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for _, n := range []int{20, 2000, 1, 20, rowGroup + 10, 0, 2000} {
		if got := digest(n); got != golden[n] {
			t.Errorf("%d rows again: %s", n, got)
		}
	}
	done := make(chan string)
	for range 8 {
		go func() { done <- digest(2000) }()
	}
	for range 8 {
		if got := <-done; got != golden[2000] {
			t.Errorf("concurrently: %s", got)
		}
	}
}
