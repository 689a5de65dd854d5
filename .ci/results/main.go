// Command results reads the output of `go test -json` from standard input, shows it in short,
// and keeps count over several suites: results STATE SUITE < json, then results STATE.
//
// The last call fails if a test was skipped in one suite and passed in none: on the machine of
// .ci/run every test has what it needs in some suite.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"
)

type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

type state struct {
	Passed  map[string]bool
	Skipped map[string]string // test → reason
	Failed  int
}

func main() {
	s := state{Passed: map[string]bool{}, Skipped: map[string]string{}}
	if text, err := os.ReadFile(os.Args[1]); err == nil {
		if err := json.Unmarshal(text, &s); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	if len(os.Args) < 3 {
		final(&s)
		return
	}
	failed := suite(&s, os.Args[2])
	text, err := json.Marshal(&s)
	if err == nil {
		err = os.WriteFile(os.Args[1], text, 0o666)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	if failed {
		os.Exit(1)
	}
}

// suite reads the events of one suite.
func suite(s *state, name string) (failed bool) {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	output := map[string][]string{}
	var pass, fail, skip int
	for in.Scan() {
		var e event
		if json.Unmarshal(in.Bytes(), &e) != nil {
			fmt.Println(in.Text()) // not of the tests: a compiler's message
			continue
		}
		id := strings.TrimPrefix(e.Package, "github.com/premix/premix") + " " + e.Test
		switch e.Action {
		case "output", "build-output":
			output[id] = append(output[id], e.Output)
			if e.Action == "build-output" {
				fmt.Print(e.Output)
			}
		case "pass":
			if e.Test == "" {
				fmt.Printf("ok    %s  %.1f s\n", e.Package, e.Elapsed)
			} else {
				pass++
				s.Passed[id] = true
			}
			delete(output, id)
		case "skip":
			if e.Test != "" {
				skip++
				reason := strings.TrimSpace(strings.Join(output[id], " "))
				s.Skipped[id] = reason
				fmt.Printf("SKIP  %s\n", id)
			}
			delete(output, id)
		case "fail", "build-fail":
			failed = true
			if e.Test != "" {
				fail++
				s.Failed++
			}
			fmt.Printf("FAIL  %s\n", id)
			lines := output[id]
			if len(lines) > 120 {
				lines = lines[len(lines)-120:]
			}
			fmt.Print(strings.Join(lines, ""))
		}
	}
	if err := in.Err(); err != nil {
		fmt.Println(err)
		failed = true
	}
	fmt.Printf("%s: %d passed, %d failed, %d skipped\n", name, pass, fail, skip)
	if pass == 0 {
		fmt.Println("no test ran")
		failed = true
	}
	return failed
}

// final holds skipped tests against those that passed elsewhere.
func final(s *state) {
	var never []string
	tolerated := 0
	for id, reason := range s.Skipped {
		switch {
		case s.Passed[id] || partPassed(s, id):
		case notApplicable(id) || lacksShared(reason):
			tolerated++
			fmt.Printf("skipped everywhere: %s\n      %s\n", id, reason)
		default:
			never = append(never, id+"\n      "+reason)
		}
	}
	sort.Strings(never)
	if len(never) > 0 {
		fmt.Printf("FAILED: skipped in every suite, although they could run here:\n  %s\n", strings.Join(never, "\n  "))
		os.Exit(1)
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", len(s.Passed), s.Failed, tolerated)
}

// lacksShared says that a test needs ../shared where there is none (internal/sharedtest); where there
// is one, PREMIX_REQUIRE_SHARED makes such a test fail instead.
func lacksShared(reason string) bool {
	return os.Getenv("PREMIX_REQUIRE_SHARED") != "1" && strings.Contains(reason, "needs the reference files in ")
}

// notApplicable lists what no suite of this script can run: fuzz seeds that are outside of a function's
// domain.
func notApplicable(id string) bool { return strings.Contains(id, "/seed#") }

// partPassed says that a part of a skipped test passed: a test can be skipped for what one of its
// parts lacks.
func partPassed(s *state, id string) bool {
	for p := range s.Passed {
		if strings.HasPrefix(p, id+"/") {
			return true
		}
	}
	return false
}
