package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// Prices are those of Google Cloud's list for us-central1, in dollars: of a batch worker's vCPU and of a GB of its memory
// for an hour, of a GB through Dataflow Shuffle, of a GB in standard storage for a month, of 1,000 requests that write or
// list, and of 1,000 that read.
const (
	priceCPU, priceMemory    = 0.056, 0.003557
	priceShuffle, priceStore = 0.011, 0.020
	priceWrite, priceRead    = 0.005 / 1000, 0.0004 / 1000
	memoryPerCPU             = 4 // GB
)

// pixels are what one image and one sample take, from measurements of photographs: CPU seconds and bytes.
type pixels struct {
	Decode, Peak, Mix float64
	In, Out           float64
}

// A size is one of a job.
type size struct{ images, replicas float64 }

func (s size) String() string {
	n := fmt.Sprintf("%.3g M", s.images/1e6)
	if s.images >= 1e9 {
		n = fmt.Sprintf("%.3g billion", s.images/1e9)
	}
	return fmt.Sprintf("%s × %.0f", n, s.replicas)
}

// sizes are those that docs/scale.md speaks of.
var sizes = []size{{1.28e6, 1}, {1.28e6, 10}, {1.28e6, 90}, {14.2e6, 1}, {14.2e6, 90}, {1e9, 1}}

// A law says what a stage takes, by what it has measured: CPU seconds, requests that write and that read, bytes that
// are shuffled.
type law struct {
	cpu, writes, reads, shuffled float64
}

// laws fits the measured steps to a size. A stage takes time for chunks, rows or shards in proportion, but the last
// one, most of which is the same for each job: there a second, larger job tells what a shard adds. What pixels take comes
// on top.
func laws(r, larger *Result, p pixels, s size) (names []string, out map[string]law) {
	images, replicas := float64(r.Setup.Images), float64(r.Setup.Replicas)
	rows := s.images * s.replicas / (images * replicas)
	chunks := s.images / images
	out = map[string]law{}
	for _, step := range r.Steps {
		name, _, _ := strings.Cut(step.Name, " ")
		by := rows
		if name == "scan" || name == "gate" {
			by = chunks
		}
		l := out[name]
		l.cpu += by * step.CPU
		l.writes += by * float64(step.Requests.Put+step.Requests.List)
		l.reads += by * float64(step.Requests.Get)
		if name == "rows" {
			l.shuffled += by * float64(step.Bytes)
			l.reads += (chunks - by) * float64(step.Requests.Get) // one for each chunk, however many replicas it has
		}
		if _, ok := out[name]; !ok && name != "fill" {
			names = append(names, name)
		}
		out[name] = l
	}
	if larger != nil {
		a, b := stepOf(r, "finish"), stepOf(larger, "finish")
		first, second := images*replicas, float64(larger.Setup.Images*larger.Setup.Replicas)
		each := func(a, b float64) float64 { return a + max(0, b-a)/(second-first)*max(0, s.images*s.replicas-first) }
		failures := float64(0) // each in a chunk of its own, which is read for it
		if r.Setup.Bad > 0 {
			failures = max(0, s.images-images) / float64(r.Setup.Bad)
		}
		out["finish"] = law{
			cpu:    each(a.CPU, b.CPU),
			writes: each(float64(a.Requests.Put+a.Requests.List), float64(b.Requests.Put+b.Requests.List)),
			reads:  each(float64(a.Requests.Get), float64(b.Requests.Get)) + failures,
		}
	}
	peaks := out["peaks"]
	peaks.cpu += s.images*p.Decode + s.images*s.replicas*p.Peak
	peaks.writes = chunks * float64(stepOf(r, "fill").Requests.Put)
	peaks.reads = peaks.writes / 2
	out["peaks"] = peaks
	mix := out["mix"]
	mix.cpu += s.images * s.replicas * (p.Decode + p.Mix)
	mix.reads += s.images * s.replicas // each image once
	out["mix"] = mix
	delete(out, "fill")
	return names, out
}

