package dataflow

import (
	"errors"
	"strings"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/premix/premix/runners/internal/graphsize"
)

func TestCheckSize(t *testing.T) {
	for _, large := range []bool{false, true} {
		p, s := beam.NewPipelineWithRoot()
		n := 1000
		if large {
			n = maxGraph
		}
		beam.Create(s, strings.Repeat("a", n))
		err := checkSize(t.Context(), p)
		var e *graphsize.Error
		if !large && err != nil || large && (!errors.As(err, &e) || !strings.Contains(err.Error(), "and Dataflow takes 10.5: put")) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}
