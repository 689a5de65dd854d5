package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/premix/premix/internal/golden"
	"github.com/premix/premix/io/peakfile"
)

// TestRecipes holds the recipes and the settings of the peaks to a file that is committed. A changed
// fingerprint drops the caches of users and makes their outputs those of another recipe.
func TestRecipes(t *testing.T) {
	recipes := []map[string]string{
		{},
		{"geometry": "center"},
		{"geometry": "center", "resize": "300", "hflip": "0", "indexes": "wids,dali,wids"},
		{"geometry": "squash", "resize": "300", "label-offset": "+1", "encode": "jpeg:90:420"},
		{"encode": "jpeg:90:420:opt"},
		{"method": "saliencymix:0.4,mixup:0.2:alpha=0.4,resizemix:0.2", "pair": "different-class", "encode": "png"},
		{"method": "none", "scheme": "sal2sal"},
		{"method": "cutmix", "lambda": ".50", "border": "shift", "saliency-gray": "bt601"},
		{"method": "saliencymix", "scheme": "sal2rand", "border": "shift", "min-lambda": "0.1", "lambda-outside": "redraw"},
		{"detector": "uniform", "smoothing": "0.1", "label-form": "dense", "replicas": "2", "limit": "7", "crop-seed": "5"},
		{"detector": "peaks.csv", "saliency-gray": "bt601", "size": "192x256"},
		{"labels": "cats=list.csv", "label-key": "breed", "class-depth": "leaf", "class-order": "number", "accept": "one-class"},
		{"geometry": "pad:4:zero", "size": "32", "crop-seed": "2"},
		{"geometry": "pad:8:reflect", "size": "64", "resize": "none", "hflip": "0"},
		{"geometry": "center", "size": "32", "resize": "none", "hflip": "0.5"},
		{"encode": "gif", "lambda": "half", "name": "a_b", "split": "val"},
	}
	var list bytes.Buffer
	for _, values := range recipes {
		c := Default()
		set(t, &c, values)
		if c.Detector == "peaks.csv" {
			c.External = &peakfile.Info{Digest: "0123"}
			c.ClassList = []string{"cat", "dog"}
		}
		if values["labels"] != "" {
			c.LabelSums = []string{"dogs=sha256:45", "cats=sha256:0123"}
		}
		given, err := json.Marshal(values)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&list, "%s\n  recipe %s\n  peaks  %s\n  %s %s\n", given, c.RecipeJSON("webdataset"), c.PeaksSettings(), c.recipeFingerprint("tfds"), c.peaksFingerprint())
	}
	golden.Equal(t, "recipes.txt", list.Bytes())
}
