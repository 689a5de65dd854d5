package source

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

var (
	scanFiles = flag.Int("scan-files", 128_000, "files that BenchmarkScan lists, in 1,000 class folders; ImageNet has 1,280,000")
	scanDir   = flag.String("scan-dir", "", "folder of class folders that BenchmarkScan lists instead of empty files of its own")
)

// BenchmarkScan measures what a run does before it reads the first image of a local folder: the launcher
// understands the folders and cuts them into chunks, which the workers do again.
func BenchmarkScan(b *testing.B) {
	dir := *scanDir
	if dir == "" {
		dir = b.TempDir()
		for class := range 1000 {
			folder := filepath.Join(dir, "train", fmt.Sprintf("n%08d", class))
			if err := os.MkdirAll(folder, 0o755); err != nil {
				b.Fatal(err)
			}
			for i := range *scanFiles / 1000 {
				if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("n%08d_%d.JPEG", class, i)), nil, 0o644); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	b.ReportAllocs()
	images := 0
	for b.Loop() {
		catalog, err := Discover(b.Context(), []Input{{"", dir}}, Options{})
		if err != nil {
			b.Fatal(err)
		}
		images = 0
		for _, c := range append(catalog.Containers, catalog.Containers...) {
			chunks, err := Split(b.Context(), c, Options{})
			if err != nil {
				b.Fatal(err)
			}
			for _, c := range chunks {
				images += c.EstImages
			}
		}
	}
	b.ReportMetric(float64(images/2)*float64(b.N)/b.Elapsed().Seconds(), "images/s")
}
