package launch

import (
	"encoding/json"
	"fmt"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/pipeline"
)

// numberReplicas makes the names of a job agree with those of the split that it adds replicas to. Names
// have rNNN unless the output was made as a single replica, and such an output can get no more replicas. A
// run of replica 0 alone uses numbers if the output has them.
func numberReplicas(c *pipeline.Config, dir string, have *dataset.Config) error {
	var recipe struct {
		Named *bool `json:"replica-names"`
	}
	if json.Unmarshal(have.Recipe, &recipe) != nil || recipe.Named == nil {
		return nil // the comparison of the recipes says what is wrong
	}
	switch {
	case *recipe.Named:
		c.Numbered = true
	case c.NamedReplicas():
		return &OutputError{fmt.Sprintf("%s holds the split %s as a single replica without a number in its names, so none can be appended: choose another --out, and make the first replica with --replicas 2 or more (or --first-replica 1); --overwrite replaces what is there",
			dir, c.Split)}
	}
	return nil
}
