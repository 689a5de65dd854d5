package launch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/internal/osfile"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/pipeline"
	"github.com/premix/premix/transforms/stage"
)

// checkOutputs looks at the places of the outputs, and writes nothing: something else may be there,
// another recipe, or a newer schema. Replica 0 keeps the names that it has in an output. It reports whether
// the job goes on with what an earlier run began or finished.
//
// It looks before the outputs are locked. If another run changes them until then, the gate, which has the lock,
// compares the recipe again, names of replica 0 included, and refuses.
func checkOutputs(ctx context.Context, c *pipeline.Config) (goesOn bool, err error) {
	if err := outsideOfInputs(c); err != nil {
		return false, err
	}
	if err := checkPlace(c.Out); err != nil {
		return false, err
	}
	if err := checkRoot(ctx, c); err != nil {
		return false, err
	}
	for _, p := range c.EachPart() {
		p.NumberZero = c.NumberZero // as an output before has it
		begun, err := checkPart(ctx, p)
		if err != nil {
			return false, ofVariant(p, err)
		}
		c.NumberZero, goesOn = p.NumberZero, goesOn || begun
	}
	for _, p := range c.EachPart() {
		p.NumberZero = c.NumberZero
	}
	return goesOn, nil
}

// checkPart is checkOutputs of one variant, or of a configuration without variants.
func checkPart(ctx context.Context, c *pipeline.Config) (goesOn bool, err error) {
	if c.Variant != "" {
		if err := checkRoot(ctx, c); err != nil {
			return false, err
		}
	}
	for _, place := range c.Places() {
		if err := checkPlace(place.Dir); err != nil {
			return false, err
		}
		begun, err := checkOutput(ctx, c, place.Dir, place.Format)
		if err != nil {
			return false, err
		}
		goesOn = goesOn || begun
	}
	return goesOn, nil
}

// ofVariant names the variant in the refusal of its output.
func ofVariant(c *pipeline.Config, err error) error {
	if other := (*OutputError)(nil); c.Variant != "" && errors.As(err, &other) {
		return &OutputError{"--variant " + c.Variant + ": " + other.message}
	}
	return err
}

// checkPlace refuses a local folder that cannot be written.
func checkPlace(dir string) error {
	if !blob.IsLocal(dir) {
		return nil
	}
	if err := CheckWritable(dir); err != nil {
		return usagef("--out %s cannot be written: %v", dir, err)
	}
	return nil
}

// checkOutput compares what is in the folder of an output with the job, and reports whether the job goes on
// with it.
func checkOutput(ctx context.Context, c *pipeline.Config, dir, format string) (goesOn bool, err error) {
	state, err := dataset.Look(ctx, dir)
	if err != nil {
		return false, err
	}
	if state.Foreign != "" {
		return false, usagef("--out %s contains other files (%s): choose an empty or new folder", dir, state.Foreign)
	}
	for _, s := range state.Splits {
		switch {
		case s.Damaged != nil && s.Name != c.Split:
			return false, fmt.Errorf("%w: the file is damaged; premix reindex %s rebuilds it, or choose another --out", s.Damaged, dir)
		case s.Damaged != nil && s.Unfinished:
			// The records of its shards say whose it is; the job compares them before its first write.
		case s.Damaged != nil && !c.Overwrite:
			return false, fmt.Errorf("%w: the file is damaged; premix reindex %s rebuilds it, --overwrite makes the split again, or choose another --out", s.Damaged, dir)
		}
	}
	if err := checkNames(c, dir, state.Splits); err != nil {
		return false, err
	}
	at := slices.IndexFunc(state.Splits, func(s dataset.SplitState) bool { return s.Name == c.Split })
	if c.Overwrite {
		if err := checkFolder(c, dir, state); err != nil {
			return false, err
		}
		if err := dataset.CheckRemove(ctx, dir, c.Split); errors.As(err, new(*blob.LinkError)) {
			return false, usagef("--overwrite: %v", err)
		}
		// Other errors come up again when it is removed. An interrupted run of this recipe goes on.
		return at >= 0 && state.Splits[at].Unfinished && state.Splits[at].Config != nil &&
			len(dataset.RecipeDiff(state.Splits[at].Config.Recipe, c.RecipeJSON(format))) == 0, nil
	}
	if at < 0 {
		return false, nil
	}
	have := state.Splits[at].Config
	if have == nil {
		return nameZeroAsBegun(ctx, c, dir), nil
	}
	if err := nameZero(c, dir, have); err != nil {
		return false, err
	}
	if diff := dataset.RecipeDiff(have.Recipe, c.RecipeJSON(format)); len(diff) > 0 {
		return false, &OutputError{stage.RecipeRefusal(dir, c.Split, diff)}
	}
	return true, nil
}

