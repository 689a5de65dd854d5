package launch

import (
	"encoding/json"
	"fmt"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/pipeline"
)

// numberReplicas lets replicas be appended to a split that is there. Names of replicas carry rNNN,
// but for those of an output that was made as a single one, whose names can never get a number. A
// run of replica 0 alone into an output whose names have numbers numbers its own.
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
