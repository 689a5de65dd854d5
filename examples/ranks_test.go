package examples

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// A rankRow is what the ranks of a training saw together in one epoch, as testdata/ranks.py counts it.
type rankRow struct {
	Output         string
	Reader         string
	Ranks, Workers int
	Refused        string

	Samples, Shards          int
	Once, More, Never, Reads int   // samples by how often they were read, and how often in all
	Steps                    []int // of each rank
	Agree                    bool  // all ranks ended with the same model and momentum
}

type rankAnswer struct {
	Rows   []rankRow
	Epochs struct {
		New, Persistent [][]string
		Reshuffled      bool
	}
	NotLaunched []string `json:"not_launched"`
	Numbered    []string
	Smoothed    struct {
		Smoothing, Loss, Stored float64
		Samples                 int
	}
	Resumed struct {
		Whole, Rest json.RawMessage
		Half        []float64
		Same        bool
		Refused     []string
	}
}

// TestRanks trains an epoch with each reader of pytorch/premix_data.py, with several numbers of
// ranks and workers, on outputs whose shards and samples divide by none of them, and counts what
// each rank read. It also proves what docs/training.md says about epochs, and that
// train_resnet.py goes on from a checkpoint as if nothing had happened.
func TestRanks(t *testing.T) {
	py := python(t)
	dir := t.TempDir()
	for name, flags := range map[string]string{
		"many": "--in synth:603 --shards 31 --replicas 2",
		"few":  "--in synth:23 --shards 5 --label-form dense --smoothing 0.1",
		"one":  "--in synth:7 --shards 1",
	} {
		args := []string{"mix", "--size", "16", "--cache", filepath.Join(dir, "cache"), "--out", filepath.Join(dir, "out", name)}
		premix(t, append(args, strings.Fields(flags)...)...)
	}
	var stdout, stderr bytes.Buffer
	ctx := t.Context()
	if deadline, ok := t.Deadline(); ok { // ends before the test does, which would not show what stderr says
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-15*time.Second))
		defer cancel()
	}
	cmd := exec.CommandContext(ctx, py, "testdata/ranks.py", filepath.Join(dir, "out"))
	cmd.WaitDelay = 5 * time.Second // ranks hold stderr open
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var got rankAnswer
	if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
		t.Fatalf("%v in %q", err, stdout.String())
	}
	// many, one, few with one, two and three ranks, as cells of ranks.py lists them
	if n := (12 + 6) + (12 + 8 + 8) + (10 + 6); len(got.Rows) != n {
		t.Errorf("%d rows, want %d", len(got.Rows), n)
	}
	for _, r := range got.Rows {
		checkRow(t, r)
	}
	docs, err := os.ReadFile("../docs/training.md")
	if err != nil {
		t.Fatal(err)
	}
	if table := rankTable(got.Rows, "many"); !strings.Contains(string(docs), table) {
		t.Errorf("docs/training.md has not this table:\n%s", table)
	}

	r0, r1 := []string{"r000"}, []string{"r001"}
	if want := [][]string{r0, r1, r0}; !reflect.DeepEqual(got.Epochs.New, want) {
		t.Errorf("epochs with new loaders read %v, want %v", got.Epochs.New, want)
	}
	if want := [][]string{r0, r0}; !reflect.DeepEqual(got.Epochs.Persistent, want) || !got.Epochs.Reshuffled {
		t.Errorf("persistent workers read %v (in another order: %v), want %v in another order", got.Epochs.Persistent, got.Epochs.Reshuffled, want)
	}
	if want := []string{"wids-train.json", "wids-train-r001.json", "wids-train-r002.json", "wids-train-r010.json", "wids-train-r1000.json"}; !slices.Equal(got.Numbered, want) {
		t.Errorf("indexes of replicas %v, want %v", got.Numbered, want)
	}
	notLaunched := []string{
		"2 GPUs for 3 ranks: fewer --ranks, or CUDA_VISIBLE_DEVICES= for the CPU",
		"2 GPUs for 3 ranks: fewer --nproc-per-node, or CUDA_VISIBLE_DEVICES= for the CPU",
		"RANK is set and WORLD_SIZE is not: start this with torchrun, which sets both, or unset RANK",
	}
	if !slices.Equal(got.NotLaunched, notLaunched) {
		t.Errorf("launched with too few GPUs, and without WORLD_SIZE: %q, want %q", got.NotLaunched, notLaunched)
	}
	if s := got.Smoothed; s.Smoothing != 0.1 || s.Samples != 23 || !(math.Abs(s.Loss-s.Stored) < 1e-6) {
		t.Errorf("the loss of a smoothed output is not that with its dense labels: %+v", s)
	}
	if r := got.Resumed; !bytes.Equal(r.Whole, r.Rest) || !r.Same || len(r.Half) != 1 {
		t.Errorf("in one go: %s\nresumed: %s, after %v; the same weights: %v", r.Whole, r.Rest, r.Half, r.Same)
	}
	refused := []string{"--lr 0.1, not 0.2", "--reader wids, not chunked", "--float32 False, not True", "another data set", "--ranks 1, not 2"}
	if !slices.EqualFunc(got.Resumed.Refused, refused, strings.Contains) {
		t.Errorf("going on with others: %q, want %q", got.Resumed.Refused, refused)
	}
}

