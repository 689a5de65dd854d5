package main

import (
	"crypto/md5"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path"
	"sort"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// A store answers as S3 does, after a while. It has the names and sizes of a million shards, and of what is beside
// them; one shard and one plan have content. What is written is counted and dropped.
type store struct {
	size
	delay       time.Duration
	shard, plan []byte // the content of each

	requests, lists, reads, writes, bytes atomic.Int64
	now, most                             atomic.Int64 // requests at once
}

// serve runs a store until its standard input ends, and prints its address.
func serve(s *store) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	go http.Serve(l, s)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/counts" {
		fmt.Fprintln(w, s.requests.Load(), s.lists.Load(), s.reads.Load(), s.writes.Load(), s.bytes.Load(), s.most.Load())
		return
	}
	s.requests.Add(1)
	now := s.now.Add(1)
	defer s.now.Add(-1)
	for most := s.most.Load(); now > most && !s.most.CompareAndSwap(most, now); most = s.most.Load() {
	}
	time.Sleep(s.delay)
	_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	q := r.URL.Query()
	switch {
	case r.Method == http.MethodGet && q.Has("list-type"):
		s.lists.Add(1)
		s.list(w, q.Get("prefix"), q.Get("continuation-token"))
	case r.Method == http.MethodGet:
		s.reads.Add(1)
		s.read(w, key)
	case r.Method == http.MethodPost && q.Has("uploads"):
		answer(w, struct {
			XMLName  xml.Name `xml:"InitiateMultipartUploadResult"`
			UploadId string
		}{UploadId: "1"})
	case r.Method == http.MethodPost:
		io.Copy(io.Discard, r.Body)
		answer(w, struct {
			XMLName xml.Name `xml:"CompleteMultipartUploadResult"`
			ETag    string
		}{ETag: `"0"`})
	case r.Method == http.MethodPut:
		s.writes.Add(1)
		sum := md5.New()
		n, _ := io.Copy(sum, r.Body)
		s.bytes.Add(n)
		w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sum.Sum(nil)))
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

func (s *store) read(w http.ResponseWriter, key string) {
	var data []byte
	switch {
	case strings.HasSuffix(key, ".tar"):
		data = s.shard
	case strings.HasSuffix(key, ".parquet"):
		data = s.plan
	default:
		w.WriteHeader(http.StatusNotFound)
		answer(w, struct {
			XMLName xml.Name `xml:"Error"`
			Code    string
		}{Code: "NoSuchKey"})
		return
	}
	w.Header().Set("ETag", `"1"`)
	w.Header().Set("Last-Modified", time.Unix(1e9, 0).UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	w.Write(data)
}

type entry struct {
	Key, LastModified, ETag string
	Size                    int64
}

type listing struct {
	XMLName               xml.Name `xml:"ListBucketResult"`
	IsTruncated           bool
	NextContinuationToken string   `xml:",omitempty"`
	CommonPrefixes        []prefix `xml:",omitempty"`
	Contents              []entry
}

type prefix struct{ Prefix string }

// list answers with a page of the names that begin so.
func (s *store) list(w http.ResponseWriter, begin, after string) {
	var page listing
	if begin == "out/__premix__/" {
		page.CommonPrefixes = []prefix{{begin + split + "/"}}
	}
	total := s.replicas * s.shards
	for k, kind := range kinds {
		key := func(i int) string { return "out/" + kind.name(s.spec(i/s.shards), int64(i%s.shards)) }
		if dir := path.Dir(key(0)) + "/"; !strings.HasPrefix(begin, dir) {
			continue
		}
		i := sort.Search(total, func(i int) bool { return key(i) > after && key(i) >= begin })
		for ; i < total && strings.HasPrefix(key(i), begin); i++ {
			if len(page.Contents) == 1000 {
				page.IsTruncated, page.NextContinuationToken = true, page.Contents[999].Key
				break
			}
			page.Contents = append(page.Contents, entry{key(i), "2026-01-01T00:00:00.000Z", `"1"`, sizeOf(k, i)})
		}
	}
	answer(w, page)
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/xml")
	io.WriteString(w, xml.Header)
	xml.NewEncoder(w).Encode(v)
}
