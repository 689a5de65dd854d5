package pipeline

import (
	"context"
	"fmt"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/graphx"
	"google.golang.org/protobuf/proto"

	"github.com/premix/premix/io/source"
	"github.com/premix/premix/transforms/stage"
)

// TestGraphSize measures what a container adds to the graph of a job: docs/flink.md and docs/dataflow.md say how many
// containers a job may have.
func TestGraphSize(t *testing.T) {
	size := func(job *stage.Job, n int) int {
		var list []source.Container
		for i := range n {
			name := fmt.Sprintf("train-%06d.tar", i)
			list = append(list, source.Container{
				Name: name, URI: "gs://bucket/imagenet/" + name, Layout: "webdataset", Size: 100_000_000 + int64(i), ModTime: 1_700_000_000_000_000_000 + int64(i), ETag: fmt.Sprintf("%016x", uint64(i)*0x9e3779b97f4a7c15),
			})
		}
		env, err := graphx.CreateEnvironment(t.Context(), graphx.URNEnvProcess, func(context.Context) string { return "{}" })
		if err != nil {
			t.Fatal(err)
		}
		edges, _, err := New(Build, job, list).Build()
		if err != nil {
			t.Fatal(err)
		}
		p, err := graphx.Marshal(edges, &graphx.Options{Environment: env})
		if err != nil {
			t.Fatal(err)
		}
		return proto.Size(p)
	}
	for _, c := range []struct {
		limit int64
		most  int // bytes of a container
	}{{0, 60}, {1000, 240}} {
		job := &stage.Job{Replicas: []int{0}, Rounds: 1, Limit: c.limit}
		if got := (size(job, 3000) - size(job, 1000)) / 2000; got > c.most {
			t.Errorf("limit %d: a container is %d bytes of the graph, at most %d", c.limit, got, c.most)
		}
	}
}
