package dataset_test

import (
	"os"
	"strings"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/internal/fixture"
)

// TestReportFailures makes a report with a reason that is not UTF-8: the page shows it as
// failures.jsonl has it.
func TestReportFailures(t *testing.T) {
	bad := premix.Failure{Name: "c0/x.jpg", Stage: premix.StageDecode, Kind: premix.Corrupt, Reason: "there are \xff\xfe, é"}
	o := fixture.Output{Dir: t.TempDir(), Failures: []premix.Failure{bad}}
	o.Make(t)
	for _, name := range []string{dataset.ReportFile, dataset.FailuresFile} {
		text, err := os.ReadFile(dataset.Meta(o.Dir, o.Split, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.ReplaceAll(string(text), `\ufffd`, "\ufffd"); !strings.Contains(got, "there are \ufffd\ufffd, é") {
			t.Errorf("%s does not have the reason", name)
		}
	}
}
