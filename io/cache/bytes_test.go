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
		1:             "d4a30c2ccf8b9a789314ec1f26666c38779ae99f5cef970a2d79bd1a3bbd059d",
		20:            "e7d6fab6e2fb73681f82ec64b28a03995a5f1c1cd929e83e806628b0f6f8bab5",
		2000:          "bf54442dd0ac25334ba8f9feb4903adaadfacee93cec700fc5c01de6b59ad6d6",
		rowGroup + 10: "5f99deec347114871e1371ed9327fbc0558ff9909643ed12010ae7dabaed37a8",
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
