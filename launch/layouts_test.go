package launch

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/premix/premix/internal/layouttest"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/pipeline"
)

// told is a Reporter that keeps what is said.
type told struct {
	silent
	text *[]string
}

func (r told) Say(format string, args ...any) {
	*r.text = append(*r.text, fmt.Sprintf(format, args...))
}

func (r told) Warn(format string, args ...any) { r.Say(format, args...) }
func (r told) Understood(lines []string)       { *r.text = append(*r.text, lines...) }

// TestLayouts prepares a job of mixing, one of packing and one of peaks over each layout that is refused by
// its names, and over those of which something is told. The first two are refused; the last one says the
// same and goes on, unless there is nothing that it could read.
func TestLayouts(t *testing.T) {
	goneOn := 0
	for _, name := range []string{"published", "more"} {
		for _, l := range layouttest.Load(t, name) {
			i := slices.IndexFunc(l.Rows, func(r layouttest.Row) bool { return r.Outcome != "ok" && !r.Gate && r.Flags == "" })
			if i < 0 {
				continue
			}
			row, dir := l.Rows[i], t.TempDir()
			layouttest.Write(t, dir, l.Files(t))
			uri := filepath.Join(dir, row.Path)
			prepare := func(peaks bool, method string) (string, error) {
				c := pipeline.Default()
				c.In, c.Out, c.Cache, c.Method = []string{uri}, filepath.Join(dir, "out"), filepath.Join(dir, "cache"), method
				var text []string
				_, err := Prepare(t.Context(), c, Options{Reporter: told{text: &text}, PeaksOnly: peaks})
				return strings.Join(text, "\n"), err
			}
			t.Run(row.String(), func(t *testing.T) {
				said, err := prepare(false, "saliencymix")
				wantRefusal(t, row, uri, said, err, row.Outcome == "refused")
				said, err = prepare(false, "none")
				if !warnsOfOneClass(said) {
					wantRefusal(t, row, uri, said, err, row.Outcome == "refused")
				}
				said, err = prepare(true, "saliencymix")
				if err == nil && row.Outcome == "refused" {
					goneOn++
				}
				if !warnsOfOneClass(said) {
					wantRefusal(t, row, uri, said, err, err != nil && row.Outcome == "refused")
				}
			})
		}
	}
	if goneOn < 20 {
		t.Errorf("%d layouts in doubt have peaks", goneOn)
	}
}

// warnsOfOneClass reports whether a job was told that all images are of one class, which only a job that
// mixes refuses.
func warnsOfOneClass(said string) bool { return strings.Contains(said, "all images are of the class") }

func wantRefusal(t *testing.T, row layouttest.Row, uri, said string, err error, refused bool) {
	t.Helper()
	var usage *source.UsageError
	switch {
	case (err != nil) != refused:
		t.Errorf("refused is %v, right is %v: %v", err != nil, refused, err)
		return
	case err != nil && !errors.As(err, &usage):
		t.Errorf("%T: %v", err, err)
	case err != nil:
		said += err.Error()
	}
	if w := row.Unlike(said, uri); w != "" {
		t.Errorf("it does not say %s: %s", w, said)
	}
}
