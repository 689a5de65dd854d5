//go:build oracles

// What needs Pillow, djpeg and minutes: scripts/jpegs.sh runs it. TestDamaged has a part of it, whose answers are
// committed.

package jpeg

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/premix/premix/internal/sharedtest"
)

// oracleCount is how many files of a kind an environment variable asks for.
func oracleCount(t testing.TB, variable string) int {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv(variable))
	if err != nil || n <= 0 {
		t.Fatalf("%s is %q: scripts/jpegs.sh sets it", variable, os.Getenv(variable))
	}
	return n
}

// TestDamagedPhotographs is TestDamaged with photographs and the oracles themselves.
func TestDamagedPhotographs(t *testing.T) {
	n := oracleCount(t, "PREMIX_JPEG_DAMAGED")
	photos, err := filepath.Glob(filepath.Join(sharedtest.Dir(t, "data"), "*", "*", "*.jp*g"))
	if err != nil || len(photos) == 0 {
		t.Fatal("no photographs: ", err)
	}
	forms := map[string][]string{
		"baseline": {"-copy", "none"}, "restart": {"-copy", "none", "-restart", "16B"}, "progressive": {"-copy", "none", "-progressive"},
		"restart-progressive": {"-copy", "none", "-progressive", "-restart", "1"}, "arithmetic": {"-copy", "none", "-arithmetic"},
	}
	c := tally{t: t, counts: map[string]int{}}
	markers := map[string]bool{}
	for i := 0; n > 0; i++ {
		photo := photos[i*71%len(photos)]
		bases := map[string][]byte{}
		for form, args := range forms {
			data, err := exec.Command("jpegtran", append(args, photo)...).Output()
			if err != nil {
				t.Fatalf("jpegtran %s: %v", photo, err)
			}
			bases[form] = data
		}
		names := slices.Sorted(maps.Keys(bases))
		var cases []damageCase
		var files [][]byte
		for _, k := range damageCases(names, 2*i, 2, 6) {
			if data := damaged(bases[k.base], k.damage, k.number); data != nil {
				cases, files = append(cases, k), append(files, data)
			}
		}
		n -= len(files)
		for j, v := range askOracles(t, files) {
			k := cases[j]
			pixels, _, err := crc(&c.d, bases[k.base], Options{})
			if err != nil {
				t.Errorf("%s %s is refused: %v", photo, k.base, err)
			}
			c.counts[k.base]++
			c.counts["damage "+k.damage]++
			if k.damage == "marker" {
				markers[k.base+string(rune(k.number&255))] = true
			}
			c.check(filepath.Base(photo)+" "+k.String(), files[j], v, pixels)
		}
	}
	c.log()
	if all := 254 * len(forms); c.counts["damage marker"] > all && len(markers) != all {
		t.Errorf("%d markers tried, of %d", len(markers), all)
	}
}

// TestMade compares the pixels of intact files that are made for it with Pillow's.
func TestMade(t *testing.T) {
	n, python := oracleCount(t, "PREMIX_JPEG_MADE"), oraclePython(t)
	var d Decoder
	for seed, left := 1, n; left > 0; seed++ {
		count, dir := min(left, 500), t.TempDir()
		left -= count
		cmd := exec.Command(python, "testdata/oracles.py", "made", fmt.Sprint(seed), fmt.Sprint(count), dir)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range strings.Fields(string(out)) {
			data, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("%d.jpg", i)))
			if err != nil {
				t.Fatal(err)
			}
			count--
			if got, _, err := crc(&d, data, Options{}); err != nil || got != want {
				t.Errorf("seed %d, file %d: pixels %s, %v; want %s", seed, i, got, err, want)
			}
		}
		if count != 0 {
			t.Fatalf("%d files are missing", count)
		}
	}
	t.Logf("%d files compared", n)
}
