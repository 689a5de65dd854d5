package stage

import "testing"

// TestPlannedAt wants the time of the first plan of a job, also where the gate runs again.
func TestPlannedAt(t *testing.T) {
	for range 2 {
		ResetProgress()
		if at := ReadProgress().PlannedAt; !at.IsZero() {
			t.Errorf("planned at %v before there is a plan", at)
		}
		setTotals(60, 2, 1)
		first := ReadProgress().PlannedAt
		if first.IsZero() {
			t.Error("a plan without a time")
		}
		setTotals(60, 2, 1)
		if p := ReadProgress(); p.PlannedAt != first || p.Planned != 60 || p.PlannedShards != 2 {
			t.Errorf("planned %d samples in %d shards at %v, want 60, 2, %v", p.Planned, p.PlannedShards, p.PlannedAt, first)
		}
	}
	ResetProgress()
}
