package jpeg

import (
	"bufio"
	"bytes"
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/premix/premix"
)

// A verdict is what Pillow and djpeg say of a file, as testdata/oracles.py prints it.
type verdict struct {
	pillow   string // CRC-32 of the pixels, "cut" or "refused"
	accepted string // the same where it accepts truncated data
	djpeg    string // CRC-32 of its pixels, or "refused"
	warnings []string
}

func parseVerdict(columns []string) verdict {
	v := verdict{pillow: columns[0], accepted: columns[1], djpeg: columns[2]}
	if columns[3] != "-" {
		v.warnings = strings.Fields(columns[3])
	}
	return v
}

func (v verdict) String() string {
	words := "-"
	if len(v.warnings) > 0 {
		words = strings.Join(v.warnings, " ")
	}
	return strings.Join([]string{v.pillow, v.accepted, v.djpeg, words}, "\t")
}

// An opinion is whether a file is damaged by the rules of this package, as far as the oracles know.
type opinion int

const (
	whole opinion = iota
	hurt
	either // the rules look closer than the oracles do
)

// judge applies the rules to a verdict. excuse is why what an oracle says does not count, or "".
func (v verdict) judge() (o opinion, excuse string) {
	if v.djpeg == "refused" {
		return hurt, ""
	}
	for _, w := range v.warnings {
		word, number, _ := strings.Cut(w, ":")
		n, _ := strconv.Atoi(number)
		switch {
		case word == "left" && n <= maxLeft:
			// djpeg does not count what is in its bit buffer, up to 8 bytes.
			o, excuse = either, "few bytes left over"
		case word == "header":
			excuse = "surplus bytes in the header"
		case word == "sequential" || word == "jfif" || word == "adobe":
			excuse = "a warning of the header"
		case word == "eof":
			// Whether scans are missing is not known to djpeg.
			o, excuse = either, "no EOI"
		default:
			return hurt, ""
		}
	}
	if o == whole && excuse == "" && v.pillow == "refused" {
		return either, "refused by Pillow alone"
	}
	return o, excuse
}

// A tally compares decisions and pixels with verdicts, and counts.
type tally struct {
	t      testing.TB
	d      Decoder
	counts map[string]int
}

// check compares what becomes of a damaged file with the verdict of the oracles. pixels is the CRC-32 of
// the pixels of the file before the damage.
func (c *tally) check(name string, data []byte, v verdict, pixels string) {
	c.t.Helper()
	got, _, err := crc(&c.d, data, Options{})
	o, excuse := v.judge()
	if excuse != "" && c.d.p.arith {
		excuse += ", arithmetic"
	}
	switch {
	case o == whole && err != nil, o == hurt && err == nil:
		c.counts["other decision"]++
		c.t.Errorf("%s: %s, %v; the oracles say %v", name, got, err, v)
	case err != nil && excuse != "":
		c.counts["refused though "+excuse]++
	case err != nil:
		c.counts["refused"]++
	case excuse != "":
		c.counts["accepted in spite of "+excuse]++
	default:
		c.counts["accepted"]++
	}
	if err == nil && got != v.djpeg {
		c.counts["other pixels"]++
		c.t.Errorf("%s: pixels %s; the oracles say %v", name, got, v)
	}
	if onlyEOF := slices.Equal(v.warnings, []string{"eof"}); onlyEOF && err == nil && strings.Contains(name, " cut ") && got != pixels {
		c.t.Errorf("%s: accepted, but not all is there", name)
	} else if onlyEOF && err != nil && !c.d.p.progressive && !c.d.p.arith {
		c.t.Errorf("%s: %v, but all is there", name, err)
	}
	if old, _, err := crc(&c.d, data, Options{Forgive: true}); len(v.pillow) == 8 && old != v.pillow && old != v.djpeg {
		c.t.Errorf("%s, forgiven: %s, %v; the oracles say %v", name, old, err, v)
	}
	cut := premix.AsFault(err) != nil && premix.AsFault(err).Kind == premix.Truncated
	got, h, err := crc(&c.d, data, Options{AcceptTruncated: true})
	switch {
	case v.djpeg == "refused" && err != nil:
		c.counts["accepting: refused"]++
	case err == nil && got == v.accepted:
		c.counts["accepting: as Pillow"]++
	case err == nil && v.accepted == fmt.Sprintf("%08x", crc32.ChecksumIEEE(make([]byte, 3*h.W*h.H))):
		c.counts["accepting: Pillow gives up and shows black"]++
	case err == nil && got == v.djpeg && c.d.p.arith:
		c.counts["accepting: as djpeg, arithmetic"]++
	case err == nil && got == v.djpeg:
		// libjpeg-turbo's fast path leaves coefficients in a block where 0xff 0xff 0 follow each other.
		c.counts["accepting: as djpeg"]++
		c.t.Logf("%s: not as Pillow, %v", name, v)
	case v.djpeg == "refused" && cut:
		c.counts["accepting: refused by djpeg, which reads beyond the end"]++
	default:
		c.counts["accepting: other pixels"]++
		c.t.Errorf("%s, accepting truncated data: %s, %v; the oracles say %v", name, got, err, v)
	}
}

