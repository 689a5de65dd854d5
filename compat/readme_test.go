package compat

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/premix/premix/internal/commandtest"
	"github.com/premix/premix/io/formats"
)

var pythonBlock = regexp.MustCompile("(?ms)^```python\n(.*?)^```$")

// readmeOutputs are the outputs whose README.md is tried, with splits of uneven size: 37 training images in
// 4 shards, 21 for validation in 2. No batch of a worker has one sample alone, which batch normalization refuses
// where the last layer has one pixel.
var readmeOutputs = []struct {
	name, formats string
	mix           []string // the flags of each run that mixes
	pack          string   // and of the run for validation
}{
	{"pair", "all", []string{""}, ""},
	{"dense", "all", []string{"--label-form dense --smoothing 0.1 --encode png --replicas 2"}, "--label-form dense --encode png"},
	{"added", "all", []string{"", "--first-replica 1 --replicas 3"}, ""},                          // replica 0 has no number in its names
	{"half", "webdataset", []string{"--label-form dense16 --replicas 4"}, "--label-form dense16"}, // lists are comprehensions here and above
	{"hard", "webdataset,tfrecord", []string{"--label-form dense"}, ""},                           // validation has class indices only
}

// formatsOf are the formats of one of the readmeOutputs.
func formatsOf(list string) []string {
	if list == "all" {
		return formats.Names()
	}
	return strings.Split(list, ",")
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
	"TensorFlow Datasets":                {"first", []string{"size", "label_a", "label_b", "lam"}},
	"PyTorch, with the package tfrecord": {"", nil},
	"PyTorch":                            {"loss accuracy", nil},
	"Grain":                              {"", nil},
	"MosaicML streaming":                 {"loss accuracy", nil},
	"Plain Python":                       {"first", []string{"size", "label_a", "label_b", "lam"}},
	"Plain Python, with array_record":    {"first", []string{"key", "size", "label_a", "label_b", "lam"}},
	"Plain Python, with pyarrow":         {"first", []string{"key", "size", "label_a", "label_b", "lam"}},
	"pandas":                             {"first", []string{"size", "label_a", "label_b", "lam"}},
}

// A snippet is a job of snippets.py.
type snippet struct {
	Name   string   `json:"name"`
	Dir    string   `json:"dir"`
	Blocks []string `json:"blocks"`
	Truth  string   `json:"truth"`
	Split  string   `json:"split"`
	Eval   string   `json:"eval"`
	Checks []string `json:"checks"`
	First  []string `json:"first"`
}

