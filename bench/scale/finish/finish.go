// Finish runs the last stage of a job alone, for a million shards, against a store that answers after 25 ms: from the
// batches that the workers send to the manifest. It says how many requests the store got, how long it took, and the
// largest memory of the process.
//
//	go run ./bench/scale/finish [-replicas 90] [-shards 11400] [-delay 25ms]
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path"
	"runtime"
	"strings"
	"time"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/webdataset"
)

const (
	split   = "train"
	samples = 1252 // a shard
	classes = 1000
)

// A size is that of the output.
type size struct{ replicas, shards int }

var format = webdataset.Format{}

// spec describes the shards of a replica.
func (s size) spec(replica int) shard.Spec {
	return shard.Spec{Name: "premix", Split: split, Replica: replica, Shards: int64(s.shards), Classes: classNames, LabelForm: shard.Pair, ImageFormat: "jpg",
		Size: premix.Size{H: 224, W: 224}}
}

var classNames = func() (list []string) {
	for i := range classes {
		list = append(list, fmt.Sprintf("class %d", i))
	}
	return list
}()

// kinds are the files of a shard, in the order of their names.
var kinds = []struct {
	name func(spec shard.Spec, i int64) string
	size int64
}{
	{format.IndexPath, 120_000},
	{func(s shard.Spec, i int64) string { return dataset.PlanPath(split, format.ShardPath(s, i)) }, 90_000},
	{func(s shard.Spec, i int64) string {
		return path.Join(dataset.MetaDir, split, dataset.ShardsDir, dataset.RecordName(s.Replica, i))
	}, 2_000},
	{format.ShardPath, 31_000_000},
}

// sizeOf is the size of a file of some kind.
func sizeOf(kind, i int) int64 { return kinds[kind].size + int64(i%977) }

func main() {
	var s size
	flag.IntVar(&s.replicas, "replicas", 90, "replicas of the output")
	flag.IntVar(&s.shards, "shards", 11400, "shards of each replica")
	delay := flag.Duration("delay", 25*time.Millisecond, "how long the store takes for each answer")
	only := flag.Bool("store", false, "be the store")
	flag.Parse()
	err := error(nil)
	if *only {
		st := &store{size: s, delay: *delay}
		if st.shard, st.plan, err = contents(s); err == nil {
			err = serve(st)
		}
	} else {
		err = run(s, *delay)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "finish:", err)
		os.Exit(1)
	}
}

// recipes are the plan of a shard.
func recipes() []premix.Recipe {
	list := make([]premix.Recipe, samples)
	for i := range list {
		a := &premix.Sample{Name: fmt.Sprintf("n%08d/image_%d.JPEG", i%classes, i), Label: i % classes}
		b := &premix.Sample{Name: fmt.Sprintf("n%08d/image_%d.JPEG", (i+1)%classes, i+1), Label: (i + 1) % classes}
		list[i] = premix.Recipe{Key: fmt.Sprintf("%09d", i), Index: int64(i), Method: "saliencymix", Mixed: true, Lam: 0.75, LamDrawn: 0.7,
			Box: premix.Box{X1: 112, Y1: 112}, LabelA: a.Label, LabelB: b.Label, Label: a.Label, Target: a, Source: b}
	}
	return list
}

