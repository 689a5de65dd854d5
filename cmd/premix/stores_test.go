package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/premix/premix/internal/storetest"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/formats"
)

// gcsWith is gcs with a function that is called before each request is answered.
func gcsWith(t *testing.T, before func(*http.Request)) string {
	return gcs(t, func(store http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			before(r)
			store.ServeHTTP(w, r)
		})
	})
}

// gcs starts a fake of Google Cloud Storage and returns the address of an empty bucket. Its requests pass
// through each of the handlers.
func gcs(t *testing.T, through ...func(http.Handler) http.Handler) string {
	return storetest.GCS(t, "bkt", through...)
}

// s3 starts a fake of Amazon S3, likewise.
func s3(t *testing.T, through ...func(http.Handler) http.Handler) string {
	return storetest.S3(t, "bkt", through...)
}

// premix runs the program and returns its output.
func premix(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("premix", args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("premix %s: %v\n%s", strings.Join(args, " "), err, out.String())
	}
	return out.String()
}

// copyTree copies a local folder to a store.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return blob.WriteFile(context.Background(), blob.Join(to, filepath.ToSlash(rel)), text)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// sameTree wants the promised files of a local output in a store, with the same bytes.
func sameTree(t *testing.T, local, store string) {
	t.Helper()
	want, err := promised(local)
	if err != nil {
		t.Fatal(err)
	}
	for rel := range want {
		text, err := os.ReadFile(filepath.Join(local, rel))
		if err != nil {
			t.Fatal(err)
		}
		got, err := blob.ReadAll(context.Background(), blob.Join(store, filepath.ToSlash(rel)), blob.MaxMeta)
		if err != nil {
			t.Errorf("%s: %v", rel, err)
			continue
		}
		if !bytes.Equal(text, got) {
			t.Errorf("%s differs", rel)
		}
	}
	n := 0
	for o, err := range blob.Walk(context.Background(), store) {
		if err != nil {
			t.Fatal(err)
		}
		base := blob.Base(o.URI)
		if o.Dir || base == "run.json" || base == "inputs.json" || base == "report.html" {
			continue
		}
		n++
	}
	if n != len(want) {
		t.Errorf("%d files in the store, %d locally", n, len(want))
	}
}

// TestStores runs the job with input, cache and output in object stores, mixed freely, and wants
// the bytes of the local run. Both are real servers of the stores' protocols, on loopback.
func TestStores(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	premix(t, "synth", "--out", in, "--images", "60")
	flags := []string{"--size", "64", "--shards", "4"}
	premix(t, append([]string{"mix", "--in", in, "--out", out, "--cache", filepath.Join(dir, "c")}, flags...)...)
	g, s := gcs(t), s3(t)
	copyTree(t, in, blob.Join(g, "in"))
	copyTree(t, in, blob.Join(s, "in"))
	for _, c := range []struct{ name, in, cache, out string }{
		{"gs", g, g, g},
		{"s3", s, s, s},
		{"gs to s3", g, s, blob.Join(s, "second")},
		{"local to gs", dir, g, blob.Join(g, "second")},
	} {
		t.Run(c.name, func(t *testing.T) {
			to := blob.Join(c.out, "out")
			text := premix(t, append([]string{"mix", "--in", blob.Join(c.in, "in"), "--out", to, "--cache", blob.Join(c.cache, "cache")}, flags...)...)
			if !strings.Contains(text, "60 good") {
				t.Errorf("output: %s", text)
			}
			sameTree(t, out, to)
			if text := premix(t, "verify", to); !strings.Contains(text, "no defects") {
				t.Errorf("verify: %s", text)
			}
		})
	}
	t.Run("all formats", func(t *testing.T) {
		all := append([]string{"--format", strings.Join(formats.Names(), ",")}, flags...)
		local, to := filepath.Join(dir, "all"), blob.Join(s, "all")
		premix(t, append([]string{"mix", "--in", in, "--out", local, "--cache", filepath.Join(dir, "c")}, all...)...)
		premix(t, append([]string{"mix", "--in", blob.Join(s, "in"), "--out", to, "--cache", blob.Join(s, "cache")}, all...)...)
		sameTree(t, local, to)
		if text := premix(t, "verify", to); !strings.Contains(text, "no defects") {
			t.Errorf("verify: %s", text)
		}
	})
	t.Run("missing bucket", func(t *testing.T) {
		for _, c := range []struct{ name, bucket, make string }{
			{"gs", strings.Replace(g, "bkt", "none", 1), "gcloud storage buckets create gs://none"},
			{"s3", strings.Replace(s, "bkt", "none", 1), "aws s3 mb s3://none"},
		} {
			for flag, places := range map[string][3]string{
				"in":    {c.bucket, blob.Join(g, "x"), blob.Join(g, "cache")},
				"out":   {in, blob.Join(c.bucket, "x"), blob.Join(g, "cache")},
				"cache": {in, blob.Join(g, "x"), blob.Join(c.bucket, "cache")},
			} {
				text := fails(t, exitFailed, append([]string{"mix", "--in", places[0], "--out", places[1], "--cache", places[2]}, flags...)...)
				lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
				text = lines[len(lines)-1] // before it stands how the input is understood, if that can be read
				if (flag == "in" && len(lines) != 1) || !strings.Contains(text, "the bucket does not exist; ") || !strings.Contains(text, "make it: "+c.make) {
					t.Errorf("%s, --%s: it said:\n%s", c.name, flag, text)
				}
			}
		}
		if list, err := blob.List(context.Background(), blob.Join(g, "x")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("left behind: %v, %v", list, err)
		}
	})
	t.Run("lock", func(t *testing.T) {
		to := blob.Join(g, "locked")
		lock := blob.Join(to, "__premix__", ".lock-0123")
		if err := blob.WriteFile(context.Background(), lock, []byte("process 1 on elsewhere\n")); err != nil {
			t.Fatal(err)
		}
		args := append([]string{"mix", "--in", in, "--out", to, "--cache", blob.Join(g, "cache")}, flags...)
		text, err := exec.Command("premix", args...).CombinedOutput()
		var exit *exec.ExitError
		if !asExit(err, &exit) || exit.ExitCode() != exitUsage || !strings.Contains(string(text), "process 1 on elsewhere") {
			t.Errorf("%v: %s", err, text)
		}
		premix(t, append(args, "--break-lock")...)
		sameTree(t, out, to)
	})
	t.Run("no cache", func(t *testing.T) {
		cmd := exec.Command("premix", "mix", "--in", in, "--out", blob.Join(g, "y"))
		text, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if !asExit(err, &exit) || exit.ExitCode() != exitUsage || !strings.Contains(string(text), "no --cache: ") {
			t.Errorf("%v: %s", err, text)
		}
	})
	t.Run("added replicas", func(t *testing.T) {
		add := append([]string{"--first-replica", "1"}, flags...)
		premix(t, append([]string{"mix", "--in", in, "--out", out, "--cache", filepath.Join(dir, "c")}, add...)...)
		for _, store := range []string{g, s} {
			to := blob.Join(store, "out")
			text := premix(t, append([]string{"mix", "--in", blob.Join(store, "in"), "--out", to, "--cache", blob.Join(store, "cache")}, add...)...)
			if !strings.Contains(text, "such as premix-train-*.tar matches all of them") {
				t.Errorf("output: %s", text)
			}
			sameTree(t, out, to)
			if text := premix(t, "verify", to); !strings.Contains(text, "no defects") {
				t.Errorf("verify: %s", text)
			}
		}
	})
}
