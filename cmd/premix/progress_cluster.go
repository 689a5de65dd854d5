package main

import (
	"fmt"
	"strings"

	"github.com/premix/premix/launch"
	"github.com/premix/premix/runners"
)

// A clusterProgress says how far a job on a cluster is.
type clusterProgress struct {
	status runners.Status
	launch.Count
}

// running names the stages that work now.
func (c clusterProgress) running() []string {
	var names []string
	for _, s := range c.status.Steps {
		if s.Status != "RUNNING" {
			continue
		}
		for _, n := range stageNames {
			if strings.Contains(s.Name, "transforms."+n+"/") && (len(names) == 0 || names[len(names)-1] != strings.ToLower(n)) {
				names = append(names, strings.ToLower(n))
			}
		}
	}
	return names
}

// stageNames are the scopes of the transforms, in their order.
var stageNames = []string{"Scan", "Peaks", "Gate", "Distribute", "Collect", "Mix", "Finish"}

// what says what the cluster does now, and how often it did something again.
func (c clusterProgress) what() (what, faults string) {
	what = strings.ToLower(c.status.State)
	if names := c.running(); len(names) > 0 {
		what = strings.Join(names, ", ")
	} else if what == "" {
		what = "starting"
	}
	if c.status.Faults > 0 {
		faults = fmt.Sprintf(", %d repeated after a fault", c.status.Faults)
	}
	return what, faults
}
