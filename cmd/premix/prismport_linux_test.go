package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/graphx"
	jobpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/jobmanagement_v1"
	pipepb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/pipeline_v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/premix/premix/runners/prism"
)

// TestPrismPort starts runs on prism and lets another one submit a job to each port that the run
// opens: a job whose worker is a command of the attacker's. By the addresses of this host that other
// hosts know no command runs.
func TestPrismPort(t *testing.T) {
	if err := prism.Check(); err != nil {
		t.Skip(err)
	}
	hosts := foreignAddresses(t)
	if len(hosts) == 0 {
		t.Skip("this host has loopback addresses only")
	}
	for _, open := range []bool{false, true} {
		t.Run(fmt.Sprintf("open=%v", open), func(t *testing.T) {
			run := startPrism(t, open)
			for _, host := range hosts {
				wantAttack(t, attack(host, run, t.TempDir()), open)
			}
		})
	}
}

// TestPrismPortNeighbour is the same from another host: a namespace at the other end of a cable.
func TestPrismPortNeighbour(t *testing.T) {
	if err := prism.Check(); err != nil {
		t.Skip(err)
	}
	enter := []string{"unshare", "-n", "--"}
	if os.Getuid() != 0 {
		enter = []string{"unshare", "-Urn", "--"}
	}
	probe := exec.Command(enter[0], append(enter[1:], "ip", "link", "add", "cable0", "type", "veth", "peer", "name", "cable1")...)
	if text, err := probe.CombinedOutput(); err != nil {
		t.Skipf("no namespace with a cable can be made here: %s: %v: %s", probe, err, text)
	}
	for _, open := range []bool{false, true} {
		t.Run(fmt.Sprintf("open=%v", open), func(t *testing.T) {
			dir := t.TempDir()
			cmd := exec.Command(enter[0], append(enter[1:], "sh", "-euc", neighbourScript, "sh", fmt.Sprint(open), dir)...)
			text, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			// The last address is one of the loopback device, by which this host may reach itself.
			for _, attack := range []string{"here198.51.100.1", "herefd01::1", "neighbour198.51.100.1", "neighbourfd01::1", "neighbour203.0.113.1"} {
				result, err := os.ReadFile(filepath.Join(dir, attack))
				if err != nil {
					t.Fatal(err)
				}
				wantAttack(t, string(result), open)
			}
		})
	}
}

const neighbourScript = `
ip link set lo up && ip addr add 203.0.113.1/32 dev lo
ip link add cable0 type veth peer name cable1
unshare -n sleep 600 & neighbour=$!
until [ "$(readlink /proc/$neighbour/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do sleep 0.01; done
ip link set cable1 netns $neighbour
ip addr add 198.51.100.1/24 dev cable0 && ip addr add fd01::1/64 dev cable0 nodad && ip link set cable0 up
nsenter -t $neighbour -n sh -euc 'ip addr add 198.51.100.2/24 dev cable1 && ip addr add fd01::2/64 dev cable1 nodad && ip link set cable1 up && ip route add 203.0.113.1 via 198.51.100.1'
premix mix --in synth:1000000 --out $2/out --cache none --size 64 --runner prism --prism-open-port=$1 & run=$!
trap 'kill -9 $run $neighbour' EXIT
for host in 198.51.100.1 fd01::1 203.0.113.1; do
  nsenter -t $neighbour -n premix-attack $host $run $2/n >$2/neighbour$host
  [ $host = 203.0.113.1 ] || premix-attack $host $run $2/h >$2/here$host
done
`

// startPrism starts a run that takes longer than the test, and returns its process.
func startPrism(t *testing.T, open bool) int {
	t.Helper()
	cmd := exec.Command("premix", "mix", "--in", "synth:1000000", "--out", filepath.Join(t.TempDir(), "out"), "--cache", "none",
		"--size", "64", "--runner", "prism", fmt.Sprintf("--prism-open-port=%v", open))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd.Process.Pid
}

// wantAttack checks the result of an attack on two ports or more: all refused, or one that ran the
// command.
func wantAttack(t *testing.T, result string, open bool) {
	t.Helper()
	all, refused, ran := strings.Count(result, "\n"), strings.Count(result, ": refused\n"), strings.Count(result, ": ran\n")
	if open && ran != 1 || !open && (all < 2 || refused != all) {
		t.Errorf("open=%v:\n%s", open, result)
	}
}

// attackMain is the program of an attacker: HOST PID DIR.
func attackMain() {
	pid, err := strconv.Atoi(os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(99)
	}
	os.MkdirAll(os.Args[3], 0o777)
	fmt.Print(attack(os.Args[1], pid, os.Args[3]))
}

// attack submits a job to each port on which a process listens, by an address, as soon as it is there,
// and says of each what became of it. It ends when a run on prism has its two ports, the job service and
// the service for loopback workers.
func attack(host string, pid int, dir string) string {
	var result strings.Builder
	done := map[int]bool{}
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		ports := listening(pid)
		for _, port := range ports {
			if !done[port] {
				done[port] = true
				fmt.Fprintf(&result, "%s port %d: %s\n", host, port, submit(net.JoinHostPort(host, strconv.Itoa(port)), dir))
			}
		}
		switch {
		case len(ports) >= 2:
			return result.String()
		case time.Since(began) > patience:
			return result.String() + "the run does not listen\n"
		}
	}
}