// TestReadme runs what the README.md of an output tells its users to do, in the folder of the
// output, with the readers that it names, and compares what they read and train with the samples.
// Copies of some programs, in which something is wrong on purpose, must be found wrong.
func TestReadme(t *testing.T) {
	python(t)
	root := t.TempDir()
	cache, other := filepath.Join(root, "cache"), filepath.Join(root, "other")
	var jobs []snippet
	for _, o := range readmeOutputs {
		out, peaks := filepath.Join(root, o.name), cache
		if o.name == "half" { // see cacheRows
			peaks = other
		}
		to := []string{"--out", out, "--format", strings.Join(formatsOf(o.formats), ","), "--size", "32"}
		for _, flags := range o.mix {
			commandtest.Run(t, slices.Concat(strings.Fields("mix --in synth:37 --shards 4 "+flags), to, []string{"--cache", peaks})...)
		}
		commandtest.Run(t, slices.Concat(strings.Fields("pack --in synth:21 --split validation --shards 2 --cache none "+o.pack), to)...)
		for _, format := range formatsOf(o.formats) {
			dir := out
			if o.formats != format { // of several formats each has a folder
				dir = filepath.Join(out, format)
			}
			truth := filepath.Join(root, o.name+"-"+format+".json")
			writeTruth(t, dir, format, truth)
			base := snippet{Name: o.name + "/" + format + "/", Dir: dir, Truth: truth, Split: "train", Eval: "validation"}
			jobs = append(jobs, readmeJobs(t, base)...)
			if (o.name == "added" || o.name == "dense") && (format == "webdataset" || format == "parquet") {
				jobs = append(jobs, bareLoad(t, base))
			}
		}
	}
	jobs = append(jobs, cacheRows(t, jobs[0], cache, other))
	jobs = distinct(jobs)
	wrong := brokenCopies(t, jobs)
	dirs := map[string]bool{}
	for _, job := range jobs {
		dirs[job.Dir] = true
	}
	for name, answer := range runSnippets(t, root, append(jobs, wrong...)) {
		t.Run(name, func(t *testing.T) {
			t.Logf("%.1f s of CPU", answer.Seconds)
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
	for dir := range dirs { // readers left it as it was
		commandtest.Run(t, "verify", dir)
	}
}

// readmeJobs returns the programs of a README.md, a job for each section.
func readmeJobs(t *testing.T, base snippet) (jobs []snippet) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(base.Dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, section := range strings.Split(string(text), "\n## ")[1:] {
		heading, _, _ := strings.Cut(section, "\n")
		job := base
		job.Name += heading
		for _, b := range pythonBlock.FindAllStringSubmatch(section, -1) {
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
		t.Errorf("%s: %d programs, %d under headings", base.Name, n, found)
	}
	return jobs
}

// distinct leaves out programs whose text is that of an earlier one: they read the same names, and as many samples.
func distinct(jobs []snippet) (list []snippet) {
	seen := map[string]bool{}
	for _, job := range jobs {
		text := strings.Join(job.Blocks, "\x00")
		if !seen[text] {
			list = append(list, job)
		}
		seen[text] = true
	}
	return list
}

// breaks are changes that make a program wrong, and what the report says of it then.
var breaks = map[string]struct{ old, new, says string }{
	"pair/webdataset/webdataset (PyTorch)":              {`y[record["label_a"]] +=`, `y[record["label_b"]] +=`, "soft label"},
	"pair/webdataset/timm":                              {"a, b, lam = mix", "b, a, lam = mix", "soft label"},
	"dense/webdataset/timm":                             {"0.1 / 12", "0.0", "soft label"},
	"pair/parquet/Hugging Face datasets":                {"compute_loss_func=soft_cross_entropy, ", "", "the first loss is"},
	"pair/tfrecord/tf.data and Keras":                   {"from_logits=True", "from_logits=True, label_smoothing=0.1", "the first loss is"},
	"dense/webdataset/wids (PyTorch, random access)":    {"-r001.json", "-r000.json", "37 missing"},
	"added/parquet/PyTorch":                             {`== torch.tensor(batch["label"])`, `!= torch.tensor(batch["label"])`, "the accuracy is"},
	"added/parquet/Grain":                               {"shuffle()", "shuffle()[:20]", "34 missing"},
	"pair/tfds/TensorFlow Datasets and Keras":           {".batch(16)", ".batch(16, drop_remainder=True)", "5 missing"},
	"added/webdataset/webdataset (PyTorch)":             {"min(step * 16 // 37, 1)", "step // (37 // 16)", "the epochs of the chain's steps"},
	"added/parquet/load_dataset":                        {`load_dataset_builder(os.getcwd())`, `load_dataset_builder("parquet", data_dir=os.getcwd())`, "load_dataset takes"},
	"added/tfrecord/PyTorch, with the package tfrecord": {"range(1, 4)", "range(1, 3)", "are not 4 replicas"},
	"added/array_record/Grain":                          {"shuffle()", "shuffle()[:20]", "34 missing"},
	"pair/array_record/PyTorch":                         {`== record["label"]`, `!= record["label"]`, "the accuracy is"},
	"pair/parquet/pandas":                               {`row["label_a"], row["label_b"]`, `row["label_b"], row["label_a"]`, "was not printed"},
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
	Name    string
	Errors  []string
	Output  string
	Seconds float64
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
