package compat

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
)

var (
	pythonBlock = regexp.MustCompile("(?ms)^```python\n(.*?)^```$")
)

// readmeOutputs are the outputs whose README.md is tried, all of them in every format, with splits
// of uneven size: 61 training images in 4 shards, 29 for validation in 2.
var readmeOutputs = []struct {
	name, flags string   // of both splits
	mix         []string // of each run that mixes
}{
	{"pair", "", []string{""}},
	{"dense", "--label-form dense --smoothing 0.1 --encode png", []string{"--replicas 2"}},
	{"added", "", []string{"", "--first-replica 1"}}, // replica 0 has no number in its names
}

// sections says what a section of a README.md must do, beside what holds for all: train, evaluate, or
// print what the first sample has.
var sections = map[string]struct {
	checks string
	first  []string
}{
	"webdataset (PyTorch)":               {"loss accuracy", nil},
	"wids (PyTorch, random access)":      {"", nil},
	"Hugging Face datasets":              {"loss accuracy first", []string{"size", "label"}},
	"timm":                               {"loss accuracy", nil},
	"DALI":                               {"", nil},
	"tf.data":                            {"", nil},
	"tf.data and Keras":                  {"loss accuracy", nil},
	"TensorFlow Datasets and Keras":      {"loss accuracy", nil},
	"PyTorch, with the package tfrecord": {"", nil},
	"PyTorch":                            {"loss accuracy", nil},
	"Grain":                              {"", nil},
	"Plain Python":                       {"first", []string{"size", "label_a", "label_b", "lam"}},
	"Plain Python, with pyarrow":         {"first", []string{"key", "size", "label_a", "label_b", "lam"}},
	"pandas":                             {"first", []string{"size", "label_a", "label_b", "lam"}},
}

// A snippet is a job of snippets.py.
type snippet struct {
	Name    string   `json:"name"`
	Section string   `json:"section"`
	Dir     string   `json:"dir"`
	Blocks  []string `json:"blocks"`
	Truth   string   `json:"truth"`
	Split   string   `json:"split"`
	Eval    string   `json:"eval"`
	Checks  []string `json:"checks"`
	First   []string `json:"first"`
}

// TestReadme runs what the README.md of an output tells its users to do, in the folder of the
// output, with the readers that it names, and compares what they read and train with the samples.
// Copies of some programs, in which something is wrong on purpose, must be found wrong.
func TestReadme(t *testing.T) {
	python(t)
	bin := build(t)
	root := t.TempDir()
	var jobs []snippet
	for _, o := range readmeOutputs {
		out := filepath.Join(root, o.name)
		args := []string{"--out", out, "--size", "48", "--cache", "none", "--format", strings.Join(formats.Names(), ",")}
		args = append(args, strings.Fields(o.flags)...)
		for _, flags := range o.mix {
			command(t, bin, append(append([]string{"mix", "--in", "synth:61", "--shards", "4"}, args...), strings.Fields(flags)...)...)
		}
		command(t, bin, append([]string{"pack", "--in", "synth:29", "--split", "validation", "--shards", "2"}, args...)...)
		for _, format := range formats.Names() {
			dir := filepath.Join(out, format)
			truth := filepath.Join(root, o.name+"-"+format+".json")
			writeTruth(t, dir, format, truth)
			text, err := os.ReadFile(filepath.Join(dir, "README.md"))
			if err != nil {
				t.Fatal(err)
			}
			found := 0
			for rest := string(text); ; {
				at := strings.Index(rest, "\n## ")
				if at < 0 {
					break
				}
				rest = rest[at+len("\n## "):]
				end := strings.Index(rest, "\n## ")
				if end < 0 {
					end = len(rest)
				}
				heading, _, _ := strings.Cut(rest, "\n")
				job := snippet{Name: o.name + "/" + format + "/" + heading, Section: heading, Dir: dir, Truth: truth, Split: "train", Eval: "validation"}
				for _, b := range pythonBlock.FindAllStringSubmatch(rest[:end], -1) {
					job.Blocks = append(job.Blocks, b[1])
				}
				if len(job.Blocks) == 0 {
					continue
				}
				found += len(job.Blocks)
				s, ok := sections[heading]
				if !ok {
					t.Errorf("%s: nothing says what this section must do", job.Name)
				}
				job.Checks, job.First = strings.Fields(s.checks), s.first
				jobs = append(jobs, job)
			}
			if n := strings.Count(string(text), "```python"); n != found || n < 4 {
				t.Errorf("%s %s: %d programs, %d under headings", o.name, format, n, found)
			}
		}
	}
	wrong := brokenCopies(t, jobs)
	for name, answer := range runSnippets(t, root, append(jobs, wrong...)) {
		t.Run(name, func(t *testing.T) {
			errors := strings.Join(answer.Errors, "\n")
			if b, ok := strings.CutPrefix(name, "wrong: "); ok {
				if !strings.Contains(errors, breaks[b].says) {
					t.Errorf("is not found: %q; it printed\n%s", errors, answer.Output)
				}
			} else if errors != "" {
				t.Errorf("%s\nit printed\n%s", errors, answer.Output)
			}
		})
	}
	for _, o := range readmeOutputs {
		for _, format := range formats.Names() { // readers left it as it was
			command(t, bin, "verify", filepath.Join(root, o.name, format))
		}
	}
}

