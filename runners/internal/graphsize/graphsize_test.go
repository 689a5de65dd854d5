package graphsize

import (
	"errors"
	"testing"

	pipepb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/pipeline_v1"
	"google.golang.org/protobuf/proto"
)

func TestCheck(t *testing.T) {
	p := &pipepb.Pipeline{RootTransformIds: []string{string(make([]byte, 2_000_000))}}
	size := int64(proto.Size(p))
	if err := Check(p, size, "it"); err != nil {
		t.Error(err)
	}
	err := Check(p, size-1, "Dataflow")
	const want = "the job is 2.0 MB, most of it the list of the input's containers, and Dataflow takes 2.0: put the images into fewer, larger tars or shards, or mix parts of the input with a command each"
	var large *Error
	if !errors.As(err, &large) || err.Error() != want {
		t.Errorf("%v, want %q", err, want)
	}
}
