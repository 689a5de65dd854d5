package blob

import "testing"

// TestRedactKeepsCancel: the command that cancels a job of Flink stays whole.
func TestRedactKeepsCancel(t *testing.T) {
	const text = "cancel it with: curl -X PATCH 'http://127.0.0.1:8081/jobs/dd55?mode=cancel'"
	if got := Redact(text); got != text {
		t.Errorf("%q", got)
	}
}