// breaks are changes that make a program wrong, and what the report says of it then.
var breaks = map[string]struct{ old, new, says string }{
	"pair/webdataset/webdataset (PyTorch)":           {`y[record["label_a"]] +=`, `y[record["label_b"]] +=`, "soft label"},
	"pair/webdataset/timm":                           {"a, b, lam = mix", "b, a, lam = mix", "soft label"},
	"dense/webdataset/timm":                          {"0.1 / 12", "0.0", "soft label"},
	"pair/parquet/Hugging Face datasets":             {"compute_loss_func=soft_cross_entropy, ", "", "the first loss is"},
	"pair/tfrecord/tf.data and Keras":                {"from_logits=True", "from_logits=True, label_smoothing=0.1", "the first loss is"},
	"dense/webdataset/wids (PyTorch, random access)": {"-r001.json", "-r000.json", "61 missing"},
	"added/parquet/PyTorch":                          {`== torch.tensor(batch["label"])`, `!= torch.tensor(batch["label"])`, "the accuracy is"},
	"added/parquet/Grain":                            {"shuffle()", "shuffle()[:40]", "42 missing"},
	"pair/tfds/TensorFlow Datasets and Keras":        {".batch(16)", ".batch(16, drop_remainder=True)", "13 missing"},
	"added/webdataset/webdataset (PyTorch)":          {"min(step * 16 // 61, 1)", "step // (61 // 16)", "the epochs of the chain's steps"},
	"pair/parquet/pandas":                            {`row["label_a"], row["label_b"]`, `row["label_b"], row["label_a"]`, "was not printed"},
}

// brokenCopies applies the breaks.
func brokenCopies(t *testing.T, jobs []snippet) (wrong []snippet) {
	t.Helper()
	for _, job := range jobs {
		b, ok := breaks[job.Name]
		if !ok {
			continue
		}
		changed := 0
		blocks := make([]string, len(job.Blocks))
		for i, code := range job.Blocks {
			blocks[i] = strings.ReplaceAll(code, b.old, b.new)
			if blocks[i] != code {
				changed++
			}
		}
		if changed == 0 {
			t.Errorf("%s has no %q", job.Name, b.old)
		}
		job.Blocks, job.Name = blocks, "wrong: "+job.Name
		wrong = append(wrong, job)
	}
	if len(wrong) != len(breaks) {
		t.Errorf("%d of %d wrong programs", len(wrong), len(breaks))
	}
	return wrong
}

type snippetAnswer struct {
	Name   string
	Errors []string
	Output string
}

// runSnippets runs all jobs in one process and its forks.
func runSnippets(t *testing.T, root string, jobs []snippet) map[string]snippetAnswer {
	t.Helper()
	text, err := json.Marshal(jobs)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(root, "jobs.json")
	if err := os.WriteFile(path, text, 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python(t), "snippets.py", path)
	cmd.Env = append(os.Environ(), "HF_HUB_OFFLINE=1", "HF_HOME="+filepath.Join(root, "hf"), "TMPDIR="+root, "TF_CPP_MIN_LOG_LEVEL=3",
		"CUDA_VISIBLE_DEVICES=", "OMP_NUM_THREADS=1", "PYTHONDONTWRITEBYTECODE=1")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s%s", err, stdout.String(), stderr.String())
	}
	answers := map[string]snippetAnswer{}
	for line := range strings.Lines(stdout.String()) {
		var a snippetAnswer
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			continue // a framework's own
		}
		answers[a.Name] = a
	}
	if len(answers) != len(jobs) {
		t.Fatalf("%d answers to %d programs\n%s%s", len(answers), len(jobs), stdout.String(), stderr.String())
	}
	return answers
}

// writeTruth writes the samples of all splits and replicas of an output, as premix's reader gives them.
func writeTruth(t *testing.T, dir, format, path string) {
	t.Helper()
	type row struct {
		Key    string    `json:"key"`
		Label  int       `json:"label"`
		LabelA int       `json:"label_a"`
		LabelB int       `json:"label_b"`
		Lam    float64   `json:"lam"`
		Soft   []float32 `json:"soft"`
		Image  []byte    `json:"image"`
	}
	type set struct {
		Split   string `json:"split"`
		Replica int    `json:"replica"`
		Samples []row  `json:"samples"`
	}
	f, err := formats.ByName(format)
	if err != nil {
		t.Fatal(err)
	}
	var sets []set
	for _, split := range []string{"train", "validation"} {
		spec := manifestSpec(t, dir, format, split)
		for _, replica := range manifestReplicas(t, dir, split) {
			spec.Replica = replica
			records, err := Records(dir, f, spec)
			if err != nil {
				t.Fatal(err)
			}
			s := set{Split: split, Replica: replica}
			for _, r := range records {
				soft := r.Soft
				if spec.LabelForm == shard.Pair {
					soft = make([]float32, len(spec.Classes))
					soft[r.LabelA] += float32(r.Lam)
					soft[r.LabelB] += float32(1 - r.Lam)
				}
				s.Samples = append(s.Samples, row{r.Key, r.Label, r.LabelA, r.LabelB, r.Lam, soft, r.Image})
			}
			sets = append(sets, s)
		}
	}
	text, err := json.Marshal(sets)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o666); err != nil {
		t.Fatal(err)
	}
}

// manifestReplicas returns the numbers in the names of a split's replicas, -1 for one without.
func manifestReplicas(t *testing.T, dir, split string) (replicas []int) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "__premix__", split, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Replicas []struct {
			Replica  int
			Numbered bool
		}
	}
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	for _, r := range m.Replicas {
		if !r.Numbered {
			r.Replica = -1
		}
		replicas = append(replicas, r.Replica)
	}
	if len(replicas) == 0 {
		t.Fatalf("%s, %s: no replicas", dir, split)
	}
	return replicas
}
