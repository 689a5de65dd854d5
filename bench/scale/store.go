package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/premix/premix/io/blob"
)

const bucket = "scale"

// Requests counts what a store was asked, by kind.
type Requests struct{ List, Get, Put, Delete int64 }

func (r Requests) minus(o Requests) Requests {
	return Requests{r.List - o.List, r.Get - o.Get, r.Put - o.Put, r.Delete - o.Delete}
}

// serve runs a store until it is killed. It answers /-/requests with the requests so far.
func serve(address string, latency time.Duration) error {
	backend := s3mem.New()
	if err := backend.CreateBucket(bucket); err != nil {
		return err
	}
	s3 := gofakes3.New(backend, gofakes3.WithLogger(gofakes3.StdLog(log.New(io.Discard, "", 0)))).Server()
	var mu sync.Mutex
	var counts Requests
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	go func() { // ends with who started it
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/-/requests" {
			mu.Lock()
			defer mu.Unlock()
			json.NewEncoder(w).Encode(counts)
			return
		}
		mu.Lock()
		switch {
		case r.Method == http.MethodPut || r.Method == http.MethodPost:
			counts.Put++
		case r.Method == http.MethodDelete:
			counts.Delete++
		case r.URL.Query().Has("list-type") || strings.TrimSuffix(r.URL.Path, "/") == "/"+bucket:
			counts.List++
		default:
			counts.Get++
		}
		mu.Unlock()
		time.Sleep(latency)
		s3.ServeHTTP(w, r)
	}))
}

// A store is one that runs in another process.
type store struct {
	address string
	stop    func()
}

// startStore starts a store, or takes the one of the setup.
func startStore(s *setup) (*store, error) {
	if s.Store != "" {
		return &store{address: s.Store, stop: func() {}}, credentials()
	}
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(exe, "store", "127.0.0.1:0", s.Latency.String())
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, err
	}
	return &store{address: strings.TrimSpace(address), stop: func() {
		in.Close()
		cmd.Wait()
	}}, credentials()
}

// credentials gives this process some, which the store does not look at.
func credentials() error {
	for k, v := range map[string]string{
		"AWS_ACCESS_KEY_ID": "premix", "AWS_SECRET_ACCESS_KEY": "premix", "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "us-east-1",
	} {
		if err := os.Setenv(k, v); err != nil {
			return err
		}
	}
	return nil
}

// uri is the address of a folder in the store.
func (s *store) uri(folder string) string {
	return blob.Join("s3://"+bucket+"?endpoint="+s.address+"&disable_https=true", folder)
}

// requests are those so far.
func (s *store) requests() (r Requests, err error) {
	resp, err := http.Get("http://" + s.address + "/-/requests")
	if err != nil {
		return r, err
	}
	defer resp.Body.Close()
	return r, json.NewDecoder(resp.Body).Decode(&r)
}
