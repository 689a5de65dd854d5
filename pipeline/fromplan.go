package pipeline

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/premix/premix/dataset"
)

// FromPlan is the configuration that makes shards of the plan of an output, whose manifest and
// class list are given. What decides the plan is the plan's; where things are and how the job runs
// is c's, and so is the form of the output where it was set on purpose. A *[ConfigError] lists what
// was set and contradicts the plan.
func (c *Config) FromPlan(m *dataset.Manifest, classes []string) (*Config, error) {
	p, err := fromRecipe(m.Recipe)
	if err != nil {
		return nil, err
	}
	var recipe struct {
		Named   bool    `json:"replica-names"`
		Classes *string `json:"class-list"`
		Labels  string  `json:"labels"`
	}
	if err := json.Unmarshal(m.Recipe, &recipe); err != nil {
		return nil, fmt.Errorf("pipeline: recipe: %w", err)
	}
	var bad []error
	refuse := func(format string, args ...any) { bad = append(bad, fmt.Errorf(format, args...)) }
	r := *c
	// What --hflip, --resize and the like mean hangs on the geometry, which is the plan's where none was set.
	asked := *c
	if !c.Given["geometry"] {
		asked.Geometry = p.Geometry
	}
	mine, result := Options(&asked), Options(&r)
	for i, o := range Options(p) {
		if o.Scope == Execution || o.Scope == Form && c.Given[o.Name] {
			continue
		}
		auto := o.Name == "hflip" && c.HFlip == AutoFlip // contradicts nothing
		if have, want := mine[i].Canonical(), o.Canonical(); c.Given[o.Name] && have != want && !auto {
			refuse("--%s %s contradicts --plan %s, which has %s: leave it out, or make a new plan", o.Name, mine[i].Value, c.Plan, want)
			continue
		}
		if err := result[i].Value.Set(o.Value.String()); err != nil {
			return nil, fmt.Errorf("pipeline: %s of the plan: %w", o.Name, err)
		}
	}
	if c.Given["classes"] && !slices.Equal(c.ClassList, classes) {
		refuse("--classes %s contradicts --plan %s, which has its own class list: leave it out, or make a new plan", c.ClassFile, c.Plan)
	}
	if r.ClassList = nil; recipe.Classes != nil {
		r.ClassList = classes
	}
	sums := strings.Fields(recipe.Labels)
	if c.Given["labels"] && !slices.Equal(slices.Sorted(slices.Values(c.LabelSums)), sums) {
		refuse("--labels %s contradicts --plan %s, which was made with other lists: leave it out, or make a new plan", strings.Join(c.Labels, ", "), c.Plan)
	}
	r.LabelSums = sums
	r.External = nil
	if !c.Given["format"] {
		r.Formats = []string{m.Shape.Format}
	}
	if err := r.chooseReplicas(m); err != nil {
		bad = append(bad, err)
	}
	if r.NumberZero = nil; slices.Contains(r.replicaList(), 0) {
		r.NumberZero = &recipe.Named
	}
	if len(bad) > 0 {
		return nil, &ConfigError{bad}
	}
	return &r, r.sameRecipe(m)
}

// chooseReplicas takes all replicas of a plan, or those asked for.
func (c *Config) chooseReplicas(m *dataset.Manifest) error {
	var have []int
	for _, r := range m.Replicas {
		have = append(have, r.Replica)
	}
	if len(have) == 0 {
		return fmt.Errorf("--plan %s plans no replica", c.Plan)
	}
	if c.Given["replicas"] || c.Given["first-replica"] {
		for _, r := range c.replicaList() {
			if !slices.Contains(have, r) {
				return fmt.Errorf("--plan %s has no replica %d, only %v", c.Plan, r, have)
			}
		}
		return nil
	}
	c.FirstReplica, c.Replicas = have[0], len(have)
	if have[len(have)-1] != have[0]+len(have)-1 {
		return fmt.Errorf("--plan %s has the replicas %v: choose an unbroken run of them with --first-replica and --replicas", c.Plan, have)
	}
	return nil
}

// A PlanError says that this premix would not make of a plan what it was made for.
type PlanError struct {
	Plan string
	Diff []string
}

func (e *PlanError) Error() string {
	if dataset.OnlyVersions(e.Diff) {
		return fmt.Sprintf("%s was planned by another version of premix, which gives other bytes (%s): make a new plan, or use that version", e.Plan, strings.Join(e.Diff, ", "))
	}
	return fmt.Sprintf("%s was planned by another version of premix, which gives other bytes: make a new plan, or use that version\n  %s", e.Plan, strings.Join(e.Diff, "; "))
}

// sameRecipe reports in what the recipe differs from that of a plan, besides the form of the
// output and the names of a replica 0 that is not made.
func (c *Config) sameRecipe(m *dataset.Manifest) error {
	diff := dataset.RecipeDiff(m.Recipe, c.RecipeJSON(m.Shape.Format))
	options := Options(c)
	diff = slices.DeleteFunc(diff, func(line string) bool {
		name, _, _ := strings.Cut(line, ":")
		if name == replicaNames {
			return true
		}
		o, _ := Find(options, name)
		return o != nil && o.Scope == Form
	})
	if len(diff) > 0 {
		return &PlanError{c.Plan, diff}
	}
	return nil
}
