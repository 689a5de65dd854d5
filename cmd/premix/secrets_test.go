//go:build !nocloud && !nogcs && !nos3 && !noazure

package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// canary is in every secret of these tests, and must not be in anything that premix prints or writes.
const canary = "CANARYcanary"

var canary64 = base64.StdEncoding.EncodeToString([]byte(canary + canary))

// storesWithSecrets are ways to give secrets for a store by the environment; HOST is that of its server.
var storesWithSecrets = map[string]struct {
	address string
	env     []string
}{
	"s3": {"s3://bkt", []string{"AWS_ENDPOINT_URL=http://HOST", "AWS_ACCESS_KEY_ID=AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY=" + canary,
		"AWS_SESSION_TOKEN=" + canary + "token", "AWS_EC2_METADATA_DISABLED=true"}},
	"azblob SAS": {"azblob://bkt", []string{"AZURE_STORAGE_ACCOUNT=account", "AZURE_STORAGE_DOMAIN=HOST", "AZURE_STORAGE_PROTOCOL=http",
		"AZURE_STORAGE_IS_LOCAL_EMULATOR=true", "AZURE_STORAGE_SAS_TOKEN=sv=2024-11-04&sp=rwdl&sig=" + canary + "%2Fx%3D"}},
	"azblob key": {"azblob://bkt", []string{"AZURE_STORAGE_ACCOUNT=account", "AZURE_STORAGE_DOMAIN=HOST", "AZURE_STORAGE_PROTOCOL=http",
		"AZURE_STORAGE_IS_LOCAL_EMULATOR=true", "AZURE_STORAGE_KEY=" + canary64}},
	"azblob connection": {"azblob://bkt", []string{"AZURE_STORAGE_ACCOUNT=account",
		"AZURE_STORAGE_CONNECTION_STRING=DefaultEndpointsProtocol=http;AccountName=account;AccountKey=" + canary64 + ";BlobEndpoint=http://HOST/account"}},
	"azblob wrong": {"azblob://bkt", []string{"AZURE_STORAGE_ACCOUNT=account",
		"AZURE_STORAGE_CONNECTION_STRING=AccountName=account;AccountKey=" + canary + "==;BlobEndpoint=http://%zz"}},
}

// storeFailures are servers that fail, as the host of their address. What a server got it sends back.
var storeFailures = map[string]func(t *testing.T) string{
	"unknown host": func(*testing.T) string { return "nowhere.invalid" },
	"refused":      closedPort,
	"reset": func(t *testing.T) string {
		return rawServer(t, func(c net.Conn, _ []byte, _ string) { c.(*net.TCPConn).SetLinger(0) })
	},
	"garbage": func(t *testing.T) string {
		return rawServer(t, func(c net.Conn, dump []byte, _ string) { fmt.Fprintf(c, "%q\r\n\r\n", dump) })
	},
	"page": func(t *testing.T) string {
		return rawServer(t, func(c net.Conn, dump []byte, uri string) { answer(c, "200 "+uri, "", dump, uri) })
	},
	"redirect": func(t *testing.T) string {
		dead := closedPort(t)
		return rawServer(t, func(c net.Conn, _ []byte, uri string) {
			fmt.Fprintf(c, "HTTP/1.1 307 Moved\r\nLocation: http://%s%s\r\nContent-Length: 0\r\n\r\n", dead, uri)
		})
	},
	"forbidden": func(t *testing.T) string {
		return rawServer(t, func(c net.Conn, dump []byte, uri string) {
			answer(c, "403 Forbidden", "AuthenticationFailed", dump, uri)
		})
	},
	"bad request": func(t *testing.T) string {
		return rawServer(t, func(c net.Conn, dump []byte, uri string) { answer(c, "400 Bad Request", "", dump, uri) })
	},
}

func answer(c net.Conn, status, code string, dump []byte, uri string) {
	body := fmt.Sprintf("<?xml version=\"1.0\"?><Error><Code>%s</Code><Message><![CDATA[%s %s]]></Message></Error>", code, uri, dump)
	fmt.Fprintf(c, "HTTP/1.1 %s\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n%s", status, len(body), body)
}

func closedPort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// rawServer answers one request a connection, with f.
func rawServer(t *testing.T, f func(c net.Conn, dump []byte, uri string)) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				r, err := http.ReadRequest(bufio.NewReader(c))
				if err != nil {
					return
				}
				if dump, err := httputil.DumpRequest(r, false); err == nil {
					f(c, dump, r.RequestURI)
				}
			}()
		}
	}()
	return l.Addr().String()
}

