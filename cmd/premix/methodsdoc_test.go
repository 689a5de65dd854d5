package main

import (
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/premix/premix/imaging/crop"
	"github.com/premix/premix/mix"
	"github.com/premix/premix/plan"
	"github.com/premix/premix/saliency"
)

// table returns the rows of the table below a heading whose first column has that title: the cells
// behind the first, by the code in the first.
func table(t *testing.T, page, heading, title string) (names []string, rows map[string][]string) {
	t.Helper()
	_, section, ok := strings.Cut(page, "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("no section %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	_, body, ok := strings.Cut(section, "\n| "+title+" |")
	if !ok {
		t.Fatalf("%s: no table of a %s", heading, title)
	}
	rows = map[string][]string{}
	for _, line := range strings.Split(body, "\n")[2:] {
		if !strings.HasPrefix(line, "|") {
			break
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		name := strings.Trim(cells[0], "`")
		names = append(names, name)
		rows[name] = cells[1:]
	}
	return names, rows
}

// TestMethodsPage holds the tables of docs/methods.md to the code.
func TestMethodsPage(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "methods.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	equal := func(what string, got, want []string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: the page has %v, the code %v", what, got, want)
		}
	}
	word := map[bool]string{true: "yes", false: "no"}
	names, rows := table(t, page, "--method", "method")
	equal("methods", names, mix.Names())
	for m, row := range rows {
		if row[0] != word[mix.Pairs(m)] {
			t.Errorf("%s: second image: %s", m, row[0])
		}
		if !strings.Contains(page, "\n- **"+m+"**") {
			t.Errorf("%s is not told of below the table", m)
		}
	}
	if paint := fmt.Sprintf("painted (%d, %d, %d)", mix.Paint[0], mix.Paint[1], mix.Paint[2]); !strings.Contains(rows[mix.Cutout][3], paint) {
		t.Errorf("cutout is not %s", paint)
	}
	if scale := fmt.Sprintf("(%v-%v)", mix.MinScale, mix.MaxScale); !strings.Contains(page, scale) {
		t.Errorf("the range of resizemix is not %s", scale)
	}
	names, rows = table(t, page, "--scheme and --border", "scheme")
	equal("schemes", names, mix.Schemes())
	spots := map[mix.Spot]string{mix.Same: "the same place", mix.Peak: "peak", mix.Trough: "trough", mix.Corner: "a random top left corner, pushed back inside"}
	for s, row := range rows {
		if from, to := mix.Scheme(s).Spots(); row[0] != spots[from] || row[1] != spots[to] {
			t.Errorf("%s: %s → %s", s, row[0], row[1])
		}
	}
	names, _ = table(t, page, "--scheme and --border", "border")
	equal("borders", names, mix.Borders())
	names, rows = table(t, page, "--detector", "detector")
	equal("detectors", names, append(saliency.Names(), mix.DetectorUniform))
	for d, row := range rows {
		p := mix.Default()
		p.Detector, p.Scheme = d, mix.NonSal2NonSal
		if row[1] != word[p.Validate() == nil] {
			t.Errorf("%s: trough: %s", d, row[1])
		}
	}
	names, rows = table(t, page, "--geometry", "geometry")
	equal("geometries", names, crop.Modes())
	for g, row := range rows {
		if row[1] != word[crop.Geometry{Mode: g}.Random()] {
			t.Errorf("%s: random: %s", g, row[1])
		}
	}
	names, _ = table(t, page, "What is drawn, and how", "purpose")
	equal("purposes", names, purposes())
	for _, form := range []string{"pair", "dense", "dense16"} {
		if _, rows := table(t, page, "Labels", "`--label-form`"); rows[form] == nil {
			t.Errorf("label form %s is not there", form)
		}
	}
}

func purposes() (list []string) {
	for _, p := range []plan.Purpose{plan.PurposePermutation, plan.PurposeMix, plan.PurposeMethod, plan.PurposeLambda, plan.PurposeCentre, plan.PurposeCorner, plan.PurposeCrop} {
		list = append(list, fmt.Sprint(int(p)))
	}
	return list
}

// TestMethodPictures makes the pictures of docs/methods.md again, by the command that the page
// names, and compares: each is linked, none is left over, all are as premix inspect draws them.
func TestMethodPictures(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "docs", "methods.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "`sh docs/methods/pictures.sh`") {
		t.Error("the page does not say how its pictures are made")
	}
	var linked []string
	for _, m := range regexp.MustCompile(`\]\(methods/([a-z0-9-]+\.png)\)`).FindAllStringSubmatch(string(text), -1) {
		linked = append(linked, m[1])
	}
	slices.Sort(linked)
	linked = slices.Compact(linked)
	made := t.TempDir()
	cmd := exec.Command("sh", "docs/methods/pictures.sh", made)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "PATH="+shim(t, root)+string(filepath.ListSeparator)+os.Getenv("PATH"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, dir := range []string{made, filepath.Join(root, "docs", "methods")} {
		found, err := filepath.Glob(filepath.Join(dir, "*.png"))
		if err != nil {
			t.Fatal(err)
		}
		for i := range found {
			found[i] = filepath.Base(found[i])
		}
		if !slices.Equal(found, linked) {
			t.Fatalf("%s has %v, the page %v", dir, found, linked)
		}
	}
	for _, name := range linked {
		if !slices.Equal(pixels(t, filepath.Join(made, name)), pixels(t, filepath.Join(root, "docs", "methods", name))) {
			t.Errorf("docs/methods/%s is not what premix inspect draws: sh docs/methods/pictures.sh, and look at it", name)
		}
	}
}

// pixels are the size and the colours of a PNG.
func pixels(t *testing.T, path string) []uint32 {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := png.Decode(f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return colours(m)
}

func colours(m image.Image) []uint32 {
	b := m.Bounds()
	list := []uint32{uint32(b.Dx()), uint32(b.Dy())}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, bl, a := m.At(x, y).RGBA()
			list = append(list, r>>8<<24|g>>8<<16|bl>>8<<8|a>>8)
		}
	}
	return list
}