// contents are those of a shard and of a plan.
func contents(s size) (tar, plan []byte, err error) {
	spec := s.spec(0)
	var b bytes.Buffer
	w := format.NewWriter(&b, spec)
	list := recipes()
	for i := range list[:16] {
		r := dataset.Sample(&list[i], []byte("\xff\xd8\xff\xd9"), &spec)
		if err := w.Write(&r); err != nil {
			return nil, nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, nil, err
	}
	plan, err = dataset.EncodePlan(list)
	return b.Bytes(), plan, err
}

// batch is what a worker sends of a group of shards.
func (s size) batch(replica, lo, hi int, stats []dataset.MethodStats) ([]byte, error) {
	b := dataset.Batch{Replica: replica, Fingerprint: strings.Repeat("f", 64)}
	for i := lo; i < hi; i++ {
		at := replica*s.shards + i
		err := b.Add(&dataset.ShardRecord{
			Replica: replica, Shard: int64(i), Samples: samples, IndexBytes: sizeOf(0, at), PlanBytes: sizeOf(1, at), Bytes: sizeOf(3, at), PayloadBytes: sizeOf(3, at) - 1000,
			SHA256: fmt.Sprintf("%064x", at*7919), Fingerprint: b.Fingerprint, Stats: stats,
		})
		if err != nil {
			return nil, err
		}
	}
	return b.AppendBinary(nil)
}

func run(s size, delay time.Duration) (err error) {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	server := exec.Command(self, "-store", "-replicas", fmt.Sprint(s.replicas), "-shards", fmt.Sprint(s.shards), "-delay", delay.String())
	server.Stderr = os.Stderr
	stop, err := server.StdinPipe()
	if err != nil {
		return err
	}
	out, err := server.StdoutPipe()
	if err == nil {
		err = server.Start()
	}
	if err != nil {
		return err
	}
	defer func() {
		stop.Close()
		err = errors.Join(err, server.Wait())
		fmt.Printf("the store itself took %.1f s of CPU\n", (server.ProcessState.UserTime() + server.ProcessState.SystemTime()).Seconds())
	}()
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return fmt.Errorf("the store did not start: %w", err)
	}
	addr = strings.TrimSpace(addr)
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "premix", "AWS_SECRET_ACCESS_KEY": "premix", "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": ""} {
		os.Setenv(name, value)
	}
	began := time.Now()
	step := func(what string) error {
		resp, err := http.Get("http://" + addr + "/counts")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		counts, err := io.ReadAll(resp.Body)
		if err != nil {
			return err
		}
		var all, lists, reads, writes, bytes, most int64
		fmt.Sscan(string(counts), &all, &lists, &reads, &writes, &bytes, &most)
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		fmt.Printf("%-10s %6.1f s  %6d requests (%d lists, %d reads, %d writes of %.0f MB, %d at once)  heap %.0f MB, peak RSS %s\n",
			what, time.Since(began).Seconds(), all, lists, reads, writes, float64(bytes)/1e6, most, float64(m.HeapAlloc)/1e6, peak())
		return nil
	}
	return s.finish("s3://bench?endpoint="+addr+"&disable_https=true/out", step)
}

// finish does what the last stage does with an output.
func (s size) finish(out string, step func(what string) error) error {
	ctx := context.Background()
	set := &dataset.ShardSet{PerReplica: int64(s.shards)}
	stats := dataset.StatsOf(recipes())
	var traveled int
	const group = 178 // shards: one of 64 groups
	for replica := range s.replicas {
		for lo := 0; lo < s.shards; lo += group {
			data, err := s.batch(replica, lo, min(lo+group, s.shards), stats)
			if err != nil {
				return err
			}
			traveled += len(data)
			b, err := dataset.ReadBatch(data)
			if err != nil {
				return err
			}
			set.Add(b)
		}
	}
	n := s.replicas * s.shards
	fmt.Printf("%d shards, %.1f bytes each on their way\n", n, float64(traveled)/float64(n))
	if err := step("gathered"); err != nil {
		return err
	}
	spec := s.spec(0)
	missing, err := set.Missing(ctx, out, format, spec)
	if err != nil || len(missing) > 0 {
		return fmt.Errorf("%d shards are missing: %v", len(missing), err)
	}
	if err := step("looked"); err != nil {
		return err
	}
	p := dataset.FinishParams{
		Out: out, Format: format, Spec: spec, Shards: set, Recipe: json.RawMessage(`{}`), Fingerprint: strings.Repeat("f", 64),
		Versions: map[string]string{"premix": "bench"}, Run: json.RawMessage(`{"started":"2026-01-01T00:00:00Z"}`),
	}
	for replica := range s.replicas {
		p.Replicas = append(p.Replicas, replica)
	}
	good := int64(s.shards) * samples
	const chunks = 14_200
	for i := range int64(chunks) {
		n := good*(i+1)/chunks - good*i/chunks
		p.Chunks = append(p.Chunks, dataset.Chunk{Container: fmt.Sprintf("train-%06d.tar", i), Entries: n, Good: n})
	}
	if _, err := dataset.Finish(ctx, p); err != nil {
		return err
	}
	return step("finished")
}

// peak is the largest memory that the process has had, as Linux says.
func peak() string {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "unknown"
	}
	for _, line := range strings.Split(string(text), "\n") {
		if v, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			return strings.TrimSpace(v)
		}
	}
	return "unknown"
}