// stepOf is a measured step.
func stepOf(r *Result, name string) Step {
	for _, s := range r.Steps {
		if s.Name == name {
			return s
		}
	}
	return Step{}
}

// printLaws writes the tables of docs/scale.md.
func printLaws(w io.Writer, r, larger *Result, p pixels) {
	const cores = 200 * 8
	for _, s := range sizes {
		fmt.Fprintf(w, "\n**%v**\n\n| stage | CPU hours | seconds on 200 workers × 8 | requests | shuffled |\n|---|---|---|---|---|\n", s)
		names, all := laws(r, larger, p, s)
		var sum law
		for _, name := range names {
			l := all[name]
			sum.cpu, sum.writes, sum.reads, sum.shuffled = sum.cpu+l.cpu, sum.writes+l.writes, sum.reads+l.reads, sum.shuffled+l.shuffled
			seconds := l.cpu / cores
			if name == "gate" || name == "finish" {
				seconds = l.cpu // one worker
			}
			fmt.Fprintf(w, "| %s | %s | %s | %s | %s |\n", name, number(l.cpu/3600), number(seconds), number(l.writes+l.reads), gigabytes(l.shuffled))
		}
		hours, out := sum.cpu/3600, s.images*s.replicas*p.Out
		fmt.Fprintf(w, "\n%s are written. Dollars: workers %s, requests %s, shuffle %s, a month of the output %s.\n", gigabytes(out),
			number(hours*(priceCPU+memoryPerCPU*priceMemory)), number(sum.writes*priceWrite+sum.reads*priceRead), number(sum.shuffled/1e9*priceShuffle), number(out/1e9*priceStore))
	}
}

// number prints two digits or more, and no exponent.
func number(x float64) string {
	if x == 0 || x >= 100 {
		return fmt.Sprintf("%.0f", x)
	}
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 2, 64), 64)
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

func gigabytes(n float64) string {
	switch {
	case n == 0:
		return "0"
	case n < 1e9:
		return fmt.Sprintf("%.3g MB", n/1e6)
	case n < 1e12:
		return fmt.Sprintf("%.3g GB", n/1e9)
	}
	return fmt.Sprintf("%.3g TB", n/1e12)
}

// runLaw reads a result of the stages, and prints the tables.
func runLaw(args []string) error {
	fs := flag.NewFlagSet("scale law", flag.ContinueOnError)
	var p pixels
	fs.Float64Var(&p.Decode, "decode", 0, "CPU µs that reading and decoding an image takes")
	fs.Float64Var(&p.Peak, "peak", 0, "CPU µs that a crop and its peak take")
	fs.Float64Var(&p.Mix, "mix", 0, "CPU µs that two crops become a sample")
	fs.Float64Var(&p.In, "in", 110_000, "bytes of an image")
	fs.Float64Var(&p.Out, "out", 24_000, "bytes of a sample")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if p.Decode <= 0 || p.Peak <= 0 || p.Mix <= 0 {
		return errors.New("-decode, -peak and -mix are needed: premix mix --dry-run measures them")
	}
	p.Decode, p.Peak, p.Mix = p.Decode/1e6, p.Peak/1e6, p.Mix/1e6
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	var first, larger *Result
	for lines.Scan() {
		r := new(Result)
		if err := json.Unmarshal(lines.Bytes(), r); err != nil {
			return err
		}
		switch n := r.Setup.Images * r.Setup.Replicas; {
		case r.Setup.Runner != "stages" || len(r.Steps) < 6: // one of the gate alone has two
		case first == nil:
			first = r
		case r.Setup.Images == first.Setup.Images && n > first.Setup.Images*first.Setup.Replicas:
			larger = r // with as many failures
		}
	}
	if first == nil {
		return errors.New("no result of -runner stages")
	}
	printLaws(os.Stdout, first, larger, p)
	return lines.Err()
}