// atOnce calls functions side by side: commands that fail do little but wait.
func atOnce(calls []func()) {
	var wait sync.WaitGroup
	places := make(chan struct{}, 16)
	for _, f := range calls {
		places <- struct{}{}
		wait.Go(func() {
			defer func() { <-places }()
			f()
		})
	}
	wait.Wait()
}

// secretRun returns what a command printed, and its exit code.
func secretRun(t *testing.T, dir string, env []string, args ...string) (string, int) {
	t.Helper()
	cmd := exec.Command("premix", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CACHE_HOME="+filepath.Join(dir, ".cache"))
	cmd.Env = append(cmd.Env, env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Error(err)
		return "", -1
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// wantNoSecret looks for a canary in what a command printed and in every file of a folder, its name included.
func wantNoSecret(t *testing.T, text, dir string) {
	t.Helper()
	secret := func(s string) bool {
		return strings.Contains(strings.ToLower(s), strings.ToLower(canary)) || strings.Contains(s, canary64)
	}
	if secret(text) {
		t.Errorf("it printed\n%s", text)
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if secret(path) || secret(string(content)) {
			t.Errorf("%s has it", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestSecretsOfStores runs jobs against stores that fail in each way, with secrets in the environment.
func TestSecretsOfStores(t *testing.T) {
	in := filepath.Join(t.TempDir(), "in")
	premix(t, "synth", "--out", in, "--images", "8")
	var calls []func()
	for store, s := range storesWithSecrets {
		for situation, start := range storeFailures {
			if store == "azblob wrong" && situation != "refused" {
				continue // it has no server
			}
			host := start(t)
			var env []string
			for _, e := range s.env {
				env = append(env, strings.ReplaceAll(e, "HOST", host))
			}
			for _, args := range [][]string{
				{"mix", "--in", s.address + "/in", "--out", "out", "--cache", "c", "--size", "32", "--progress", "json"},
				{"mix", "--in", in, "--out", "out", "--cache", s.address + "/cache", "--size", "32"},
			} {
				dir := t.TempDir()
				calls = append(calls, func() {
					text, code := secretRun(t, dir, env, args...)
					if code == exitDone || !strings.Contains(text, "bkt") {
						t.Errorf("%s, %s: %q: exit code %d\n%s", store, situation, args, code, text)
					}
					wantNoSecret(t, text, dir)
				})
			}
		}
	}
	atOnce(calls)
}

// TestSecretsInArguments gives addresses with credentials wherever an address is taken.
func TestSecretsInArguments(t *testing.T) {
	dir := t.TempDir()
	premix(t, "synth", "--out", filepath.Join(dir, "in"), "--images", "8")
	addresses := []string{
		"s3://AKIA:" + canary + "@bkt/x", "s3://AKIA:sl/" + canary + "@bkt/x", "s3://" + canary + "@bkt/x", "gs://a:" + canary + "@bkt/x",
		"azblob://bkt?sig=" + canary + "/x", "azblob://bkt/x?sv=1&sig=" + canary, "s3://bkt?secret=" + canary + "/x",
		"https://a.blob.core.windows.net/bkt/x?sv=1&sig=" + canary, "http://u:" + canary + "@host/x",
		"s3://bkt?endpoint=http://u:" + canary + "@127.0.0.1:1/x",
	}
	var calls []func()
	for i, a := range addresses {
		commands := [][]string{
			{"mix", "--in", a, "--out", "o"}, {"mix", "--in", "n=" + a, "--out", "o", "--dry-run"}, {"mix", "--in", "in", "--out", a, "--cache", "c"},
			{"mix", "--in", "in", "--out", "o", "--cache", a}, {"mix", "--in", "in", "--out", "o", "--classes", a}, {"mix", "--plan", a, "--out", "o"},
			{"mix", "--in", "in", "--out", "o", "--detector", a}, {"mix", a}, {"mix", "--sise=" + a}, {"mix", "--size=" + a}, {"mix", "--config", a},
			{"peaks", "--in", "in", "--cache", a}, {"verify", a}, {"verify", "in", "--in", a}, {"inspect", a}, {"reindex", a},
			{"cache", "ls", "--cache", a}, {"cache", "prune", "--cache", a}, {"synth", "--out", a, "--images", "2"}, {a},
			{"mix", "--in", "in", "--out", "o", "--runner", "flink", "--flink-rest", a}, {"mix", "--in", "in", "--out", "o", "--", "--nonsense=" + a},
			{"mix", "--in", "in", "--out", "o", "--runner", "flink", "--", `--environment_config={"env":{"K":"` + canary + `"}}`},
		}
		if i > 0 {
			commands = [][]string{{"mix", "--in", a, "--out", "o", "--cache", "c"}, {"mix", "--in", "in", "--out", a, "--cache", "c"}, {"inspect", a}}
		}
		for _, args := range commands {
			calls = append(calls, func() {
				text, code := secretRun(t, dir, nil, args...)
				if code != exitFailed && code != exitUsage {
					t.Errorf("%q: exit code %d\n%s", args, code, text)
				}
				if strings.Contains(text, canary) {
					t.Errorf("%q printed\n%s", args, text)
				}
			})
		}
	}
	atOnce(calls)
	text, _ := secretRun(t, dir, nil, "mix", "--in", addresses[0], "--out", addresses[1], "--cache", addresses[3], "--print-config")
	wantNoSecret(t, text, dir)
}

// TestNamesLikeSecrets wants names that look like secrets as they are in results, which programs read.
func TestNamesLikeSecrets(t *testing.T) {
	dir := t.TempDir()
	premix(t, "synth", "--out", filepath.Join(dir, "in"), "--images", "8")
	const class = "a token=minioadmin; Cookie: 1]"
	classes, err := os.ReadDir(filepath.Join(dir, "in"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "in", classes[0].Name()), filepath.Join(dir, "in", class)); err != nil {
		t.Fatal(err)
	}
	env := []string{"AWS_SECRET_ACCESS_KEY=minioadmin"}
	const out = "b/password=x/sig=0.5"
	if text, code := secretRun(t, dir, env, "mix", "--in", "in", "--out", out, "--cache", "c", "--size", "32", "--progress", "none"); code != exitDone || !strings.Contains(text, "output   "+out+" ") {
		t.Errorf("exit code %d\n%s", code, text)
	}
	for _, args := range [][]string{{"inspect", "in"}, {"inspect", "in", "--json"}, {"inspect", out, "--records", "8"}, {"inspect", out, "--json", "--records", "8"}} {
		text, code := secretRun(t, dir, env, args...)
		if code != exitDone || !strings.Contains(text, class) || slices.Contains(args, "--json") && !json.Valid([]byte(text)) {
			t.Errorf("%q: exit code %d\n%s", args, code, text)
		}
	}
	text, code := secretRun(t, dir, env, "mix", "--in", class, "--out", out, "--cache", "s3://b?region=minioadmin/sig=0.5", "--print-config")
	for _, want := range []string{class, out, "s3://b?region=minioadmin/sig=0.5"} {
		if code != exitDone || !strings.Contains(text, want) {
			t.Errorf("--print-config: exit code %d, want %q\n%s", code, want, text)
		}
	}
}

// TestSecretsOfRuns gives secrets that are right where they are to a job that ends well.
func TestSecretsOfRuns(t *testing.T) {
	dir := t.TempDir()
	text, code := secretRun(t, dir, nil, "mix", "--in", "synth:8", "--out", "out", "--cache", "c", "--size", "32", "--progress", "json",
		"--flink-rest", "http://user:"+canary+"@localhost:8081/?token="+canary, "--",
		`--environment_config={"command":"/opt/premix","env":{"K":"`+canary+`"}}`)
	if code != exitDone {
		t.Fatalf("exit code %d\n%s", code, text)
	}
	for _, args := range [][]string{{"verify", "out"}, {"inspect", "out"}, {"inspect", "out", "--json"}} {
		more, code := secretRun(t, dir, nil, args...)
		if code != exitDone {
			t.Errorf("%q: exit code %d\n%s", args, code, more)
		}
		text += more
	}
	wantNoSecret(t, text, dir)
	run, err := os.ReadFile(filepath.Join(dir, "out", "__premix__", "train", "run.json"))
	if err != nil || !strings.Contains(string(run), `\"command\":\"/opt/premix\"`) {
		t.Errorf("run.json: %v\n%s", err, run)
	}
}
