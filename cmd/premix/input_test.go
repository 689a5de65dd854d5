package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// inputCmds change what a job reads:
//
//	more FILE N NAME     copies a file to NAME0… NAMEN-1 beside it
//	twin FILE            turns a JPEG into another one of the same size
//	relabel TAR          changes a digit of the last label of a WebDataset shard in place
//	damage GLOB          cuts the first file that matches in half
//	recomputed A B       wants from A to B images computed, by the last line of --progress json
var inputCmds = map[string]func(*testscript.TestScript, bool, []string){
	"more": cmdMore, "twin": cmdTwin, "relabel": cmdRelabel, "damage": cmdDamage, "recomputed": cmdRecomputed,
}

func cmdMore(ts *testscript.TestScript, _ bool, args []string) {
	text, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	for i := range n {
		name := fmt.Sprintf("%s%d%s", args[2], i, filepath.Ext(args[0]))
		ts.Check(os.WriteFile(filepath.Join(ts.MkAbs(filepath.Dir(args[0])), name), text, 0o644))
	}
}

func cmdTwin(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	text, err := os.ReadFile(path)
	ts.Check(err)
	tables := bytes.Index(text, []byte{0xff, 0xdb})
	if tables < 0 {
		ts.Fatalf("%s has no quantisation table", path)
	}
	text[tables+10] ^= 1
	ts.Check(os.WriteFile(path, text, 0o644))
}

func cmdRelabel(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	text, err := os.ReadFile(path)
	ts.Check(err)
	header := bytes.LastIndex(text, []byte(".cls\x00"))
	if header < 0 {
		ts.Fatalf("%s has no label", path)
	}
	digit := &text[header/512*512+512]
	*digit = '0' + ('9'-*digit)%2
	ts.Check(os.WriteFile(path, text, 0o644))
}

func cmdDamage(ts *testscript.TestScript, _ bool, args []string) {
	list, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(list) == 0 {
		ts.Fatalf("nothing matches %s", args[0])
	}
	info, err := os.Stat(list[0])
	ts.Check(err)
	ts.Check(os.Truncate(list[0], info.Size()/2))
}

var imagesComputed = regexp.MustCompile(`"images":(\d+)`)

func cmdRecomputed(ts *testscript.TestScript, _ bool, args []string) {
	lines := imagesComputed.FindAllStringSubmatch(ts.ReadFile("stderr"), -1)
	if lines == nil {
		ts.Fatalf("no line of --progress json:\n%s", ts.ReadFile("stderr"))
	}
	var got, low, high int
	for i, p := range []*int{&got, &low, &high} {
		var err error
		*p, err = strconv.Atoi(append([]string{lines[len(lines)-1][1]}, args...)[i])
		ts.Check(err)
	}
	if got < low || got > high {
		ts.Fatalf("%d images were computed, want %s", got, strings.Join(args, " to "))
	}
}