// checkFolder refuses to overwrite a split in the folder of a format that is a link below --out.
func checkFolder(c *pipeline.Config, dir string, state *dataset.State) error {
	link, err := blob.LinkBelow(c.Out, dir)
	if err != nil || link == "" {
		return err
	}
	for _, s := range state.Splits {
		if s.Name == c.Split {
			return usagef("--overwrite: %v", &blob.LinkError{Link: link, URI: dataset.Meta(dir, c.Split)})
		}
	}
	return nil
}

// nameZero makes the job give replica 0 the names that it has in an output, or would have: without a number
// where the output began as replica 0 alone. Each job has one form of names, so an output that differs from
// another one, or from a plan, is refused.
func nameZero(c *pipeline.Config, dir string, have *dataset.Config) error {
	var recipe struct {
		Numbered *bool `json:"replica-names"`
	}
	if json.Unmarshal(have.Recipe, &recipe) != nil || recipe.Numbered == nil {
		return nil // the comparison of the recipes says what is wrong
	}
	if c.NumberZero == nil {
		c.NumberZero = recipe.Numbered
	}
	if *c.NumberZero == *recipe.Numbered {
		return nil
	}
	with := map[bool]string{true: "with", false: "without"}
	other := "another format of --out"
	if c.Variant != "" {
		other = "another variant or format of --out"
	}
	if c.Plan != "" {
		other = "--plan or " + other
	}
	return &OutputError{printable.Sprintf("%s holds the split %s %s a number in the names of replica 0, and %s has it %s: choose another --out, or add --overwrite to replace what is there",
		dir, c.Split, with[*recipe.Numbered], other, with[!*recipe.Numbered])}
}

// nameZeroAsBegun takes the names of replica 0 from inputs.json, where config.json is lost. Where that is lost as
// well, the records say in the gate whether the names are those of the job. It reports whether a run has begun
// the split.
func nameZeroAsBegun(ctx context.Context, c *pipeline.Config, dir string) bool {
	in, err := dataset.LoadInputs(ctx, dir, c.Split)
	if err != nil || len(in.Replicas) == 0 {
		return false
	}
	if c.NumberZero == nil {
		numbered := !slices.Contains(in.Replicas, -1)
		c.NumberZero = &numbered
	}
	return true
}

// checkRoot looks at the folder above the outputs of several formats, or of variants: it must not be an output
// itself, nor hold anything else.
func checkRoot(ctx context.Context, c *pipeline.Config) error {
	if !c.Above() {
		return nil
	}
	splits, err := dataset.Splits(ctx, c.Out)
	if err != nil {
		return err
	}
	switch {
	case len(splits) > 0 && len(c.Variants) > 0:
		return &OutputError{printable.Sprintf("%s is an output itself: variants go to OUT/NAME, so choose another --out", c.Out)}
	case len(splits) > 0:
		return &OutputError{printable.Sprintf("%s is an output of one format itself: several formats go to OUT/FORMAT, so choose another --out", c.Out)}
	}
	objects, err := blob.List(ctx, c.Out)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	known := map[string]bool{dataset.MetaDir: true}
	if len(c.Variants) == 0 {
		for _, f := range formats.Names() {
			known[f] = true
		}
	}
	for _, p := range c.Parts {
		known[p.Variant] = true // checkOutput looks at what it holds
	}
	for _, o := range objects {
		name := blob.Base(o.URI)
		if !known[name] && len(c.Variants) > 0 && o.Dir { // variants of another run
			below, err := dataset.Outputs(ctx, o.URI)
			if err != nil {
				return err
			}
			known[name] = len(below) > 0
		}
		if !known[name] {
			return usagef("--out %s contains other files (%s): choose an empty or new folder", c.Out, name)
		}
	}
	return nil
}

// outsideOfInputs refuses an output below the folder of an input: the next run would take it for a
// part of the input.
func outsideOfInputs(c *pipeline.Config) error {
	for _, in := range c.In {
		_, uri := pipeline.SplitInput(in)
		if blob.IsLocal(uri) != blob.IsLocal(c.Out) || strings.HasPrefix(uri, "synth:") {
			continue
		}
		if rel, ok := blob.Rel(uri, c.Out); ok {
			return usagef("--out %s is inside the input %s, so the next run would read it as input (%s): choose a folder outside", c.Out, uri, rel)
		}
	}
	return nil
}

// CheckWritable checks that a local folder can be written, or made. It changes nothing.
func CheckWritable(dir string) error {
	for p := dir; ; p = filepath.Dir(p) {
		info, err := os.Stat(p)
		switch {
		case (errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)) && p != filepath.Dir(p):
			continue
		case err != nil:
			return err
		case !info.IsDir():
			return fmt.Errorf("%s is not a folder", p)
		}
		if err := osfile.Writable(p); err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		return nil
	}
}