// checkRow compares a row with what its reader promises.
func checkRow(t *testing.T, r rankRow) {
	t.Helper()
	name := fmt.Sprintf("%s, %s, %d ranks × %d workers", r.Output, r.Reader, r.Ranks, r.Workers)
	samples, shards := 603, 31
	switch r.Output {
	case "few":
		samples, shards = 23, 5
	case "one":
		samples, shards = 7, 1
	}
	streams := r.Reader == "join" || r.Reader == "steps"
	if needed := r.Ranks * max(r.Workers, 1); streams && needed > shards {
		for _, part := range []string{fmt.Sprintf("%d shards", shards), fmt.Sprintf("need %d", needed), "fewer --workers", fmt.Sprintf("--shards %d or more", needed)} {
			if !strings.Contains(r.Refused, part) {
				t.Errorf("%s: %q does not say %q", name, r.Refused, part)
			}
		}
		return
	}
	if r.Refused != "" {
		t.Errorf("%s: %s", name, r.Refused)
		return
	}
	if r.Samples != samples || r.Shards != shards || r.Once+r.More+r.Never != samples || len(r.Steps) != r.Ranks || !r.Agree {
		t.Errorf("%s: %+v", name, r)
	}
	even := slices.Min(r.Steps) == slices.Max(r.Steps)
	switch r.Reader {
	case "wids", "chunked": // each sample, and as many on each rank
		if !even || r.Never != 0 || r.Reads != r.Ranks*((samples+r.Ranks-1)/r.Ranks) {
			t.Errorf("%s: %+v", name, r)
		}
	case "join": // each sample once
		if r.Once != samples || r.Reads != samples {
			t.Errorf("%s: %+v", name, r)
		}
	case "steps":
		if !even || r.Reads != 8*r.Ranks*r.Steps[0] {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// rankTable is the table of docs/training.md. Numbers of workers with equal counts share a line.
func rankTable(rows []rankRow, output string) string {
	var b strings.Builder
	b.WriteString("| reader | ranks | workers | once | more often | never | steps of each rank |\n|---|---|---|---|---|---|---|\n")
	for _, reader := range []string{"wids", "chunked", "join", "steps"} {
		var begin, end string
		for _, r := range rows {
			if r.Output != output || r.Reader != reader {
				continue
			}
			steps := strings.Trim(fmt.Sprint(r.Steps), "[]")
			head, tail := fmt.Sprintf("| %s | %d |", reader, r.Ranks), fmt.Sprintf(" | %d | %d | %d | %s |\n", r.Once, r.More, r.Never, strings.ReplaceAll(steps, " ", ", "))
			if tail == end && strings.HasPrefix(begin, head) {
				begin += fmt.Sprintf(", %d", r.Workers)
				continue
			}
			b.WriteString(begin + end)
			begin, end = fmt.Sprintf("%s %d", head, r.Workers), tail
		}
		b.WriteString(begin + end)
	}
	return b.String()
}
