package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// answer reads requests until stdin ends.
func answer(p *pictures, table []kernel, stdin io.Reader, stdout io.Writer) error {
	open := map[string]*work{}
	lines := bufio.NewScanner(stdin)
	enc := json.NewEncoder(stdout)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		var reply any
		var err error
		switch {
		case len(words) == 1 && words[0] == "kernels":
			var names []string
			for _, k := range table {
				names = append(names, k.name)
			}
			reply = names
		case len(words) == 3 && (words[0] == "time" || words[0] == "output"):
			var w *work
			if w, err = find(p, table, open, words[1]); err != nil {
				break
			}
			if words[0] == "time" {
				reply, err = timeRequest(w, words[2])
			} else {
				reply, err = outputRequest(w, words[2])
			}
		default:
			err = fmt.Errorf("request %q", lines.Text())
		}
		if err != nil {
			return err
		}
		if err := enc.Encode(reply); err != nil {
			return err
		}
	}
	return lines.Err()
}

// find returns the work of a kernel, which is kept as long as the process.
func find(p *pictures, table []kernel, open map[string]*work, name string) (*work, error) {
	if w := open[name]; w != nil {
		return w, nil
	}
	for _, k := range table {
		if k.name == name {
			w, err := k.open(p)
			open[name] = w
			return w, err
		}
	}
	return nil, fmt.Errorf("no kernel %q", name)
}

// A timing says how long some images took.
type timing struct {
	Images int   `json:"images"`
	CPU    int64 `json:"cpu_ns"`
}

func timeRequest(w *work, ms string) (*timing, error) {
	n, err := strconv.Atoi(ms)
	if err != nil || n < 0 || n > 1e6 {
		return nil, fmt.Errorf("%q milliseconds", ms)
	}
	return measure(w, time.Duration(n)*time.Millisecond)
}

// measure runs passes over the images of w, one at least, until they took as long as atLeast.
func measure(w *work, atLeast time.Duration) (*timing, error) {
	start, err := cpuTime()
	if err != nil {
		return nil, err
	}
	t := &timing{}
	for {
		for i := range w.images {
			if err := w.once(i); err != nil {
				return nil, err
			}
		}
		t.Images += w.images
		now, err := cpuTime()
		if err != nil {
			return nil, err
		}
		if now-start >= atLeast {
			t.CPU = int64(now - start)
			return t, nil
		}
	}
}

func outputRequest(w *work, name string) (any, error) {
	var all []byte
	for i := range w.images {
		at := len(all)
		var err error
		if all, err = w.output(append(all, 0, 0, 0, 0), i); err != nil {
			return nil, err
		}
		binary.LittleEndian.PutUint32(all[at:], uint32(len(all)-at-4))
	}
	if err := os.WriteFile(name, all, 0o666); err != nil {
		return nil, err
	}
	return map[string]int{"outputs": w.images}, nil
}

// A result is one line of the tables; the peer's fields are null where there is none.
type result struct {
	Kernel   string   `json:"kernel"`
	Build    string   `json:"build"`
	Ours     float64  `json:"ours_us"`
	Peer     *float64 `json:"peer_us"`
	Ratio    *float64 `json:"ratio"`
	SameBits *bool    `json:"same_bits"`
}

// runOnce measures a pass of each kernel, after one that is not measured.
func runOnce(p *pictures, stdout io.Writer) error {
	enc := json.NewEncoder(stdout)
	for _, k := range kernels() {
		w, err := k.open(p)
		if err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		if _, err := measure(w, 0); err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		t, err := measure(w, 5*time.Millisecond)
		if err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		us := float64(t.CPU) / float64(t.Images) / 1e3
		if err := enc.Encode(result{Kernel: k.name, Build: build, Ours: us}); err != nil {
			return err
		}
	}
	return nil
}
