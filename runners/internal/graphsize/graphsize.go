// Package graphsize tells before a job is submitted that its graph is larger than the cluster takes. The
// launcher's list of containers travels inside it, so it grows with their number.
package graphsize

import (
	"fmt"

	pipepb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/pipeline_v1"
	"google.golang.org/protobuf/proto"
)

// An Error says that a graph is too large. Nothing was submitted.
type Error struct{ message string }

func (e *Error) Error() string { return e.message }

// Check compares a pipeline with what a cluster takes, in bytes; whose names the cluster and its limit.
func Check(p *pipepb.Pipeline, limit int64, whose string) error {
	n := int64(proto.Size(p))
	if n <= limit {
		return nil
	}
	return &Error{fmt.Sprintf("the job is %.1f MB, most of it the list of the input's containers, and %s takes %.1f: put the images into fewer, larger tars or shards, or mix parts of the input with a command each",
		float64(n)/1e6, whose, float64(limit)/1e6)}
}
