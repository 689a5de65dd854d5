package compat

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/premix/premix/io/formats"
)

var pythonBlock = regexp.MustCompile("(?ms)^## ([^\n]*)\n(.*?)^```python\n(.*?)^```$")

// TestReadme runs what the README.md of an output tells its users to do, in the folder of the
// output, with the readers that it names.
func TestReadme(t *testing.T) {
	py := python(t)
	bin := build(t)
	root := t.TempDir()
	for _, o := range []struct{ name, flags string }{
		{"pair", "--images 64 --size 48 --shards 4"},
		{"dense", "--images 40 --size 48 --shards 4 --label-form dense --smoothing 0.1 --replicas 2 --encode png"},
	} {
		in, out := filepath.Join(root, o.name+"-in"), filepath.Join(root, o.name)
		var images string
		var flags []string
		for f := strings.Fields(o.flags); len(f) > 0; f = f[2:] {
			if f[0] == "--images" {
				images = f[1]
				continue
			}
			flags = append(flags, f[0], f[1])
		}
		for _, args := range [][]string{
			{"synth", "--out", in, "--images", images},
			append([]string{"mix", "--in", in, "--out", out, "--cache", "none", "--format", strings.Join(formats.Names(), ",")}, flags...),
		} {
			if text, err := exec.Command(bin, args...).CombinedOutput(); err != nil {
				t.Fatalf("premix %s: %v\n%s", strings.Join(args, " "), err, text)
			}
		}
		for _, format := range formats.Names() {
			dir := filepath.Join(out, format)
			text, err := os.ReadFile(filepath.Join(dir, "README.md"))
			if err != nil {
				t.Fatal(err)
			}
			blocks := pythonBlock.FindAllStringSubmatch(string(text), -1)
			if n := strings.Count(string(text), "```python"); n != len(blocks) || n < 4 {
				t.Errorf("%s %s: %d programs, %d under headings", o.name, format, n, len(blocks))
			}
			t.Run(o.name+"/"+format, func(t *testing.T) {
				for i, b := range blocks {
					t.Run(b[1], func(t *testing.T) {
						t.Parallel() // most of the time goes into imports
						runBlock(t, py, dir, filepath.Join(root, fmt.Sprintf("%s-%s-%d.py", o.name, format, i)), b[3])
					})
				}
			})
			if text, err := exec.Command(bin, "verify", dir).CombinedOutput(); err != nil { // readers left it as it was
				t.Errorf("verify after them: %v\n%s", err, text)
			}
		}
	}
}

// runBlock runs a program in a folder, and wants it to print something.
func runBlock(t *testing.T, py, dir, file, program string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(program), 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(py, file)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HF_HUB_OFFLINE=1", "HF_HOME="+file+".hf", "TF_CPP_MIN_LOG_LEVEL=3", "CUDA_VISIBLE_DEVICES=")
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s\n%s%s", err, program, stdout.String(), stderr.String())
	}
	if strings.TrimSpace(stdout.String()) == "" {
		t.Errorf("it printed nothing:\n%s", program)
	}
	t.Logf("%s", stdout.String())
}