// submit submits a job whose worker is a command of ours.
func submit(address, dir string) string {
	mark := filepath.Join(dir, "ran-"+strings.NewReplacer(":", "-", "[", "", "]", "").Replace(address))
	script := mark + ".sh"
	if err := os.WriteFile(script, []byte("#!/bin/sh\n>"+mark+"\n"), 0o777); err != nil {
		return err.Error()
	}
	c, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		return "refused"
	}
	c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := submitCommand(ctx, address, script); err != nil {
		return err.Error()
	}
	for began := time.Now(); !fileExists(mark); time.Sleep(time.Millisecond) {
		if time.Since(began) > patience {
			return "the job was taken, and did nothing"
		}
	}
	return "ran"
}

func submitCommand(ctx context.Context, address, command string) error {
	conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	payload, err := proto.Marshal(&pipepb.ProcessPayload{Command: command})
	if err != nil {
		return err
	}
	pipeline := &pipepb.Pipeline{
		RootTransformIds: []string{"i", "d"},
		Components: &pipepb.Components{
			Environments: map[string]*pipepb.Environment{"e": {Urn: graphx.URNEnvProcess, Payload: payload}},
			Coders:       map[string]*pipepb.Coder{"c": {Spec: &pipepb.FunctionSpec{Urn: "beam:coder:bytes:v1"}}, "w": {Spec: &pipepb.FunctionSpec{Urn: "beam:coder:global_window:v1"}}},
			WindowingStrategies: map[string]*pipepb.WindowingStrategy{"s": {
				WindowFn: &pipepb.FunctionSpec{Urn: "beam:window_fn:global_windows:v1"}, WindowCoderId: "w", EnvironmentId: "e",
				MergeStatus: pipepb.MergeStatus_NON_MERGING, AccumulationMode: pipepb.AccumulationMode_DISCARDING, OutputTime: pipepb.OutputTime_END_OF_WINDOW,
				ClosingBehavior: pipepb.ClosingBehavior_EMIT_IF_NONEMPTY, OnTimeBehavior: pipepb.OnTimeBehavior_FIRE_IF_NONEMPTY,
				Trigger: &pipepb.Trigger{Trigger: &pipepb.Trigger_Default_{Default: &pipepb.Trigger_Default{}}},
			}},
			Pcollections: map[string]*pipepb.PCollection{"p": {CoderId: "c", WindowingStrategyId: "s"}, "q": {CoderId: "c", WindowingStrategyId: "s"}},
			Transforms: map[string]*pipepb.PTransform{
				"i": {UniqueName: "i", Spec: &pipepb.FunctionSpec{Urn: graphx.URNImpulse}, Outputs: map[string]string{"o": "p"}},
				"d": {UniqueName: "d", Spec: &pipepb.FunctionSpec{Urn: graphx.URNParDo}, Inputs: map[string]string{"i": "p"}, Outputs: map[string]string{"o": "q"}, EnvironmentId: "e"},
			},
		},
	}
	client := jobpb.NewJobServiceClient(conn)
	prepared, err := client.Prepare(ctx, &jobpb.PrepareJobRequest{Pipeline: pipeline, PipelineOptions: &structpb.Struct{}, JobName: "attack"})
	if err != nil {
		return err
	}
	_, err = client.Run(ctx, &jobpb.RunJobRequest{PreparationId: prepared.GetPreparationId()})
	return err
}

// listening lists the TCP ports on which a process listens, in the order of the kernel's list.
func listening(pid int) []int {
	sockets := map[string]bool{}
	fds, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, fd := range fds {
		// A descriptor that is closed meanwhile is none of a listener.
		if to, err := os.Readlink(fd); err == nil && strings.HasPrefix(to, "socket:[") {
			sockets[strings.Trim(strings.TrimPrefix(to, "socket:"), "[]")] = true
		}
	}
	var ports []int
	for _, name := range []string{"tcp", "tcp6"} {
		f, err := os.Open(fmt.Sprintf("/proc/%d/net/%s", pid, name))
		if err != nil {
			continue
		}
		for s := bufio.NewScanner(f); s.Scan(); {
			const listen = "0A"
			field := strings.Fields(s.Text())
			if len(field) < 10 || field[3] != listen || !sockets[field[9]] {
				continue
			}
			_, text, _ := strings.Cut(field[1], ":")
			if port, err := strconv.ParseInt(text, 16, 32); err == nil && !slices.Contains(ports, int(port)) {
				ports = append(ports, int(port))
			}
		}
		f.Close()
	}
	return ports
}

// foreignAddresses lists the addresses by which other hosts may know this one.
func foreignAddresses(t *testing.T) []string {
	t.Helper()
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	var hosts []string
	for _, i := range interfaces {
		list, err := i.Addrs()
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range list {
			if n, ok := a.(*net.IPNet); ok && i.Flags&net.FlagLoopback == 0 && !n.IP.IsLinkLocalUnicast() {
				hosts = append(hosts, n.IP.String())
			}
		}
	}
	return hosts
}