func (c *tally) log() {
	for _, k := range slices.Sorted(maps.Keys(c.counts)) {
		c.t.Logf("%6d %s", c.counts[k], k)
	}
}

// TestDamaged compares decisions with those of the oracles that testdata/damaged.tsv records: lines of base,
// damage, number, the CRC-32 of the damaged file, and the verdict. PREMIX_JPEG_PYTHON and -rewrite of
// scripts/jpegs.sh make the table anew.
func TestDamaged(t *testing.T) {
	bases := damagedBases(t)
	names := slices.Sorted(maps.Keys(bases))
	cases := damageCases(names, 0, 24, 64)
	const table = "testdata/damaged.tsv"
	if os.Getenv("PREMIX_JPEG_REWRITE") != "" {
		writeDamaged(t, table, bases, cases)
	}
	f, err := os.Open(table)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c := tally{t: t, counts: map[string]int{}}
	lines := bufio.NewScanner(f)
	for i := 0; lines.Scan(); i++ {
		if testing.Short() && i%5 != 0 {
			continue
		}
		columns := strings.Split(lines.Text(), "\t")
		number, _ := strconv.Atoi(columns[2])
		k := damageCase{columns[0], columns[1], number}
		data := damaged(bases[k.base], k.damage, k.number)
		if got := fmt.Sprintf("%08x", crc32.ChecksumIEEE(data)); got != columns[3] {
			t.Fatalf("%s: the file is %s, the oracles judged %s", k, got, columns[3])
		}
		pixels, _, _ := crc(&c.d, bases[k.base], Options{})
		c.check(k.String(), data, parseVerdict(columns[4:]), pixels)
	}
	c.log()
	if n := c.counts["refused"]; n < 500 && !testing.Short() {
		t.Errorf("only %d files refused", n)
	}
}

func damagedBases(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/damaged/*.jpg")
	if err != nil || len(files) == 0 {
		t.Fatal("no files to damage: ", err)
	}
	bases := map[string][]byte{}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		bases[strings.TrimSuffix(filepath.Base(name), ".jpg")] = data
	}
	return bases
}

func writeDamaged(t testing.TB, table string, bases map[string][]byte, cases []damageCase) {
	t.Helper()
	var files [][]byte
	cases = slices.DeleteFunc(cases, func(c damageCase) bool { return damaged(bases[c.base], c.damage, c.number) == nil })
	for _, c := range cases {
		files = append(files, damaged(bases[c.base], c.damage, c.number))
	}
	var b strings.Builder
	for i, v := range askOracles(t, files) {
		c := cases[i]
		fmt.Fprintf(&b, "%s\t%s\t%d\t%08x\t%s\n", c.base, c.damage, c.number, crc32.ChecksumIEEE(files[i]), v)
	}
	if err := os.WriteFile(table, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// oraclePython is the Python that has Pillow. Tests that need it are skipped where none is named.
func oraclePython(t testing.TB) string {
	t.Helper()
	python := os.Getenv("PREMIX_JPEG_PYTHON")
	if python == "" {
		t.Skip("needs Pillow, djpeg and some minutes: run scripts/jpegs.sh")
	}
	return python
}

// askOracles has files judged.
func askOracles(t testing.TB, files [][]byte) []verdict {
	t.Helper()
	python, dir := oraclePython(t), t.TempDir()
	var paths bytes.Buffer
	for i, data := range files {
		path := filepath.Join(dir, fmt.Sprintf("%d.jpg", i))
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&paths, path)
	}
	cmd := exec.Command(python, "testdata/oracles.py", "judge")
	cmd.Stdin, cmd.Stderr = &paths, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var verdicts []verdict
	for line := range strings.Lines(string(out)) {
		verdicts = append(verdicts, parseVerdict(strings.Split(strings.TrimSuffix(line, "\n"), "\t")))
	}
	if len(verdicts) != len(files) {
		t.Fatalf("%d verdicts on %d files", len(verdicts), len(files))
	}
	return verdicts
}
